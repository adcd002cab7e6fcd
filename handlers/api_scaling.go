package handlers

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"berth/core"
	"berth/views/i18n"
	"berth/views/scaling"
)

// ScalingService is what is asked of core/service about scaling.
type ScalingService interface {
	Scaling(ctx context.Context, appID string) (core.ScalingView, error)
	StopScaling(ctx context.Context, appID string) (core.Release, core.Operation, error)
	SetScaling(ctx context.Context, appID string, scaling core.Scaling) (core.Release, core.Operation, error)
	DryRunScaling(ctx context.Context, appID string, scaling core.Scaling) (core.ScaleReplay, error)
}

// scalingRules are those of the scaling of apps.
var scalingRules = Rules{
	"GET /apps/:app/scaling":                 core.ActInspect,
	"GET /apps/:app/scaling/now":             core.ActInspect,
	"GET /apps/:app/scaling/cron":            core.ActView, // it tells nothing of the app
	"POST /apps/:app/scaling":                core.ActDeploy,
	"POST /apps/:app/scaling/try":            core.ActInspect,
	"GET /api/v1/apps/:app/scaling":          core.ActInspect,
	"PUT /api/v1/apps/:app/scaling":          core.ActDeploy,
	"DELETE /api/v1/apps/:app/scaling":       core.ActDeploy,
	"POST /api/v1/apps/:app/scaling/dry-run": core.ActInspect,
}

// scalingJSON is the scaling of an app and what is in force. Without rules, schedules and sleep min and max are the
// number that is set by hand.
type scalingJSON struct {
	Min       int                  `json:"min"`
	Max       int                  `json:"max"`
	Rules     []core.ScaleRule     `json:"rules"`
	Schedules []core.ScaleSchedule `json:"schedules,omitempty"`
	Up        core.Duration        `json:"cooldown_up,omitempty"`
	Down      core.Duration        `json:"cooldown_down,omitempty"`
	Idle      core.Duration        `json:"idle,omitempty"`

	On       bool      `json:"on"`
	Replicas int       `json:"replicas"` // in force
	Ready    int       `json:"ready"`
	Asleep   bool      `json:"asleep"`
	Schedule *int      `json:"schedule,omitempty"` // the one in force, by its place
	Wanted   int       `json:"wanted,omitempty"`   // what was asked for, whatever there is room for
	Rule     string    `json:"rule,omitempty"`     // the one that asked for the most
	Why      string    `json:"why,omitempty"`
	Limit    string    `json:"limit,omitempty"` // what keeps replicas from wanted
	Decided  time.Time `json:"decided,omitzero"`
}

func (h *Handlers) apiScaling(c echo.Context) error {
	v, err := h.Service.Scaling(c.Request().Context(), c.Param("app"))
	if err != nil {
		return err
	}
	words := i18n.From(c.Request().Context())
	out := scalingJSON{Min: v.Min, Max: v.Max, Rules: v.Rules, Schedules: v.Schedules, Up: v.Up, Down: v.Down, Idle: v.Idle,
		On: v.On(), Replicas: v.Replicas, Ready: v.Ready, Asleep: v.Asleep, Wanted: v.Status.Wanted, Rule: v.Status.Rule,
		Why: words.Text(v.Status.Why), Limit: words.Text(v.Status.Limit), Decided: v.Status.At}
	if !v.On() {
		out.Min, out.Max = v.Replicas, v.Replicas
	}
	if out.Rules == nil {
		out.Rules = []core.ScaleRule{}
	}
	if v.Schedule >= 0 {
		out.Schedule = &v.Schedule
	}
	return c.JSON(http.StatusOK, out)
}

// bindScaling reads a scaling. byHand is the number that it sets when it says nothing else: min alone, or min and max
// that are equal.
func bindScaling(c echo.Context) (s core.Scaling, byHand *int, err error) {
	var low, high *int
	if err := bind(c, fields{"min": &low, "max": &high, "rules": (*listOf[core.ScaleRule])(&s.Rules),
		"schedules": (*listOf[core.ScaleSchedule])(&s.Schedules), "cooldown_up": &s.Up, "cooldown_down": &s.Down, "idle": &s.Idle}); err != nil {
		return s, nil, err
	}
	if low == nil {
		return s, nil, core.Invalid("min", "error.field_missing")
	}
	if high == nil {
		high = low
	}
	if *high < *low {
		return s, nil, core.Invalid("max", "error.scaling_bounds")
	}
	if len(s.Rules)+len(s.Schedules) == 0 && s.Idle == 0 {
		if *low != *high {
			return s, nil, core.Invalid("rules", "error.scaling_rules")
		}
		return core.Scaling{}, low, nil
	}
	s.Min, s.Max = *low, *high
	if s.Max < 1 {
		return s, nil, core.Invalid("max", "error.number_range", "min", "1", "max", strconv.Itoa(core.MaxReplicas))
	}
	return s, nil, nil
}

// apiScale sets the scaling of an app, or the number of its instances by hand. That leaves rules alone.
func (h *Handlers) apiScale(c echo.Context) error {
	s, byHand, err := bindScaling(c)
	if err != nil {
		return err
	}
	ctx, app := c.Request().Context(), c.Param("app")
	if byHand == nil {
		r, op, err := h.Service.SetScaling(ctx, app, s)
		return answerReleased(c, r, op, asTheBodySays(err))
	}
	r, op, err := h.Service.Scale(ctx, app, *byHand)
	return answerReleased(c, r, op, asTheBodySays(err))
}

// asTheBodySays names the fields of a fault of a release as a body that is a scaling does.
func asTheBodySays(err error) error {
	e, ok := errors.AsType[*core.Error](err)
	if !ok || len(e.Fields) == 0 {
		return err
	}
	said := *e
	said.Fields = nil
	for _, x := range e.Fields {
		if x.Field == "replicas" {
			x.Field = "min"
		}
		said.Fields = append(said.Fields, core.FieldError{Field: strings.TrimPrefix(x.Field, "scaling."), Message: x.Message})
	}
	return &said
}

// apiStopScaling ends the scaling of an app; as many instances go on as are in force.
func (h *Handlers) apiStopScaling(c echo.Context) error {
	r, op, err := h.Service.StopScaling(c.Request().Context(), c.Param("app"))
	return answerReleased(c, r, op, err)
}

// replayJSON is what a scaling would have done.
type replayJSON struct {
	Text           string           `json:"text"` // all of it in a sentence
	From           time.Time        `json:"from"`
	To             time.Time        `json:"to"`
	Measured       bool             `json:"measured"`
	Acted          int              `json:"acted"`
	Most           int              `json:"most"`
	StoppedByQuota int              `json:"stopped_by_quota"`
	StoppedByHosts int              `json:"stopped_by_hosts"`
	Room           int              `json:"room"` // of instances now
	Points         []scalePointJSON `json:"points"`
}

type scalePointJSON struct {
	At       time.Time `json:"at"`
	Replicas int       `json:"replicas"`
	Wanted   int       `json:"wanted"`
}

// apiDryRunScaling says what a scaling would have done in the last seven days.
func (h *Handlers) apiDryRunScaling(c echo.Context) error {
	s, byHand, err := bindScaling(c)
	if err != nil {
		return err
	}
	if byHand != nil {
		return core.Invalid("rules", "error.scaling_rules")
	}
	ctx := c.Request().Context()
	r, err := h.Service.DryRunScaling(ctx, c.Param("app"), s)
	if err != nil {
		return err
	}
	out := replayJSON{From: r.From, To: r.To, Measured: r.Measured, Acted: r.Acted, Most: r.Most, StoppedByQuota: r.StoppedByQuota,
		StoppedByHosts: r.StoppedByHosts, Room: r.Room, Points: make([]scalePointJSON, len(r.Points)), Text: i18n.From(ctx).Text(scaling.Verdict(r))}
	for i, p := range r.Points {
		out.Points[i] = scalePointJSON(p)
	}
	return c.JSON(http.StatusOK, out)
}

package handlers

import (
	"net/http"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"berth/core"
	"berth/views/i18n"
)

type releaseJSON struct {
	Number    int                `json:"number"`
	Status    core.ReleaseStatus `json:"status"`
	Reason    string             `json:"reason,omitempty"`
	Author    string             `json:"author,omitempty"`
	Weights   map[string]int     `json:"weights"` // version label -> percent
	Replicas  int                `json:"replicas"`
	Memory    core.Bytes         `json:"memory"`
	CPU       core.MilliCPU      `json:"cpu"` // "0" is no limit
	Port      int                `json:"port"`
	Command   []string           `json:"command,omitempty"`
	Env       envJSON            `json:"env"`
	Bindings  []string           `json:"bindings,omitempty"`
	Health    core.HealthCheck   `json:"health"`
	Rules     *rulesJSON         `json:"rules,omitempty"`
	Strategy  *core.Strategy     `json:"strategy,omitempty"`
	Scaling   *core.Scaling      `json:"scaling,omitempty"`
	Served    int64              `json:"served"` // requests during the switch to it
	Failed    int64              `json:"failed"` // those of them that failed
	CreatedAt time.Time          `json:"created_at"`
	OnlineAt  time.Time          `json:"online_at,omitzero"`

	Changes []differenceJSON `json:"changes,omitempty"` // of one release: against the one before it, or the one asked for
}

func newReleaseJSON(words *i18n.Localizer, r core.Release) releaseJSON {
	s := r.Spec
	weights := make(map[string]int, len(s.Targets))
	for _, t := range s.Targets {
		weights[t.Label] = t.Weight
	}
	var strategy *core.Strategy
	if s.Strategy.Kind != core.StrategyAtOnce {
		strategy = &s.Strategy
	}
	var scaling *core.Scaling
	if s.Scaling.On() {
		scaling = &s.Scaling
	}
	return releaseJSON{Number: r.Number, Status: r.Status, Reason: words.Text(r.Reason), Author: r.Author, Weights: weights,
		Replicas: s.Replicas, Memory: s.Memory, CPU: s.CPU, Port: s.Port, Command: s.Command, Env: newEnvJSON(s.Env),
		Bindings: s.Bindings, Health: s.Health.WithDefaults(), Rules: newRulesJSON(s.Rules), Strategy: strategy, Scaling: scaling, Served: r.Served, Failed: r.Failed, CreatedAt: r.CreatedAt,
		OnlineAt: r.OnlineAt}
}

// released is a release on its way.
type released struct {
	Number    int    `json:"number"`
	Operation string `json:"operation"`
}

func answerReleased(c echo.Context, r core.Release, op core.Operation, err error) error {
	if err != nil {
		return err
	}
	return c.JSON(http.StatusAccepted, released{r.Number, op.ID})
}

func (h *Handlers) apiReleases(c echo.Context) error {
	values, err := query(c, "cursor", "limit")
	if err != nil {
		return err
	}
	n, err := limit(values, maxLimit)
	if err != nil {
		return err
	}
	before := 0
	if text := values.Get("cursor"); text != "" {
		if before, err = strconv.Atoi(text); err != nil || before < 1 {
			return core.Invalid("cursor", "error.cursor_malformed")
		}
	}
	ctx := c.Request().Context()
	releases, err := h.Service.Releases(ctx, c.Param("app"), before, n)
	if err != nil {
		return err
	}
	next := ""
	if len(releases) == n && releases[n-1].Number > 1 {
		next = strconv.Itoa(releases[n-1].Number)
	}
	words := i18n.From(ctx)
	return answerList(c, releases, next, func(r core.Release) releaseJSON { return newReleaseJSON(words, r) })
}

func (h *Handlers) apiRelease(c echo.Context) error {
	n, err := number(c.Param("release"))
	if err != nil {
		return err
	}
	values, err := query(c, "with")
	if err != nil {
		return err
	}
	with := 0
	if text := values.Get("with"); text != "" {
		if with, err = strconv.Atoi(text); err != nil || with < 1 {
			return core.Invalid("with", "error.release_number")
		}
	}
	ctx := c.Request().Context()
	r, err := h.Service.Compare(ctx, c.Param("app"), n, with)
	if err != nil {
		return err
	}
	words := i18n.From(ctx)
	out := newReleaseJSON(words, r.Release)
	out.Changes = newDifferencesJSON(words, r.Changes)
	return c.JSON(http.StatusOK, out)
}

// bindRelease reads what a request says of a release.
func bindRelease(c echo.Context) (in core.NewRelease, err error) {
	var env *envJSON
	var rules *rulesJSON
	err = bind(c, fields{"version": &in.Version, "weights": &in.Weights, "replicas": &in.Replicas,
		"memory": &in.Memory, "cpu": &in.CPU, "port": &in.Port, "command": &in.Command, "env": &env,
		"bindings": &in.Bindings, "health": &in.Health, "rules": &rules, "strategy": &in.Strategy, "scaling": &in.Scaling})
	if err == nil && in.Version != "" && in.Weights != nil {
		err = core.Invalid("weights", "error.version_or_weights")
	}
	in.Env = (*[]core.EnvVar)(env)
	rules.into(&in)
	return in, err
}

func (h *Handlers) apiCreateRelease(c echo.Context) error {
	in, err := bindRelease(c)
	if err != nil {
		return err
	}
	r, op, err := h.Service.Release(c.Request().Context(), c.Param("app"), in)
	return answerReleased(c, r, op, err)
}

func (h *Handlers) apiRollback(c echo.Context) error {
	var n int
	if err := bind(c, fields{"release": &n}); err != nil {
		return err
	}
	if n < 1 {
		return core.Invalid("release", "error.field_missing")
	}
	r, op, err := h.Service.Rollback(c.Request().Context(), c.Param("app"), n)
	return answerReleased(c, r, op, err)
}

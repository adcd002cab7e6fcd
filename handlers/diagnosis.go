package handlers

import (
	"context"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"berth/core"
	"berth/views/app"
	"berth/views/diagnosis"
	"berth/views/i18n"
	"berth/views/paths"
)

// DiagnosisService is what is asked of core/service about why an app does not answer.
type DiagnosisService interface {
	Diagnosis(ctx context.Context, appID string) (core.Diagnosis, error)
	Health(ctx context.Context, appID string) (map[string][]core.HealthAnswer, error) // by instance id, newest first
}

func (h *Handlers) diagnosisPages(g *echo.Group) { g.GET(paths.Why(":app"), h.whyPage) }

func (h *Handlers) diagnosisAPI(g *echo.Group) { g.GET("/apps/:app/diagnosis", h.apiDiagnosis) }

// diagnosisRules are for everybody who sees the app: the support staff too is asked why it does not answer.
var diagnosisRules = Rules{
	"GET /apps/:app/why":              core.ActView,
	"GET /api/v1/apps/:app/diagnosis": core.ActView,
}

func (h *Handlers) whyPage(c echo.Context) error {
	p, head, err := h.appPage(c, c.Param("app"), app.TabWhy)
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	d, err := h.Service.Diagnosis(ctx, head.App.ID)
	if err != nil {
		return err
	}
	instances, err := h.Service.Instances(ctx, head.App.ID)
	if err != nil {
		return err
	}
	answers, err := h.Service.Health(ctx, head.App.ID)
	if err != nil {
		return err
	}
	page := diagnosis.Page{Page: p, Head: head, Diagnosis: d, Instances: instances, Answers: answers, CanLogs: actor(ctx).Can(core.ActLogs, head.App.TenantID),
		CanMembers: actor(ctx).Can(core.ActMembers, head.App.TenantID), CanOperate: actor(ctx).Can(core.ActOperate, "")}
	return render(c, http.StatusOK, diagnosis.WhyPage(page))
}

type diagnosisJSON struct {
	App       string              `json:"app"`
	CheckedAt time.Time           `json:"checked_at"`
	State     core.StepState      `json:"state"`
	Headline  string              `json:"headline"`
	Because   string              `json:"because,omitempty"`
	Next      string              `json:"next,omitempty"`
	Link      string              `json:"link,omitempty"` // of the page of the portal that mends it
	Steps     []diagnosisStepJSON `json:"steps"`
}

type diagnosisStepJSON struct {
	Name    core.DiagnosisName `json:"name"`
	State   core.StepState     `json:"state"`
	Text    string             `json:"text"`
	Details []string           `json:"details,omitempty"`
	Next    string             `json:"next,omitempty"`
	Link    string             `json:"link,omitempty"`
	Lines   []string           `json:"lines,omitempty"`
	At      time.Time          `json:"at,omitzero"`
}

func (h *Handlers) apiDiagnosis(c echo.Context) error {
	ctx := c.Request().Context()
	a, err := h.Service.App(ctx, c.Param("app"))
	if err != nil {
		return err
	}
	d, err := h.Service.Diagnosis(ctx, a.ID)
	if err != nil {
		return err
	}
	words := i18n.From(ctx)
	link := func(m core.Mend) string {
		path, _ := diagnosis.Place(a, m)
		if path == "" {
			return ""
		}
		return h.PortalURL + path
	}
	out := diagnosisJSON{App: a.ID, CheckedAt: d.CheckedAt, State: d.State, Headline: words.Text(d.Headline), Because: words.Text(d.Because),
		Next: words.Text(d.Next), Link: link(d.Mend), Steps: make([]diagnosisStepJSON, len(d.Steps))}
	for i, s := range d.Steps {
		out.Steps[i] = diagnosisStepJSON{Name: s.Name, State: s.State, Text: words.Text(s.Text), Next: words.Text(s.Next), Link: link(s.Mend), Lines: s.Lines, At: s.At}
		for _, t := range s.Details {
			out.Steps[i].Details = append(out.Steps[i].Details, words.Text(t))
		}
	}
	return c.JSON(http.StatusOK, out)
}

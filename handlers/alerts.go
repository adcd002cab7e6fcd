package handlers

import (
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"berth/core"
	"berth/views/alert"
	"berth/views/i18n"
	"berth/views/layout"
	"berth/views/paths"
	"berth/views/ui"
)

// alertsShown is how many alerts a page of the history shows.
const alertsShown = 20

func (h *Handlers) alertsPage(c echo.Context) error {
	return h.renderAlerts(c, http.StatusOK, alert.Page{Tested: c.QueryParam("tested")})
}

func (h *Handlers) renderAlerts(c echo.Context, status int, m alert.Page) error {
	ctx := c.Request().Context()
	p, err := h.tenantPage(c)
	if err != nil {
		return err
	}
	p.Title, p.Section, p.Path = i18n.T(ctx, "nav.alerts"), layout.SectionAlerts, paths.Alerts(p.Tenant.ID)
	m.Page, m.Mail = p, h.Service.MailEnabled()
	if m.Channels, err = h.Service.AlertChannels(ctx, p.Tenant.ID); err != nil {
		return err
	}
	if m.Rules, err = h.Service.AlertRules(ctx, p.Tenant.ID); err != nil {
		return err
	}
	if m.Silences, err = h.Service.AlertSilences(ctx, p.Tenant.ID); err != nil {
		return err
	}
	if m.Apps, _, err = h.Service.Apps(ctx, core.AppFilter{TenantID: p.Tenant.ID, Limit: maxLimit}); err != nil {
		return err
	}
	m.Now = time.Now()
	if err := h.readAlerts(c, &m); err != nil {
		return err
	}
	return render(c, status, alert.AlertsPage(m))
}

// readAlerts reads what fires, what is about to, and a page of what was.
func (h *Handlers) readAlerts(c echo.Context, m *alert.Page) error {
	ctx, f := c.Request().Context(), core.AlertFilter{TenantID: m.Page.Tenant.ID, Limit: maxLimit}
	for _, state := range []core.AlertState{core.AlertFiring, core.AlertPending} {
		f.State = state
		list, _, err := h.Service.Alerts(ctx, f)
		if err != nil {
			return err
		}
		m.Open = append(m.Open, list...)
	}
	f.State, f.Limit, f.Cursor = core.AlertResolved, alertsShown, c.QueryParam("before")
	history, next, err := h.Service.Alerts(ctx, f)
	if m.History = history; next != "" {
		m.Older = paths.AlertsBefore(m.Page.Tenant.ID, next) + "#history"
	}
	return err
}

// answerAlerts leads back to a part of the page, or shows a form again with what is wrong with it.
func (h *Handlers) answerAlerts(c echo.Context, part string, m alert.Page, typed ui.Form, err error) error {
	if err == nil {
		return redirect(c, paths.Alerts(c.FormValue("tenant"))+"#"+part)
	}
	form, ok := failed(typed, err)
	if !ok || typed.Values["of"] == "" {
		return err
	}
	m.Form = form
	return h.renderAlerts(c, http.StatusUnprocessableEntity, m)
}

func (h *Handlers) silenceAlerts(c echo.Context) error {
	s := core.AlertSilence{TenantID: c.FormValue("tenant"), AppID: c.FormValue("app"), RuleID: c.FormValue("rule"), Reason: c.FormValue("reason")}
	if lasts, err := readDuration(c.FormValue("lasts")); err == nil {
		s.Until = time.Now().Add(time.Duration(lasts))
	}
	_, err := h.Service.SilenceAlerts(c.Request().Context(), s)
	return h.answerAlerts(c, "silences", alert.Page{}, typedForm(c, alert.NewSilence, "app", "rule", "lasts", "reason"), err)
}

func (h *Handlers) endSilence(c echo.Context) error {
	err := h.Service.EndSilence(c.Request().Context(), c.FormValue("tenant"), c.Param("silence"))
	return h.answerAlerts(c, "silences", alert.Page{}, ui.NewForm(), err)
}

// typedForm is what was typed into the form of a name.
func typedForm(c echo.Context, of string, names ...string) ui.Form {
	f := ui.NewForm("of", of)
	for _, name := range names {
		f.Values[name] = c.FormValue(name)
	}
	return f
}

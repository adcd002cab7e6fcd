package handlers

import (
	"strings"

	"github.com/labstack/echo/v4"

	"berth/core"
	"berth/views/alert"
	"berth/views/paths"
	"berth/views/ui"
)

func (h *Handlers) addAlertRule(c echo.Context) error {
	r, err := ruleInput(c)
	if err == nil {
		_, err = h.Service.AddAlertRule(c.Request().Context(), r)
	}
	return h.answerRule(c, alert.NewRule, r, err)
}

func (h *Handlers) changeAlertRule(c echo.Context) error {
	r, err := ruleInput(c)
	if r.ID = c.Param("rule"); err == nil {
		_, err = h.Service.ChangeAlertRule(c.Request().Context(), r)
	}
	return h.answerRule(c, r.ID, r, err)
}

func (h *Handlers) answerRule(c echo.Context, of string, r core.AlertRule, err error) error {
	typed := typedForm(c, of, "kind", "app", "metric", "bound", "threshold", "query", "window", "for", "repeat", "severity")
	return h.answerAlerts(c, "rules", alert.Page{Chosen: r.Channels}, typed, err)
}

func (h *Handlers) switchAlertRule(c echo.Context) error {
	err := h.Service.SwitchAlertRule(c.Request().Context(), c.FormValue("tenant"), c.Param("rule"), c.FormValue("off") == "on")
	return h.answerAlerts(c, "rules", alert.Page{}, ui.NewForm(), err)
}

func (h *Handlers) deleteAlertRule(c echo.Context) error {
	err := h.Service.DeleteAlertRule(c.Request().Context(), c.FormValue("tenant"), c.Param("rule"))
	return h.answerAlerts(c, "rules", alert.Page{}, ui.NewForm(), err)
}

// ruleInput reads the form of a rule. What its kind does not look at is left out, as its form does not show it.
func ruleInput(c echo.Context) (core.AlertRule, error) {
	r := core.AlertRule{TenantID: c.FormValue("tenant"), Kind: core.AlertKind(c.FormValue("kind")), Metric: core.Metric(c.FormValue("metric")),
		Below: c.FormValue("bound") == "below", AppID: c.FormValue("app"), Query: strings.TrimSpace(c.FormValue("query")),
		Severity: core.AlertSeverity(c.FormValue("severity")), Channels: c.Request().Form["channel"], Off: c.FormValue("off") == "on"}
	if r.Kind == core.AlertQuota {
		r.AppID = ""
	}
	var f core.Faults
	r.For, r.Repeat = formDuration(c, &f, "for"), formDuration(c, &f, "repeat")
	if r.Kind == core.AlertMetric || r.Kind == core.AlertLogs {
		r.Window = formDuration(c, &f, "window")
	}
	if r.Kind != core.AlertHealth {
		threshold, err := core.ParseThreshold(r.Kind, r.Metric, c.FormValue("threshold"))
		f.Merge("", err)
		r.Threshold = threshold
	}
	return r, f.Err()
}

func (h *Handlers) addAlertChannel(c echo.Context) error {
	ch := core.AlertChannel{TenantID: c.FormValue("tenant"), Name: strings.TrimSpace(c.FormValue("name")), Kind: core.ChannelKind(c.FormValue("kind")),
		Language: c.FormValue("language")}
	_, err := h.Service.AddAlertChannel(c.Request().Context(), ch, targetInput(c, ch.Kind))
	return h.answerChannel(c, alert.NewChannel, err)
}

func (h *Handlers) changeAlertChannel(c echo.Context) error {
	ch := core.AlertChannel{TenantID: c.FormValue("tenant"), ID: c.Param("channel"), Name: strings.TrimSpace(c.FormValue("name")), Language: c.FormValue("language")}
	_, err := h.Service.ChangeAlertChannel(c.Request().Context(), ch, givenTarget(targetInput(c, "")))
	return h.answerChannel(c, ch.ID, err)
}

// answerChannel gives nothing back of where a channel leads: it may hold a token.
func (h *Handlers) answerChannel(c echo.Context, of string, err error) error {
	return h.answerAlerts(c, "channels", alert.Page{}, typedForm(c, of, "name", "kind", "language", "to"), err)
}

// targetInput reads where a channel leads, of what its kind needs; kind "" takes all that was said.
func targetInput(c echo.Context, kind core.ChannelKind) (t core.AlertTarget) {
	if kind == core.ChannelEmail || kind == "" {
		t.To = strings.Fields(strings.ReplaceAll(c.FormValue("to"), ",", " "))
	}
	if kind != core.ChannelEmail {
		t.URL = strings.TrimSpace(c.FormValue("url"))
	}
	if kind.Signed() || kind == "" {
		t.Secret = c.FormValue("secret")
	}
	return t
}

// tryAlertChannel says on the page how the test ended.
func (h *Handlers) tryAlertChannel(c echo.Context) error {
	tenant := c.FormValue("tenant")
	_, err := h.Service.TryAlertChannel(c.Request().Context(), tenant, c.Param("channel"))
	if err != nil && core.ErrorCode(err) != core.EUNREACHABLE {
		return err
	}
	return redirect(c, paths.AlertsTested(tenant, c.Param("channel")))
}

func (h *Handlers) deleteAlertChannel(c echo.Context) error {
	err := h.Service.DeleteAlertChannel(c.Request().Context(), c.FormValue("tenant"), c.Param("channel"))
	return h.answerAlerts(c, "channels", alert.Page{}, ui.NewForm(), err)
}

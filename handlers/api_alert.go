package handlers

import (
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"berth/core"
	"berth/views/i18n"
)

type alertJSON struct {
	ID         string             `json:"id"`
	Rule       string             `json:"rule"`
	App        string             `json:"app,omitempty"`     // left out: about the tenant
	Subject    string             `json:"subject,omitempty"` // a domain, a resource
	State      core.AlertState    `json:"state"`
	Severity   core.AlertSeverity `json:"severity"`
	Text       string             `json:"text"`
	Value      string             `json:"value,omitempty"`
	Cause      string             `json:"cause,omitempty"`
	BeganAt    time.Time          `json:"began_at"`
	FiredAt    time.Time          `json:"fired_at,omitzero"`
	ResolvedAt time.Time          `json:"resolved_at,omitzero"`
	NotifiedAt time.Time          `json:"notified_at,omitzero"`
}

func (h *Handlers) apiAlerts(c echo.Context) error {
	values, err := query(c, "app", "state", "cursor", "limit")
	if err != nil {
		return err
	}
	n, err := limit(values, 50)
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	alerts, next, err := h.Service.Alerts(ctx, core.AlertFilter{TenantID: c.Param("tenant"), AppID: values.Get("app"),
		State: core.AlertState(values.Get("state")), Cursor: values.Get("cursor"), Limit: n})
	if err != nil {
		return err
	}
	return answerList(c, alerts, next, func(a core.Alert) alertJSON {
		j := alertJSON{ID: a.ID, Rule: a.RuleID, App: a.AppID, Subject: a.Subject, State: a.State, Severity: a.Severity, Text: i18n.Text(ctx, a.Rule),
			Value: a.Value, BeganAt: a.BeganAt, FiredAt: a.FiredAt, ResolvedAt: a.ResolvedAt, NotifiedAt: a.NotifiedAt}
		if !a.Cause.IsZero() {
			j.Cause = i18n.Text(ctx, a.Cause)
		}
		return j
	})
}

type alertRuleJSON struct {
	ID        string             `json:"id"`
	Default   bool               `json:"default"`
	Text      string             `json:"text"`
	App       string             `json:"app,omitempty"` // left out: all
	Kind      core.AlertKind     `json:"kind"`
	Metric    core.Metric        `json:"metric,omitempty"`
	Below     bool               `json:"below,omitempty"`
	Threshold float64            `json:"threshold,omitempty"`
	Query     string             `json:"query,omitempty"`
	Window    core.Duration      `json:"window,omitempty"`
	For       core.Duration      `json:"for"`
	Repeat    core.Duration      `json:"repeat,omitempty"` // left out: told once
	Severity  core.AlertSeverity `json:"severity"`
	Channels  []string           `json:"channels,omitempty"` // left out: all
	Off       bool               `json:"off,omitempty"`
	Author    string             `json:"author,omitempty"`
	CreatedAt time.Time          `json:"created_at,omitzero"`
}

func ruleJSON(c echo.Context) func(r core.AlertRule) alertRuleJSON {
	return func(r core.AlertRule) alertRuleJSON {
		return alertRuleJSON{ID: r.ID, Default: r.Default(), Text: i18n.Text(c.Request().Context(), r.Text()), App: r.AppID, Kind: r.Kind, Metric: r.Metric,
			Below: r.Below, Threshold: r.Threshold, Query: r.Query, Window: r.Window, For: r.For, Repeat: r.Repeat, Severity: r.Severity,
			Channels: r.Channels, Off: r.Off, Author: r.Author, CreatedAt: r.CreatedAt}
	}
}

func (h *Handlers) apiAlertRules(c echo.Context) error {
	if _, err := query(c); err != nil {
		return err
	}
	rules, err := h.Service.AlertRules(c.Request().Context(), c.Param("tenant"))
	if err != nil {
		return err
	}
	return answerList(c, rules, "", ruleJSON(c))
}

func (h *Handlers) apiAddAlertRule(c echo.Context) error {
	r, err := ruleBody(c)
	if err != nil {
		return err
	}
	if r, err = h.Service.AddAlertRule(c.Request().Context(), r); err != nil {
		return err
	}
	return c.JSON(http.StatusCreated, ruleJSON(c)(r))
}

func (h *Handlers) apiChangeAlertRule(c echo.Context) error {
	r, err := ruleBody(c)
	if err != nil {
		return err
	}
	r.ID = c.Param("rule")
	if r, err = h.Service.ChangeAlertRule(c.Request().Context(), r); err != nil {
		return err
	}
	return c.JSON(http.StatusOK, ruleJSON(c)(r))
}

func (h *Handlers) apiDeleteAlertRule(c echo.Context) error {
	return answerNothing(c, h.Service.DeleteAlertRule(c.Request().Context(), c.Param("tenant"), c.Param("rule")))
}

// newAlertRule is what is left out of a rule.
func newAlertRule(tenantID string) core.AlertRule {
	return core.AlertRule{TenantID: tenantID, Window: core.Duration(5 * time.Minute), For: core.Duration(2 * time.Minute), Severity: core.AlertWarning}
}

func ruleBody(c echo.Context) (core.AlertRule, error) {
	r := newAlertRule(c.Param("tenant"))
	err := bind(c, fields{"app": &r.AppID, "kind": &r.Kind, "metric": &r.Metric, "below": &r.Below, "threshold": &r.Threshold, "query": &r.Query,
		"window": &r.Window, "for": &r.For, "repeat": &r.Repeat, "severity": &r.Severity, "channels": &r.Channels, "off": &r.Off})
	return r, err
}

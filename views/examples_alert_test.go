package views_test

import (
	"math"
	"time"

	"github.com/a-h/templ"

	"berth/core"
	"berth/views/alert"
	"berth/views/layout"
)

func alertRules() []core.AlertRule {
	rules := core.DefaultAlertRules(tenant.ID)
	for _, m := range core.AlertMetrics[:4] {
		r := core.AlertRule{ID: string(m), TenantID: tenant.ID, Kind: core.AlertMetric, Metric: m, Threshold: 5, Window: core.Duration(5 * time.Minute),
			For: core.Duration(90 * time.Second), Severity: core.AlertWarning, CreatedAt: now, Author: "Mia Chen", Below: m == core.MetricReady, Off: m == core.MetricErrors}
		rules = append(rules, r)
	}
	rules[5].AppID, rules[5].Channels = "tea-shop", []string{"chat"}
	return append(rules, core.AlertRule{ID: "logs", TenantID: tenant.ID, Kind: core.AlertLogs, Query: "panic: <b>", Threshold: 3, Window: core.Duration(time.Minute),
		For: core.Duration(15 * time.Second), Severity: core.AlertCritical, CreatedAt: now})
}

func alertPage() alert.Page {
	m := alert.Page{Page: page(layout.SectionAlerts, "Alerts"), Rules: alertRules(), Mail: true, Now: now,
		Apps: []core.AppSummary{{App: shop}}}
	text := func(i int) core.Text { return m.Rules[i].Text() }
	m.Open = []core.Alert{
		{ID: "1", TenantID: tenant.ID, RuleID: "default-health", AppID: "tea-shop", State: core.AlertFiring, Severity: core.AlertCritical, Rule: text(0),
			Cause: core.T("reason.exit_code", "code", "1"), BeganAt: now.Add(-7 * time.Minute)},
		{ID: "2", TenantID: tenant.ID, RuleID: "default-quota", Subject: "memory", State: core.AlertFiring, Severity: core.AlertWarning, Rule: text(4), Value: "94%",
			BeganAt: now.Add(-26 * time.Hour)},
		{ID: "3", TenantID: tenant.ID, RuleID: "default-errors", AppID: "tea-shop", State: core.AlertPending, Severity: core.AlertCritical, Rule: text(1), Value: "7.2%",
			BeganAt: now.Add(-time.Minute)},
	}
	m.History = []core.Alert{{ID: "0", TenantID: tenant.ID, RuleID: "default-certificate", AppID: "tea-shop", Subject: "www.northwind-tea.example", State: core.AlertResolved,
		Severity: core.AlertWarning, Rule: text(3), Value: "2026-12-01", BeganAt: now.Add(-50 * time.Hour), ResolvedAt: now.Add(-49 * time.Hour)}}
	m.Channels = []core.AlertChannel{
		{ID: "mail", TenantID: tenant.ID, Name: "On call", Kind: core.ChannelEmail, Language: "en", Shows: "oncall@northwind-tea.example", UsedAt: now},
		{ID: "chat", TenantID: tenant.ID, Name: "Chat", Kind: core.ChannelDingTalk, Language: "zh-Hans", Shows: "https://oapi.dingtalk.com/…", UsedAt: now.Add(-time.Hour),
			Fault: core.T("error.channel_said", "said", "310000 sign not match")},
		{ID: "hook", TenantID: tenant.ID, Name: "Pager", Kind: core.ChannelWebhook, Language: "en", Shows: "https://hooks.example.com/…"},
	}
	m.Silences = []core.AlertSilence{{ID: "s", TenantID: tenant.ID, RuleID: "default-quota", Until: now.Add(3 * time.Hour), Reason: "More was asked for", Author: "Mia Chen"}}
	m.Older = "/alerts?before=0"
	return m
}

// alertExamples are the page of alerts: full, in the beginning, for somebody who may only look, and with each form wrong.
func alertExamples() map[string]templ.Component {
	full := alertPage()
	full.Tested = "chat"
	empty := alert.Page{Page: full.Page, Rules: core.DefaultAlertRules(tenant.ID), Now: now}
	viewer := alertPage()
	viewer.Page.Actor = core.Actor{Kind: core.ActorUser, Roles: map[string]core.Role{tenant.ID: core.RoleViewer}}
	all := map[string]templ.Component{"alerts": alert.AlertsPage(full), "alerts-none": alert.AlertsPage(empty), "alerts-viewer": alert.AlertsPage(viewer)}
	for name, err := range map[string]error{
		"rule":    core.AlertRule{Kind: "x", Threshold: math.NaN()}.Validate(),
		"channel": core.AlertTarget{URL: "http://169.254.169.254/", Secret: "x"}.Validate(core.ChannelWebhook, nil),
		"silence": core.AlertSilence{}.Validate(now),
	} {
		m := alertPage()
		m.Form.Values = map[string]string{"of": "new-" + name, "kind": "metric"}
		if m.Form = m.Form.Fail(err); name == "channel" {
			m.Form.Values["kind"] = "webhook"
		}
		m.Chosen = []string{"chat"}
		all["alerts-wrong-"+name] = alert.AlertsPage(m)
	}
	return all
}

package storetest

import (
	"slices"
	"time"

	"berth/core"
)

func (w *world) newAlertRule(appID string) core.AlertRule {
	w.Helper()
	r := core.AlertRule{ID: core.NewID(), TenantID: w.tenant.ID, AppID: appID, Kind: core.AlertLogs, Metric: core.MetricCPU, Below: true,
		Threshold: 0.125, Query: "it's 100% \"broken\"", Window: core.Duration(time.Minute), For: core.Duration(time.Hour),
		Repeat: core.Duration(time.Second), Severity: core.AlertWarning, Channels: []string{"a", "b"}, Author: "Alice", CreatedAt: time.Now()}
	w.ok(w.Alerts().PutRule(w.alice, r))
	return r
}

func testAlertRules(w *world) {
	all, own := w.newAlertRule(""), w.newAlertRule(w.app.ID)
	check(w, []core.AlertRule{all, own})(w.Alerts().Rules(w.alice, w.tenant.ID))
	empty(w)(w.Alerts().Rules(w.bob, ""))
	empty(w)(w.Alerts().Rules(w.bob, w.tenant.ID))
	own.Off, own.Below, own.Channels, own.Threshold = true, false, nil, 3
	w.ok(w.Alerts().PutRule(w.alice, own))
	check(w, []core.AlertRule{all, own})(w.Alerts().Rules(w.system, w.tenant.ID))

	foreign := own
	foreign.TenantID = w.other.ID // one's own tenant and another's app
	w.fails(w.Alerts().PutRule(w.bob, foreign), core.ENOTFOUND)
	w.fails(w.Alerts().PutRule(w.bob, own), core.ENOTFOUND)
	w.fails(w.Alerts().DeleteRule(w.bob, w.tenant.ID, own.ID), core.ENOTFOUND)
	w.ok(w.Alerts().DeleteRule(w.alice, w.tenant.ID, all.ID))
	w.fails(w.Alerts().DeleteRule(w.alice, w.tenant.ID, all.ID), core.ENOTFOUND)
	w.ok(w.Apps().Delete(w.system, w.app.ID))
	empty(w)(w.Alerts().Rules(w.system, w.tenant.ID))
}

func testAlertChannels(w *world) {
	target := core.AlertTarget{URL: "https://hooks.example.com/token", Secret: "0123456789abcdef"}
	c := core.AlertChannel{ID: core.NewID(), TenantID: w.tenant.ID, Name: "On call", Kind: core.ChannelWebhook, Language: "zh-Hans", Author: "Alice", CreatedAt: time.Now()}
	w.ok(w.Alerts().PutChannel(w.alice, c, &target))
	c.Shows = "https://hooks.example.com/…"
	check(w, []core.AlertChannel{c})(w.Alerts().Channels(w.alice, w.tenant.ID))
	check(w, target)(w.Alerts().Target(w.system, w.tenant.ID, c.ID))
	w.fails(w.Alerts().PutChannel(w.bob, c, &target), core.ENOTFOUND)
	empty(w)(w.Alerts().Channels(w.bob, w.tenant.ID))

	c.Name = "Night shift"
	w.ok(w.Alerts().PutChannel(w.alice, c, nil))
	c.Fault, c.UsedAt = core.T("error.channel_answer", "status", "404"), time.Now()
	w.ok(w.Alerts().SetChannelFault(w.system, w.tenant.ID, c.ID, c.Fault, c.UsedAt))
	check(w, []core.AlertChannel{c})(w.Alerts().Channels(w.alice, ""))
	check(w, target)(w.Alerts().Target(w.system, w.tenant.ID, c.ID))
	target = core.AlertTarget{To: []string{"a@example.com"}}
	c.Kind, c.Fault, c.UsedAt = core.ChannelEmail, core.Text{}, time.Time{}
	w.ok(w.Alerts().PutChannel(w.alice, c, &target))
	check(w, target)(w.Alerts().Target(w.system, w.tenant.ID, c.ID))

	w.ok(w.Alerts().AddNotice(w.system, core.AlertNotice{ID: core.NewID(), TenantID: w.tenant.ID, ChannelID: c.ID, NextTry: time.Now()}))
	w.fails(w.Alerts().DeleteChannel(w.bob, w.tenant.ID, c.ID), core.ENOTFOUND)
	w.ok(w.Alerts().DeleteChannel(w.alice, w.tenant.ID, c.ID))
	w.fails(w.Alerts().DeleteChannel(w.alice, w.tenant.ID, c.ID), core.ENOTFOUND)
	empty(w)(w.notices())
}

// notices are those of the tenant: others share the database.
func (w *world) notices() ([]core.AlertNotice, error) {
	all, err := w.Alerts().Notices(w.system, time.Now().Add(time.Hour))
	return slices.DeleteFunc(all, func(n core.AlertNotice) bool { return n.TenantID != w.tenant.ID }), err
}

func testAlertSilences(w *world) {
	s := core.AlertSilence{ID: core.NewID(), TenantID: w.tenant.ID, AppID: w.app.ID, RuleID: "default-health", Until: time.Now().Add(time.Hour),
		Reason: "moving", Author: "Alice", CreatedAt: time.Now()}
	w.ok(w.Alerts().CreateSilence(w.alice, s))
	check(w, []core.AlertSilence{s})(w.Alerts().Silences(w.alice, w.tenant.ID))
	empty(w)(w.Alerts().Silences(w.bob, ""))
	s.ID = core.NewID()
	w.fails(w.Alerts().CreateSilence(w.bob, s), core.ENOTFOUND)
	all, err := w.Alerts().Silences(w.system, w.tenant.ID)
	w.ok(err)
	w.fails(w.Alerts().DeleteSilence(w.bob, w.tenant.ID, all[0].ID), core.ENOTFOUND)
	w.ok(w.Alerts().DeleteSilence(w.alice, w.tenant.ID, all[0].ID))
	w.fails(w.Alerts().DeleteSilence(w.alice, w.tenant.ID, all[0].ID), core.ENOTFOUND)
}

func testAlerts(w *world) {
	a := core.Alert{ID: core.NewID(), TenantID: w.tenant.ID, RuleID: "default-health", AppID: w.app.ID, Subject: "x", State: core.AlertPending,
		Severity: core.AlertCritical, Rule: core.T("alert.rule_health", "for", "1m"), Value: "3", Cause: core.T("reason.oom"),
		BeganAt: time.Now(), SeenAt: time.Now(), Held: time.Second, Clear: time.Minute}
	w.ok(w.Alerts().Put(w.system, a))
	empty(w)(alertsPage(w.Alerts().List(w.alice, core.AlertFilter{TenantID: w.tenant.ID})))
	a.State, a.FiredAt, a.NotifiedAt = core.AlertFiring, time.Now(), time.Now()
	w.ok(w.Alerts().Put(w.system, a))
	check(w, []core.Alert{a})(alertsPage(w.Alerts().List(w.alice, core.AlertFilter{AppID: w.app.ID})))
	empty(w)(alertsPage(w.Alerts().List(w.bob, core.AlertFilter{})))
	open, err := w.Alerts().Open(w.system)
	w.ok(err)
	if !slices.ContainsFunc(open, func(o core.Alert) bool { return o.ID == a.ID }) {
		w.Error("a firing alert is not open")
	}

	second := core.Alert{ID: core.NewID(), TenantID: w.tenant.ID, RuleID: "default-quota", Subject: "memory", State: core.AlertFiring}
	w.ok(w.Alerts().Put(w.system, second))
	page, next, err := w.Alerts().List(w.alice, core.AlertFilter{TenantID: w.tenant.ID, Limit: 1})
	w.ok(err)
	same(w, page, []core.Alert{second})
	check(w, []core.Alert{second})(alertsPage(w.Alerts().List(w.alice, core.AlertFilter{TenantID: w.tenant.ID, OfTenant: true})))
	check(w, []core.Alert{a})(alertsPage(w.Alerts().List(w.alice, core.AlertFilter{TenantID: w.tenant.ID, Cursor: next})))

	second.State, second.ResolvedAt = core.AlertResolved, time.Now().Add(-100*24*time.Hour)
	w.ok(w.Alerts().Put(w.system, second))
	check(w, []core.Alert{second})(alertsPage(w.Alerts().List(w.alice, core.AlertFilter{TenantID: w.tenant.ID, State: core.AlertResolved})))
	_, err = w.Alerts().Prune(w.system, time.Now().Add(-90*24*time.Hour), 1000)
	w.ok(err)
	check(w, []core.Alert{a})(alertsPage(w.Alerts().List(w.alice, core.AlertFilter{TenantID: w.tenant.ID})))
	w.ok(w.Alerts().Delete(w.system, a.ID))
	empty(w)(alertsPage(w.Alerts().List(w.alice, core.AlertFilter{TenantID: w.tenant.ID})))
}

func alertsPage(all []core.Alert, _ string, err error) ([]core.Alert, error) { return all, err }

func testAlertNotices(w *world) {
	now := time.Now()
	n := core.AlertNotice{ID: core.NewID(), TenantID: w.tenant.ID, ChannelID: core.AdminsChannel, AppName: "Tea shop", CreatedAt: now, NextTry: now,
		Alert: core.Alert{ID: core.NewID(), TenantID: w.tenant.ID, AppID: w.app.ID, State: core.AlertFiring, Rule: core.T("alert.rule_health")}}
	w.ok(w.Alerts().AddNotice(w.system, n))
	w.fails(w.Alerts().AddNotice(w.bob, n), core.ENOTFOUND)
	check(w, []core.AlertNotice{n})(w.notices())
	w.ok(w.Alerts().DelayNotices(w.system, []string{n.ID}, now.Add(2*time.Hour)))
	empty(w)(w.notices())
	w.ok(w.Alerts().DelayNotices(w.system, []string{n.ID}, now))
	n.Tries = 2
	check(w, []core.AlertNotice{n})(w.notices())
	w.ok(w.Alerts().RemoveNotices(w.system, []string{n.ID}))
	empty(w)(w.notices())
}

// testAlertLead: one worker looks at the rules, until it has not said so for a while.
func testAlertLead(w *world) {
	now := time.Now()
	lead := func(owner string, at time.Time, want bool) {
		w.Helper()
		check(w, want)(w.Alerts().Lead(w.system, owner, at, at.Add(time.Minute)))
	}
	lead("one", now, true)
	lead("two", now.Add(30*time.Second), false)
	lead("one", now.Add(30*time.Second), true)
	lead("two", now.Add(61*time.Second), false)
	lead("two", now.Add(91*time.Second), true)
	lead("one", now.Add(92*time.Second), false)
}

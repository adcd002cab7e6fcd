package service

import (
	"context"
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"berth/core"
)

const minute = core.Duration(time.Minute)

// alertWorld is a tenant with a member of each role, an app and a channel.
func alertWorld(t *testing.T) (w *world, admin context.Context, tenant string, channel core.AlertChannel) {
	t.Helper()
	w = newWorld(t)
	admin = w.operator()
	made, err := w.CreateTenant(admin, "Tea", "")
	w.must(err)
	channel, err = w.AddAlertChannel(admin, core.AlertChannel{TenantID: made.ID, Name: "Hook", Kind: core.ChannelWebhook},
		core.AlertTarget{URL: "https://hooks.example.com/t0ken", Secret: "a secret of sixteen"})
	w.must(err)
	return w, admin, made.ID, channel
}

func latencyRule(tenant string) core.AlertRule {
	return core.AlertRule{TenantID: tenant, Kind: core.AlertMetric, Metric: core.MetricLatency, Threshold: 0.5, Window: minute, For: minute, Severity: core.AlertWarning}
}

// TestBadRules: what makes no sense is refused at its field, all of it at once, and nothing is changed.
func TestBadRules(t *testing.T) {
	w, admin, tenant, channel := alertWorld(t)
	_, err := w.AddAlertRule(admin, latencyRule(tenant))
	w.must(err)
	for name, c := range map[string]struct {
		change func(*core.AlertRule)
		fields string
	}{
		"threshold 0":        {func(r *core.AlertRule) { r.Threshold = 0 }, "threshold"},
		"negative":           {func(r *core.AlertRule) { r.Threshold = -1 }, "threshold"},
		"not a number":       {func(r *core.AlertRule) { r.Threshold = math.NaN() }, "threshold"},
		"infinite":           {func(r *core.AlertRule) { r.Threshold = math.Inf(1) }, "threshold"},
		"more than all":      {func(r *core.AlertRule) { r.Metric, r.Threshold = core.MetricErrorShare, 101 }, "threshold"},
		"above all":          {func(r *core.AlertRule) { r.Metric, r.Threshold = core.MetricMemoryShare, 100 }, "threshold"},
		"unknown metric":     {func(r *core.AlertRule) { r.Metric = "weather" }, "metric"},
		"of a host":          {func(r *core.AlertRule) { r.Metric = core.MetricHostCPU }, "metric"},
		"unknown kind":       {func(r *core.AlertRule) { r.Kind = "mood" }, "kind"},
		"unknown severity":   {func(r *core.AlertRule) { r.Severity = "mild" }, "severity"},
		"unknown app":        {func(r *core.AlertRule) { r.AppID = "no-app" }, "app"},
		"no app's id":        {func(r *core.AlertRule) { r.AppID = "../x" }, "app"},
		"unknown channel":    {func(r *core.AlertRule) { r.Channels = []string{channel.ID, "none"} }, "channels"},
		"too short":          {func(r *core.AlertRule) { r.For, r.Window = 0, -minute }, "window for"},
		"too long":           {func(r *core.AlertRule) { r.For, r.Repeat = 48*60*minute, minute }, "for repeat"},
		"contradicts":        {func(r *core.AlertRule) { r.Below, r.Threshold = true, 0.6 }, "threshold"},
		"the same again":     {func(r *core.AlertRule) { r.For = 2 * minute }, "kind"},
		"no words":           {func(r *core.AlertRule) { r.Kind, r.Query, r.Threshold = core.AlertLogs, "", 1 }, "query"},
		"huge words":         {func(r *core.AlertRule) { r.Kind, r.Query, r.Threshold = core.AlertLogs, strings.Repeat("x", 201), 1 }, "query"},
		"words that mislead": {func(r *core.AlertRule) { r.Kind, r.Query, r.Threshold = core.AlertLogs, "a\u202eb", 1 }, "query"},
		"half a line":        {func(r *core.AlertRule) { r.Kind, r.Query, r.Threshold = core.AlertLogs, "x", 1.5 }, "threshold"},
		"a quota of an app":  {func(r *core.AlertRule) { r.Kind, r.AppID, r.Threshold = core.AlertQuota, "shop", 80 }, "kind app"},
		"everything":         {func(r *core.AlertRule) { *r = core.AlertRule{TenantID: tenant} }, "kind threshold for severity"},
	} {
		r := latencyRule(tenant)
		r.Threshold = 0.9
		if name == "the same again" {
			r.Threshold = 0.5
		}
		c.change(&r)
		if _, err := w.AddAlertRule(admin, r); core.ErrorCode(err) != core.EINVALID || alertFields(err) != c.fields {
			t.Errorf("%s: %v", name, err)
		}
	}
	rules, err := w.AlertRules(admin, tenant)
	w.must(err)
	if len(rules) != len(core.DefaultAlertRules(tenant))+1 {
		t.Errorf("%d rules", len(rules))
	}
}

func alertFields(err error) string {
	e, ok := errors.AsType[*core.Error](err)
	if !ok {
		return ""
	}
	var names []string
	for _, f := range e.Fields {
		names = append(names, f.Field)
	}
	return strings.Join(names, " ")
}

// Where nobody could be told, a rule is refused; one that is off tells nobody anyway.
func TestARuleThatTellsNobody(t *testing.T) {
	w := newWorld(t)
	admin := w.operator()
	made, err := w.CreateTenant(admin, "Tea", "")
	w.must(err)
	r := latencyRule(made.ID)
	if _, err := w.AddAlertRule(admin, r); alertFields(err) != "channels" {
		t.Error(err)
	}
	r.Off = true
	r, err = w.AddAlertRule(admin, r)
	w.must(err)
	if err := w.SwitchAlertRule(admin, made.ID, r.ID, false); alertFields(err) != "channels" {
		t.Error(err)
	}
}

// A default rule is changed, turned off, and as it was in the beginning when that is taken back.
func TestDefaultRules(t *testing.T) {
	w, admin, tenant, _ := alertWorld(t)
	first := func() core.AlertRule {
		t.Helper()
		rules, err := w.AlertRules(admin, tenant)
		w.must(err)
		return rules[0]
	}
	original := first()
	w.must(w.SwitchAlertRule(admin, tenant, original.ID, true))
	if r := first(); !r.Off || r.ID != original.ID {
		t.Errorf("%+v", r)
	}
	w.must(w.DeleteAlertRule(admin, tenant, original.ID))
	if r := first(); r.Off || !r.CreatedAt.IsZero() {
		t.Errorf("%+v", r)
	}
	if err := w.DeleteAlertRule(admin, tenant, original.ID); core.ErrorCode(err) != core.ENOTFOUND {
		t.Error(err)
	}
	if err := w.SwitchAlertRule(admin, tenant, "none", true); core.ErrorCode(err) != core.ENOTFOUND {
		t.Error(err)
	}
}

func TestBadChannels(t *testing.T) {
	w, admin, tenant, channel := alertWorld(t)
	hook := core.AlertTarget{URL: "https://hooks.example.com/x", Secret: "a secret of sixteen"}
	with := func(url string) core.AlertTarget { return core.AlertTarget{URL: url, Secret: hook.Secret} }
	for name, c := range map[string]struct {
		channel core.AlertChannel
		target  core.AlertTarget
		fields  string
	}{
		"no name":          {core.AlertChannel{Kind: core.ChannelWebhook}, hook, "name"},
		"a huge name":      {core.AlertChannel{Kind: core.ChannelWebhook, Name: strings.Repeat("n", 64)}, hook, "name"},
		"a name taken":     {core.AlertChannel{Kind: core.ChannelWebhook, Name: "Hook"}, hook, "name"},
		"an unknown kind":  {core.AlertChannel{Kind: "pigeon", Name: "New"}, hook, "kind"},
		"a language":       {core.AlertChannel{Kind: core.ChannelWebhook, Name: "New", Language: "tlh"}, hook, "language"},
		"no address":       {core.AlertChannel{Kind: core.ChannelSlack, Name: "New"}, core.AlertTarget{}, "url"},
		"a file":           {core.AlertChannel{Kind: core.ChannelWebhook, Name: "New"}, with("file:///etc/passwd"), "url"},
		"with a password":  {core.AlertChannel{Kind: core.ChannelWebhook, Name: "New"}, with("https://a:b@example.com/"), "url"},
		"a line more":      {core.AlertChannel{Kind: core.ChannelWebhook, Name: "New"}, with("https://example.com/\r\nX: y"), "url"},
		"loopback":         {core.AlertChannel{Kind: core.ChannelWebhook, Name: "New"}, with("http://127.0.0.1/"), "url"},
		"a cloud's own":    {core.AlertChannel{Kind: core.ChannelWebhook, Name: "New"}, with("http://169.254.169.254/latest"), "url"},
		"IPv6 loopback":    {core.AlertChannel{Kind: core.ChannelWebhook, Name: "New"}, with("http://[::1]/"), "url"},
		"a short secret":   {core.AlertChannel{Kind: core.ChannelWebhook, Name: "New"}, core.AlertTarget{URL: hook.URL, Secret: "short"}, "secret"},
		"an unused secret": {core.AlertChannel{Kind: core.ChannelSlack, Name: "New"}, hook, "secret"},
		"mail is off":      {core.AlertChannel{Kind: core.ChannelEmail, Name: "New"}, core.AlertTarget{To: []string{"a@example.com"}}, "kind"},
		"no mail address":  {core.AlertChannel{Kind: core.ChannelEmail, Name: "New"}, core.AlertTarget{To: []string{"a@example.com", "b"}}, "to kind"},
	} {
		c.channel.TenantID = tenant
		if _, err := w.AddAlertChannel(admin, c.channel, c.target); core.ErrorCode(err) != core.EINVALID || alertFields(err) != c.fields {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := w.ChangeAlertChannel(admin, core.AlertChannel{TenantID: tenant, ID: channel.ID, Name: "Hook"}, &core.AlertTarget{URL: "http://10.0.0.1/", Secret: hook.Secret}); alertFields(err) != "url" {
		t.Error(err)
	}
	channels, err := w.AlertChannels(admin, tenant)
	w.must(err)
	if len(channels) != 1 || channels[0].Shows != "https://hooks.example.com/…" {
		t.Errorf("%+v", channels)
	}
}

func TestBadSilences(t *testing.T) {
	w, admin, tenant, _ := alertWorld(t)
	for name, c := range map[string]struct {
		s      core.AlertSilence
		fields string
	}{
		"no end":       {core.AlertSilence{}, "until"},
		"in the past":  {core.AlertSilence{Until: w.clock.now().Add(-time.Second)}, "until"},
		"for ever":     {core.AlertSilence{Until: w.clock.now().Add(31 * 24 * time.Hour)}, "until"},
		"unknown app":  {core.AlertSilence{Until: w.clock.now().Add(time.Hour), AppID: "no-app"}, "app"},
		"unknown rule": {core.AlertSilence{Until: w.clock.now().Add(time.Hour), RuleID: "none"}, "rule"},
		"huge reason":  {core.AlertSilence{Until: w.clock.now().Add(time.Hour), Reason: strings.Repeat("r", 501)}, "reason"},
	} {
		c.s.TenantID = tenant
		if _, err := w.SilenceAlerts(admin, c.s); core.ErrorCode(err) != core.EINVALID || alertFields(err) != c.fields {
			t.Errorf("%s: %v", name, err)
		}
	}
	s, err := w.SilenceAlerts(admin, core.AlertSilence{TenantID: tenant, Until: w.clock.now().Add(time.Hour)})
	w.must(err)
	if list, err := w.AlertSilences(admin, tenant); err != nil || len(list) != 1 {
		t.Errorf("%+v, %v", list, err)
	}
	w.must(w.EndSilence(admin, tenant, s.ID))
	if list, err := w.AlertSilences(admin, tenant); err != nil || len(list) != 0 {
		t.Errorf("%+v, %v", list, err)
	}
}

// A quota alert is about no app: it is on the timeline of the team, among what happened to its apps, on the page that it
// belongs to, and for those alone who may look inside.
func TestATeamsOwnAlertsAreOnItsTimeline(t *testing.T) {
	w, admin, tenant, _ := alertWorld(t)
	app, _, err := w.CreateApp(admin, core.NewApp{TenantID: tenant, Name: "Shop"})
	w.must(err)
	system := core.WithActor(t.Context(), core.System())
	begin := time.Now().Add(-time.Hour).Truncate(time.Second)
	w.must(w.store.Alerts().Put(system, core.Alert{ID: core.NewIDAt(begin), TenantID: tenant, RuleID: "default-quota", Subject: "memory", Value: "95%",
		State: core.AlertResolved, Severity: core.AlertWarning, Rule: core.T("alert.rule_quota"), BeganAt: begin, FiredAt: begin.Add(time.Minute), ResolvedAt: time.Now().Add(time.Second)}))
	kinds := func(ctx context.Context, f core.EventFilter) (all []string) {
		events, err := w.Events(ctx, f)
		w.must(err)
		for _, e := range events {
			all = append(all, e.Kind)
		}
		return all
	}
	if got := strings.Join(kinds(admin, core.EventFilter{TenantID: tenant}), " "); got != "alert_resolved app_created alert_fired" {
		t.Error(got)
	}
	if got := strings.Join(kinds(admin, core.EventFilter{AppID: app.ID}), " "); got != "app_created" {
		t.Error(got)
	}
	first, err := w.Events(admin, core.EventFilter{TenantID: tenant, Limit: 2})
	w.must(err)
	if got := strings.Join(kinds(admin, core.EventFilter{TenantID: tenant, Before: first[1].ID}), " "); len(first) != 2 || got != "alert_fired" {
		t.Errorf("the next page: %s", got)
	}
	support := core.WithActor(t.Context(), core.Actor{Kind: core.ActorUser, ID: "u", UserID: "u", Roles: map[string]core.Role{tenant: core.RoleSupport}})
	if got := strings.Join(kinds(support, core.EventFilter{TenantID: tenant}), " "); got != "app_created" {
		t.Errorf("to the support staff: %s", got)
	}
}

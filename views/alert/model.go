// Package alert shows what is wrong that Berth could not mend, and says when people are told.
package alert

import (
	"context"
	"slices"
	"strings"
	"time"

	"berth/core"
	"berth/views/i18n"
	"berth/views/layout"
	"berth/views/ui"
)

// Page is the page of a tenant's alerts.
type Page struct {
	Page     layout.Page
	Open     []core.Alert // firing, then pending
	History  []core.Alert
	Older    string // address of older history, "" at the end
	Rules    []core.AlertRule
	Channels []core.AlertChannel
	Silences []core.AlertSilence
	Apps     []core.AppSummary
	Mail     bool // can be sent
	Tested   string
	Form     ui.Form  // that was sent and is wrong: "of" names it
	Chosen   []string // channels that were chosen in it
	Now      time.Time
}

// The forms that add something, as Form's "of" names them; those that change something are named by its id.
const (
	NewRule    = "new-rule"
	NewChannel = "new-channel"
	NewSilence = "new-silence"
)

// Silences are for how long one can be.
var Silences = []string{"1h", "4h", "24h", "168h"}

// failed reports whether the form of a name was sent and is wrong.
func (m Page) failed(of string) bool { return m.Form.Values["of"] == of && m.Form.Failed() }

// form is what was typed into the form of a name, or its first values.
func (m Page) form(of string, first ui.Form) ui.Form {
	if m.failed(of) {
		return m.Form
	}
	return first
}

// ruleForm is the form of a rule; id "" is that of a new one.
func (m Page) ruleForm(r core.AlertRule) ui.Form {
	if r.ID == "" {
		return m.form(NewRule, ui.NewForm("kind", string(core.AlertMetric), "metric", string(core.MetricErrorShare), "bound", "above", "threshold", "5",
			"window", "5m", "for", "2m", "repeat", "12h", "severity", string(core.AlertWarning)))
	}
	bound := "above"
	if r.Below {
		bound = "below"
	}
	return m.form(r.ID, ui.NewForm("kind", string(r.Kind), "app", r.AppID, "metric", string(r.Metric), "bound", bound, "threshold", r.ThresholdText(),
		"query", r.Query, "window", Short(r.Window), "for", Short(r.For), "repeat", Short(r.Repeat), "severity", string(r.Severity)))
}

func (m Page) chosen(r core.AlertRule, of, channel string) bool {
	if m.failed(of) {
		return slices.Contains(m.Chosen, channel)
	}
	return slices.Contains(r.Channels, channel)
}

// channelForm begins with what can be used here, in the language of whoever adds it.
func (m Page) channelForm(ctx context.Context, c core.AlertChannel) ui.Form {
	if c.ID == "" {
		kind := core.ChannelWebhook
		if m.Mail {
			kind = core.ChannelEmail
		}
		return m.form(NewChannel, ui.NewForm("kind", string(kind), "language", i18n.From(ctx).Lang(), "to", m.Page.User.Email))
	}
	return m.form(c.ID, ui.NewForm("name", c.Name, "kind", string(c.Kind), "language", c.Language))
}

func (m Page) silenceForm() ui.Form { return m.form(NewSilence, ui.NewForm("lasts", "1h")) }

// Short is a duration as it is typed: "5m" where time.Duration says "5m0s"; "" for none.
func Short(d core.Duration) string {
	if d == 0 {
		return ""
	}
	text := d.String()
	if short, ok := strings.CutSuffix(text, "m0s"); ok {
		text = short + "m"
	}
	if short, ok := strings.CutSuffix(text, "h0m"); ok {
		text = short + "h"
	}
	return text
}

func (m Page) appName(id string) string {
	for _, a := range m.Apps {
		if a.App.ID == id {
			return a.App.Name
		}
	}
	return id
}

// scope says which apps a rule or a silence is about.
func (m Page) scope(ctx context.Context, appID string) string {
	if appID == "" {
		return i18n.T(ctx, "alert.all_apps")
	}
	return m.appName(appID)
}

// subject is a domain as it is, and a resource of the quota in words.
func subject(ctx context.Context, a core.Alert) string {
	if a.AppID == "" && core.Resource(a.Subject).Counted() {
		return i18n.T(ctx, "resource."+a.Subject)
	}
	return a.Subject
}

func (m Page) ruleText(ctx context.Context, id string) string {
	for _, r := range m.Rules {
		if r.ID == id {
			return i18n.Text(ctx, r.Text())
		}
	}
	return i18n.T(ctx, "alert.all_rules")
}

func (m Page) silenced(a core.Alert) bool {
	return slices.ContainsFunc(m.Silences, func(s core.AlertSilence) bool { return s.Covers(a, m.Now) })
}

// told names the channels of a rule.
func (m Page) told(ctx context.Context, r core.AlertRule) string {
	var names []string
	for _, c := range m.Channels {
		if slices.Contains(r.Channels, c.ID) {
			names = append(names, c.Name)
		}
	}
	if len(names) == 0 {
		return i18n.T(ctx, "alert.all_channels")
	}
	return strings.Join(names, ", ")
}

func repeats(ctx context.Context, r core.AlertRule) string {
	if r.Repeat == 0 {
		return i18n.T(ctx, "alert.once")
	}
	return i18n.T(ctx, "alert.repeats", "time", i18n.From(ctx).Duration(time.Duration(r.Repeat)))
}

// tested is the channel that was just tested.
func (m Page) tested() (core.AlertChannel, bool) {
	for _, c := range m.Channels {
		if c.ID == m.Tested {
			return c, true
		}
	}
	return core.AlertChannel{}, false
}

func (m Page) mayRule() bool    { return m.Page.Can(core.ActAlert) }
func (m Page) mayChannel() bool { return m.Page.Can(core.ActManage) }

func stateLook(a core.Alert) ui.Look {
	switch {
	case a.State == core.AlertResolved:
		return ui.Look{Icon: "ok", Kind: "ok"}
	case a.State == core.AlertPending:
		return ui.Look{Icon: "todo"}
	}
	return severityLook(a.Severity)
}

func severityLook(s core.AlertSeverity) ui.Look {
	if s == core.AlertCritical {
		return ui.Look{Icon: "bad", Kind: "bad"}
	}
	return ui.Look{Icon: "warn", Kind: "warn"}
}

// stateWord is how far an alert has come; of one that fires its severity.
func stateWord(ctx context.Context, a core.Alert) string {
	if a.State == core.AlertFiring {
		return i18n.T(ctx, "alert.severity_"+string(a.Severity))
	}
	return i18n.T(ctx, "alert.state_"+string(a.State))
}

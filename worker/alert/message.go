package alert

import (
	"cmp"
	"strconv"
	"strings"
	"time"

	"berth/core"
)

// message is what a channel is told: in words, and as data for programs.
type message struct {
	subject string
	text    string
	data    data
}

// data is the body of a webhook.
type data struct {
	Type   string      `json:"type"` // "alerts" or "test"
	SentAt time.Time   `json:"sent_at"`
	Tenant string      `json:"tenant"`
	Text   string      `json:"text"`
	URL    string      `json:"url"` // of the page
	Alerts []alertData `json:"alerts"`
}

type alertData struct {
	ID         string             `json:"id"` // of the alert: the same when it fires, fires still and is resolved
	Notice     string             `json:"notice"`
	State      core.AlertState    `json:"state"`
	Severity   core.AlertSeverity `json:"severity"`
	Rule       string             `json:"rule"`
	App        string             `json:"app,omitempty"`
	AppName    string             `json:"app_name,omitempty"`
	Subject    string             `json:"subject,omitempty"`
	Text       string             `json:"text"` // of the rule
	Value      string             `json:"value,omitempty"`
	Cause      string             `json:"cause,omitempty"`
	BeganAt    time.Time          `json:"began_at"`
	ResolvedAt time.Time          `json:"resolved_at,omitzero"`
}

// mostTold is how many alerts are told one by one in words; of the others there is the number.
const mostTold = 20

// message words notices in a language; without any it is a try.
func (s *Sender) message(language, tenantID string, notices []core.AlertNotice) message {
	say := func(key string, kv ...string) string { return s.o.Words(language, core.T(key, kv...)) }
	page := s.o.Page(tenantID)
	m := message{data: data{Type: "alerts", SentAt: s.o.Now().UTC(), Tenant: tenantID, URL: page, Alerts: []alertData{}}}
	if len(notices) == 0 {
		m.data.Type, m.subject, m.text = "test", say("alert.try_subject"), say("alert.try_text", "page", page)
		m.data.Text = m.text
		return m
	}
	var lines []string
	for i, n := range latest(notices) {
		line := s.line(language, n)
		m.data.Alerts = append(m.data.Alerts, s.alert(language, n))
		if i < mostTold {
			lines = append(lines, line)
		}
		if i == 0 {
			m.subject = say("alert.subject", "alert", line)
		}
	}
	if all := len(m.data.Alerts); all > 1 {
		m.subject = say("alert.subject_many", "count", strconv.Itoa(all))
		if more := all - len(lines); more > 0 {
			lines = append(lines, say("alert.more", "count", strconv.Itoa(more)))
		}
	}
	m.subject = clip(printable(m.subject), 200)
	m.text = say("alert.text", "alerts", strings.Join(lines, "\n\n"), "page", page)
	m.data.Text = m.text
	return m
}

// latest leaves of each alert the newest notice, in the order in which they were first told.
func latest(notices []core.AlertNotice) (list []core.AlertNotice) {
	at := map[string]int{}
	for _, n := range notices {
		if i, known := at[n.Alert.ID]; known {
			list[i] = n
			continue
		}
		at[n.Alert.ID] = len(list)
		list = append(list, n)
	}
	return list
}

// line is an alert in a few words: what it is about, the rule, and why.
func (s *Sender) line(language string, n core.AlertNotice) string {
	a := n.Alert
	about := cmp.Or(n.AppName, a.AppID)
	if a.Subject != "" {
		if about != "" {
			about += ", "
		}
		about += s.subject(language, a)
	}
	key := "alert.line_" + string(a.State) + "_" + string(a.Severity)
	if a.State == core.AlertResolved {
		key = "alert.line_resolved"
	}
	line := s.o.Words(language, core.T(key, "about", about, "rule", s.o.Words(language, a.Rule)))
	if a.State == core.AlertResolved {
		return line
	}
	if a.Value != "" {
		line += "\n" + s.o.Words(language, core.T("alert.found", "value", a.Value))
	}
	if !a.Cause.IsZero() {
		line += "\n" + s.o.Words(language, core.T("alert.cause", "cause", s.o.Words(language, a.Cause)))
	}
	return line + "\n" + s.o.Words(language, core.T("alert.since", "time", a.BeganAt.UTC().Format("2006-01-02 15:04 UTC")))
}

// subject is a domain as it is, and a resource of the quota in words.
func (s *Sender) subject(language string, a core.Alert) string {
	if a.AppID == "" && core.Resource(a.Subject).Counted() {
		return s.o.Words(language, core.T("resource."+a.Subject))
	}
	return a.Subject
}

func (s *Sender) alert(language string, n core.AlertNotice) alertData {
	a := n.Alert
	d := alertData{ID: a.ID, Notice: n.ID, State: a.State, Severity: a.Severity, Rule: a.RuleID, App: a.AppID, AppName: n.AppName,
		Subject: a.Subject, Text: s.o.Words(language, a.Rule), Value: a.Value, BeganAt: a.BeganAt.UTC(), ResolvedAt: a.ResolvedAt.UTC()}
	if a.ResolvedAt.IsZero() {
		d.ResolvedAt = time.Time{}
	}
	if !a.Cause.IsZero() {
		d.Cause = s.o.Words(language, a.Cause)
	}
	return d
}

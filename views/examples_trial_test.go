package views_test

import (
	"time"

	"github.com/a-h/templ"

	"berth/core"
	"berth/views/app"
	"berth/views/layout"
	"berth/views/rules"
	"berth/views/ui"
	"berth/views/version"
)

func trialExamples() map[string]templ.Component {
	view := core.CanaryView{Canary: core.Canary{ID: "c", AppID: shop.ID, Stable: core.Target{VersionID: "v2", Label: "1.4.0"}, Candidate: core.Target{VersionID: "v3", Label: "1.5.0"},
		Share: 10, Status: core.CanaryRunning, CreatedAt: now.Add(-11 * time.Minute), StepAt: now.Add(-11 * time.Minute),
		Steps:  []core.CanaryStep{{Share: 10, For: core.Duration(15 * time.Minute)}, {Share: 50, For: core.Duration(30 * time.Minute)}, {Share: 100}},
		Limits: core.CanaryLimits{Errors: 1, MinRequests: 100}},
		Counts: core.CanaryCounts{Stable: core.RequestCounts{Requests: 24900}, Candidate: core.RequestCounts{Requests: 2766}}}
	held, over := view, view
	held.Status, held.Reason, held.Counts.Candidate.Requests = core.CanaryHeld, core.T("reason.canary_held", "name", "Operator"), 12
	over.Status, over.EndedAt, over.Reason = core.CanaryAborted, now.Add(-time.Hour), core.T("reason.canary_errors", "version", "1.5.0", "rate", "4.2", "requests", "310", "limit", "1")
	show := func(l version.List) templ.Component {
		l.Head, l.Releases, l.Push = head(shop, app.TabVersions), revisions(), version.Push{Registry: "localhost:8080", Image: "localhost:8080/tea-shop"}
		return version.ListPage(version.Page{Page: page(layout.SectionHome, "Versions"), List: l})
	}
	memory := map[string]core.Bytes{"1.4.0": 358 * core.MiB, "1.5.0": 287 * core.MiB}
	r := core.Rules{Deny: []string{"203.0.113.0/24"}, Rate: core.RateLimit{Requests: 100, Per: core.Duration(time.Minute)}, Compress: true}
	filled := ui.NewForm("deny", "203.0.113.0/24\nnonsense", "rate.requests", "100", "rate.per", "1m", "compress", "on", "redirects", "/old")
	faulty := filled.Fail(&core.Error{Code: core.EINVALID, Fields: []core.FieldError{{Field: "deny", Message: core.T("error.network_malformed", "network", "nonsense")},
		{Field: "redirects", Message: core.T("rules.error.redirect_line", "line", "/old")}, {Field: "auth", Message: core.T("error.preview_password_missing", "name", "guest")}}})
	form := func(m rules.Page) templ.Component {
		m.Page, m.Head, m.Apps = page(layout.SectionHome, "Rules"), head(shop, app.TabRules), []core.App{orders, letter}
		return rules.RulesPage(m)
	}
	return map[string]templ.Component{
		"trial":       show(version.List{Trial: version.Trial{CanaryView: view, Memory: memory}}),
		"trial-held":  show(version.List{Trial: version.Trial{CanaryView: held}}),
		"trial-over":  show(version.List{Trial: version.Trial{CanaryView: over}}),
		"beside":      show(version.List{Beside: &version.Beside{Release: 42, New: "1.5.0", Old: "1.4.0", Waiting: true, Ready: true}}),
		"beside-busy": show(version.List{Beside: &version.Beside{Release: 42, New: "1.5.0", Old: "1.4.0", Waiting: true}}),
		"beside-kept": show(version.List{Beside: &version.Beside{Release: 42, New: "1.5.0", Old: "1.4.0", Until: now.Add(8 * time.Minute)}}),
		"rules":       form(rules.Page{Current: current, Rules: r, Form: filled, Users: []rules.User{{Name: "guest", Kept: true}}}),
		"rules-empty": form(rules.Page{Current: current, Form: ui.NewForm()}),
		"rules-bad":   form(rules.Page{Current: current, Rules: r, Form: faulty, Users: []rules.User{{Name: "guest"}}, Paths: []rules.Path{{Prefix: "/api", App: "gone", Strip: true}}}),
		"rules-none":  form(rules.Page{Form: ui.NewForm()}),
	}
}

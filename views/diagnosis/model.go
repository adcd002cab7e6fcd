// Package diagnosis has the page that says why an app does not answer.
package diagnosis

import (
	"context"
	"strings"

	"berth/core"
	"berth/views/app"
	"berth/views/i18n"
	"berth/views/layout"
	"berth/views/paths"
	"berth/views/ui"
)

// Page is the page.
type Page struct {
	Page       layout.Page
	Head       app.Head
	Diagnosis  core.Diagnosis
	Instances  []core.Instance
	Answers    map[string][]core.HealthAnswer // by instance id, newest first
	CanLogs    bool
	CanMembers bool
	CanOperate bool
}

// Place returns the page that mends something, and whether it is an act, to be sent by a form.
func Place(a core.App, m core.Mend) (path string, act bool) {
	switch m.Kind {
	case core.MendDomains:
		return paths.Domains(a.ID), false
	case core.MendDomain:
		return paths.Domain(a.ID, m.Arg), false
	case core.MendRules:
		return paths.Rules(a.ID), false
	case core.MendSettings:
		return paths.Settings(a.ID), false
	case core.MendLogs:
		return paths.Logs(a.ID), false
	case core.MendDeploy:
		return paths.NewVersion(a.ID), false
	case core.MendScale:
		return paths.App(a.ID), false
	case core.MendOperation:
		return paths.Operation(m.Arg), false
	case core.MendQuota:
		return paths.Quota(a.TenantID), false
	case core.MendHosts:
		return paths.Hosts, false
	case core.MendStart:
		return paths.Start(a.ID), true
	case core.MendRestart:
		return paths.Restart(a.ID), true
	}
	return "", false
}

// may reports whether who looks may go there, or do it.
func (p Page) may(m core.Mend) bool {
	switch m.Kind {
	case "":
		return false
	case core.MendLogs:
		return p.CanLogs
	case core.MendHosts:
		return p.CanOperate
	case core.MendQuota:
		return p.CanMembers
	case core.MendDeploy, core.MendStart, core.MendRestart, core.MendScale:
		return p.Head.CanDeploy
	case core.MendOperation:
		return true
	}
	return p.Head.CanInspect
}

// forOperator reports whether only the operator can put it right, and somebody else looks.
func (p Page) forOperator(m core.Mend) bool { return m.Kind == core.MendHosts && !p.CanOperate }

func (p Page) title(ctx context.Context) string {
	if p.Diagnosis.State == core.StateBad {
		return i18n.T(ctx, "why.title", "name", p.Head.App.Name)
	}
	return i18n.T(ctx, "why.title_well", "name", p.Head.App.Name)
}

func (p Page) way(ctx context.Context) string {
	if p.Head.App.IsService() {
		return i18n.T(ctx, "why.way_service")
	}
	return i18n.T(ctx, "why.way")
}

var looks = map[core.StepState]ui.Look{
	core.StateGood:    {Icon: "ok", Kind: "ok"},
	core.StateWarning: {Icon: "warn", Kind: "warn"},
	core.StateBad:     {Icon: "bad", Kind: "bad"},
	core.StateUnknown: {Icon: "todo"},
	core.StateSkipped: {Icon: "off"},
}

// iconClass colours the icon of a step.
func iconClass(s core.StepState) string {
	if k := looks[s].Kind; k != "" {
		return "is-" + k
	}
	return ""
}

func note(s core.StepState) (kind, icon string) {
	switch s {
	case core.StateBad:
		return "bad", "bad"
	case core.StateWarning:
		return "warn", "warn"
	}
	return "ok", "ok"
}

// asked says a question in a word or two: "HTTP /healthz".
func asked(p core.Probe) string {
	switch p.Kind {
	case core.ProbeHTTP, "":
		return "HTTP " + p.Path
	case core.ProbeGRPC:
		return strings.TrimSpace("gRPC " + p.Service)
	case core.ProbeImage:
		return "HEALTHCHECK"
	}
	return strings.ToUpper(string(p.Kind))
}

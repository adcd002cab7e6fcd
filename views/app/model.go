// Package app has the pages of one app: the head that all of them share, the overview, and the dialog that deletes.
package app

import (
	"context"
	"strconv"

	"berth/core"
	"berth/views/i18n"
	"berth/views/layout"
	"berth/views/release"
	"berth/views/ui"
)

// Head is what stands above every page of an app.
type Head struct {
	App            core.App
	URL            string // "" for a database
	Title          string // of its catalogue entry, for a database
	Tab            Tab
	CanInspect     bool
	CanDeploy      bool
	CanDelete      bool
	CanAudit       bool
	CanCredentials bool
	Staged         int // changes that wait to be released together
}

// Tab is a page of an app.
type Tab string

const (
	TabOverview   Tab = "overview"
	TabVersions   Tab = "versions"
	TabConnection Tab = "connection"
	TabDomains    Tab = "domains"
	TabRules      Tab = "rules"
	TabScaling    Tab = "scaling"
	TabTraffic    Tab = "traffic"
	TabRequests   Tab = "requests"
	TabPorts      Tab = "ports"
	TabLogs       Tab = "logs"
	TabSettings   Tab = "settings"
	TabActivity   Tab = "activity"
	TabMetrics    Tab = "metrics"
	TabWhy        Tab = "why" // reached from the overview, and from a note where the app is not well
)

// tabs are the pages that an app of its kind has, for who looks.
func (h Head) tabs() []Tab {
	if !h.CanInspect {
		return []Tab{TabOverview, TabLogs, TabActivity}
	}
	if h.App.IsService() {
		return []Tab{TabOverview, TabConnection, TabPorts, TabMetrics, TabLogs, TabSettings, TabActivity}
	}
	return []Tab{TabOverview, TabVersions, TabDomains, TabRules, TabScaling, TabPorts, TabTraffic, TabMetrics, TabLogs, TabSettings, TabActivity}
}

// current is the tab that the page belongs to: single requests are reached from the traffic.
func (h Head) current() Tab {
	switch h.Tab {
	case TabRequests:
		return TabTraffic
	case TabWhy:
		return TabOverview
	}
	return h.Tab
}

// Overview is an app at a glance; it lives.
type Overview struct {
	Head      Head
	Instances []core.Instance
	Traffic   core.TrafficCounts
	Live      core.TrafficStep // of the last seconds
	Release   core.Release     // zero before the first
	Uses      []core.App       // services that are bound
	UsedBy    []core.App       // apps that a service is bound to
	Events    []core.Event
	Open      []core.Operation // that have not ended
	LastError core.Operation   // the newest operation, when it failed
}

// Page is the overview in its frame.
type Page struct {
	Page     layout.Page
	Overview Overview
	Delete   Delete
}

// Delete is the dialog that asks for the name.
type Delete struct {
	App    core.App
	UsedBy []core.App
	Form   ui.Form
}

func (o Overview) rate(ctx context.Context) string {
	return i18n.T(ctx, "traffic.chart", "rate", ui.Rate(o.Traffic.Recent), "top", strconv.FormatInt(ui.Largest(o.Traffic.Recent), 10))
}

// host names the machine of an instance, as the sentence about its placement does.
func host(i core.Instance) string {
	if name := i.Placement.Args["host"]; name != "" {
		return name
	}
	return i.HostID
}

func (o Overview) envText(ctx context.Context) string {
	secret := 0
	for _, v := range o.Release.Spec.Env {
		if v.Secret {
			secret++
		}
	}
	switch {
	case len(o.Release.Spec.Env) == 0:
		return i18n.T(ctx, "about.none")
	case secret == 0:
		return strconv.Itoa(len(o.Release.Spec.Env))
	}
	return i18n.T(ctx, "about.env", "count", len(o.Release.Spec.Env), "secret", strconv.Itoa(secret))
}

func (o Overview) size(ctx context.Context) string {
	return release.PlanText(ctx, core.Plan{Memory: o.Release.Spec.Memory, CPU: o.Release.Spec.CPU})
}

func noInstances(ctx context.Context, o Overview) string {
	switch {
	case o.Head.App.Stopped:
		return i18n.T(ctx, "instances.stopped")
	case o.Head.App.Release == 0 && !o.Head.App.IsService():
		return i18n.T(ctx, "instances.never")
	}
	return i18n.T(ctx, "instances.none")
}

func noteKind(s core.AppState) string {
	if s == core.AppCrashing || s == core.AppFailed {
		return "bad"
	}
	return "warn"
}

// title says what is or was carried out; a database is made ready where an app goes online.
func (o Overview) title(ctx context.Context, op core.Operation, phase string) string {
	kind := string(op.Kind)
	if o.Head.App.IsService() && op.Kind == core.OpDeploy {
		kind = "create"
	}
	return i18n.T(ctx, "op."+kind+phase, "name", o.Head.App.Name)
}

// showsTraffic reports whether there are requests to count, for who looks.
func (o Overview) showsTraffic() bool { return o.Head.CanInspect && !o.Head.App.IsService() }

// unwell reports whether somebody asks why.
func (h Head) unwell() bool {
	switch h.App.State {
	case core.AppPartly, core.AppCrashing, core.AppFailed:
		return h.Tab != TabWhy
	}
	return false
}

// next says when an instance that is down is started again.
func (o Overview) next(ctx context.Context, i core.Instance) string {
	if i.State != core.InstanceCrashed || i.RetryAt.IsZero() {
		return ""
	}
	return i18n.T(ctx, "instances.again", "clock", i18n.From(ctx).Clock(i.RetryAt))
}

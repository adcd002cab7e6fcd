// Package support has what the support staff work with: the search, their sessions, and logs side by side.
package support

import (
	"berth/core"
	"berth/views/layout"
	"berth/views/ui"
)

// Search is the page on which the support staff find things.
type Search struct {
	Page     layout.Page
	Query    string
	Fault    core.Text // why nothing was searched for
	Searched bool
	Hits     []core.SupportHit
	Sessions []core.SupportSession  // one's own, open or waiting
	Names    map[string]core.Tenant // of the sessions' tenants, by id; those one may not see are missing
	Opening  Opening
}

// Opening is the form for a session; without a tenant it is not shown.
type Opening struct {
	TenantID string
	Query    string
	Form     ui.Form
}

// choosable reports whether anything found can be looked at side by side.
func (m Search) choosable() bool {
	for _, h := range m.Hits {
		if h.Open && h.AppID != "" {
			return true
		}
	}
	return false
}

// teamName names the tenant of a session.
func (m Search) teamName(s core.SupportSession) string {
	if t, ok := m.Names[s.TenantID]; ok {
		return t.Name
	}
	return s.TenantID
}

// Lengths are how long a session may last, in hours.
var Lengths = []int{1, 2, 4, 8}

// MaxPanes is how many logs are shown side by side.
const MaxPanes = 6

// Side is the page of several logs.
type Side struct {
	Page   layout.Page
	Panes  []Pane
	Choose []Pane // that could be shown, the shown ones among them
}

// Pane is one instance.
type Pane struct {
	App      core.App
	Instance core.Instance
	Shown    bool
}

func kindIcon(k core.SupportKind) string {
	switch k {
	case core.SupportTenant:
		return "teams"
	case core.SupportService:
		return "db"
	case core.SupportInstance:
		return "list"
	}
	return "app"
}

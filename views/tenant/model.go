// Package tenant has the pages about tenants themselves: the operator's list, a tenant's settings, its deletion.
package tenant

import (
	"berth/core"
	"berth/views/layout"
	"berth/views/ui"
)

// List is the operator's list.
type List struct {
	Page    layout.Page
	Tenants []core.TenantSummary
	Next    string
	Search  string
	Plans   []string
	Form    ui.Form // name, plan
}

// Operator is a tenant as operators see it.
type Operator struct {
	Page   layout.Page
	Tenant core.Tenant
	Estate core.Estate
	Plans  []string
	Form   ui.Form // name, plan
	Invite ui.Form // email, role
}

// Settings is what admins set of their tenant.
type Settings struct {
	Page  layout.Page
	Form  ui.Form // name
	Saved bool
}

// Delete lists what goes and asks for the name.
type Delete struct {
	Page   layout.Page
	Estate core.Estate
	Form   ui.Form // name
}

// apps and services tell what customers brought from what has storage.
func (d Delete) apps() []string     { return names(d.Estate, false) }
func (d Delete) services() []string { return names(d.Estate, true) }

func names(e core.Estate, service bool) []string {
	var out []string
	for _, a := range e.Apps {
		if a.IsService() == service {
			out = append(out, a.Name)
		}
	}
	return out
}

// Package person has the pages about people: the operator's list, and a person's deletion.
package person

import (
	"berth/core"
	"berth/views/layout"
	"berth/views/ui"
)

// List is the operator's list.
type List struct {
	Page   layout.Page
	People []core.Person
	Next   string
	Search string
	Form   ui.Form // what could not be done
}

// Access helps a person who cannot sign in any more.
type Access struct {
	Page         layout.Page
	User         core.User
	Link         string // for a new password; shown once
	TwoFactorOff bool   // was just switched off
}

// Delete lists what goes and asks for the email. It serves operators and people themselves.
type Delete struct {
	Page   layout.Page
	Estate core.PersonEstate
	Form   ui.Form // email
	Action string  // where the form goes
	Back   string
}

func (d Delete) held() bool { return d.Estate.Last || len(d.Estate.Held) > 0 }

func tenancies(p core.Person) []string {
	out := make([]string, len(p.Tenants))
	for i, t := range p.Tenants {
		out[i] = t.Tenant.Name
	}
	return out
}

func names(tenants []core.Tenant) []string {
	out := make([]string, len(tenants))
	for i, t := range tenants {
		out[i] = t.Name
	}
	return out
}

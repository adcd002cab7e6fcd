// Package rules is the form of what the gateway does with the requests of an app.
package rules

import (
	"strings"

	"berth/core"
	"berth/views/app"
	"berth/views/layout"
	"berth/views/ui"
)

// Page is the form. Its inputs are named as the API names the rules.
type Page struct {
	Page    layout.Page
	Head    app.Head
	Current core.Release // zero before the first
	Form    ui.Form
	Users   []User
	Paths   []Path
	Apps    []core.App // that a path may lead to
	Rules   core.Rules // as they are
}

// User is somebody who may pass a preview.
type User struct {
	Name string
	Kept bool // has a password, which is not shown
}

// Path is a prefix that leads to another app.
type Path struct {
	Prefix, App string
	Strip       bool
}

// Inputs are the fields that show what is wrong with them.
var Inputs = []string{"deny", "allow", "rate.requests", "rate.per", "rate.burst", "auth", "maintenance.text", "maintenance.allow",
	"request_headers", "response_headers", "max_body", "response_timeout", "idle_timeout", "paths", "redirects",
	"eject.failures", "eject.for", "eject.return", "version_header", "balance", "protocol"}

// rows are the users, and empty rows to fill in.
func (m Page) users() []User { return append(append([]User{}, m.Users...), User{}, User{}) }

func (m Page) paths() []Path { return append(append([]Path{}, m.Paths...), Path{}, Path{}) }

// group is a part of the form that is folded away while it is not in use.
type group struct {
	Name   string   // of its words
	Icon   string   //
	Fields []string // whose faults open it
	InUse  bool
}

func (m Page) groups() []group {
	r := m.Rules
	return []group{
		{"who", "key", []string{"deny", "allow", "rate.", "auth"}, len(r.Deny)+len(r.Allow)+len(r.Auth)+r.Rate.Requests > 0},
		{"maintenance", "warn", []string{"maintenance."}, r.Maintenance.On},
		{"answers", "settings", []string{"request_headers", "response_headers", "max_body", "response_timeout", "idle_timeout"},
			len(r.RequestHeaders)+len(r.ResponseHeaders) > 0 || r.MaxBody+core.Bytes(r.ResponseTimeout)+core.Bytes(r.IdleTimeout) > 0 || r.Compress},
		{"paths", "open", []string{"paths", "redirects"}, len(r.Paths)+len(r.Redirects) > 0},
		{"instances", "restart", []string{"balance", "protocol", "eject."}, r.Balance != "" || r.Protocol != "" || r.Affinity || r.Eject != core.Ejection{}},
		{"trials", "flag", []string{"version_header"}, r.StickyVersion || r.VersionHeader != ""},
	}
}

// open reports whether the group is to be unfolded: in use, or with something wrong in it.
func (m Page) open(g group) bool {
	for name := range m.Form.Errors {
		for _, f := range g.Fields {
			if strings.HasPrefix(name, f) {
				return true
			}
		}
	}
	return g.InUse
}

// choices are the apps that a path may lead to; one that it leads to already is among them even when it is gone.
func (m Page) choices(p Path) []core.App {
	for _, a := range m.Apps {
		if p.App == a.ID {
			return m.Apps
		}
	}
	if p.App == "" {
		return m.Apps
	}
	return append([]core.App{{ID: p.App, Name: p.App}}, m.Apps...)
}

// word names a choice whose value may be empty.
func word(value string) string {
	if value == "" {
		return "usual"
	}
	return value
}

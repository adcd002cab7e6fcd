// Package audit shows who did what.
package audit

import (
	"cmp"
	"context"
	"net/url"
	"slices"
	"strings"
	"time"

	"berth/core"
	"berth/views/i18n"
	"berth/views/layout"
	"berth/views/paths"
	"berth/views/release"
	"berth/views/ui"
)

// Page is a page of the audit of a tenant, or of the platform.
type Page struct {
	Page     layout.Page
	Platform bool
	Filter   Filter
	Entries  []core.AuditEntry
	Next     string // cursor; the page may be short and still have one
	Actors   []core.AuditActor
	Apps     []core.AppSummary // to choose from
	Tenants  map[string]string // names by id, of the platform's page
}

// Filter is what a page is narrowed to, as its address says it: Tenant, App, By, Action, Outcome, Q, From, To,
// Everywhere, Cursor.
type Filter struct {
	Values url.Values
	Form   ui.Form // what is wrong with it
}

// Names are the parameters of an address that narrow the audit.
var Names = []string{"app", "by", "action", "outcome", "q", "from", "to", "everywhere"}

// Get returns a parameter.
func (f Filter) Get(name string) string { return f.Values.Get(name) }

// Narrowed reports whether anything but the tenant is said.
func (f Filter) Narrowed() bool {
	return slices.ContainsFunc(Names, func(n string) bool { return n != "everywhere" && f.Get(n) != "" })
}

// more reports whether the filters behind the search are in use.
func (f Filter) more() bool {
	return f.Form.Failed() || slices.ContainsFunc(Names, func(n string) bool { return n != "q" && f.Get(n) != "" })
}

// path is the page's own address without a filter.
func (m Page) path() string {
	if m.Platform {
		return paths.PlatformAudit
	}
	return "/audit"
}

// address is the page's own with the filter, but for what kv says otherwise, from its first entry on.
func (m Page) address(kv ...string) string { return m.at(m.path(), kv...) }

// export is the address of what the filter leaves as a file.
func (m Page) export(format string) string {
	if m.Platform {
		return m.at(paths.PlatformAuditExport, "format", format)
	}
	return m.at(paths.AuditExport, "format", format)
}

func (m Page) at(path string, kv ...string) string {
	q := url.Values{}
	if !m.Platform {
		q.Set("tenant", m.Page.Tenant.ID)
	}
	for _, n := range Names {
		if v := m.Filter.Get(n); v != "" {
			q.Set(n, v)
		}
	}
	for i := 0; i+1 < len(kv); i += 2 {
		if q.Set(kv[i], kv[i+1]); kv[i+1] == "" {
			q.Del(kv[i])
		}
	}
	if len(q) == 0 {
		return path
	}
	return path + "?" + q.Encode()
}

// all is the page's own address with nothing but kv.
func (m Page) all(kv ...string) string {
	m.Filter.Values = url.Values{}
	return m.address(kv...)
}

func (m Page) title(ctx context.Context) string {
	if m.Platform {
		return i18n.T(ctx, "nav.platform_audit")
	}
	return i18n.T(ctx, "nav.audit")
}

// app is how an app is called: by its name when that is known, else by its id.
func (m Page) app(id string) string {
	for _, a := range m.Apps {
		if a.App.ID == id {
			return a.App.Name
		}
	}
	return id
}

func (m Page) tenant(id string) string { return cmp.Or(m.Tenants[id], id) }

// Sentence says who did what to what.
func Sentence(l *i18n.Localizer, e core.AuditEntry, app string) string {
	key := "audit." + e.Action
	who := Who(l, e)
	if e.Outcome == core.AuditDone && l.Has(key) {
		return l.T(key, "actor", who, "app", app, "object", e.Object, "tenant", e.TenantID)
	}
	outcome, on := string(e.Outcome), cmp.Or(app, e.Object)
	if on == "" {
		return l.T("auditlog."+outcome, "actor", who, "what", ActionName(l, e.Action))
	}
	return l.T("auditlog."+outcome+"_on", "actor", who, "what", ActionName(l, e.Action), "on", on)
}

// Who names the actor.
func Who(l *i18n.Localizer, e core.AuditEntry) string {
	switch {
	case e.ActorKind == core.ActorNobody:
		return l.T("auditlog.nobody")
	case e.ActorKind == core.ActorToken:
		return l.T("auditlog.token", "name", e.ActorName)
	}
	return e.ActorName
}

// ActionName names an action as a list does: "Rename an app".
func ActionName(l *i18n.Localizer, action string) string {
	if key := "audit." + action + ".name"; l.Has(key) {
		return l.T(key)
	}
	return action
}

// group is a noun and what can be done with it.
type group struct {
	noun, name string
	actions    []option
}

type option struct{ value, name string }

// groups are the actions that have words, by noun.
func groups(l *i18n.Localizer) []group {
	var list []group
	for _, key := range l.Keys("audit.") {
		parts := strings.Split(key, ".")
		if len(parts) != 4 || parts[3] != "name" {
			continue
		}
		if len(list) == 0 || list[len(list)-1].noun != parts[1] {
			list = append(list, group{noun: parts[1], name: nounName(l, parts[1])})
		}
		g := &list[len(list)-1]
		g.actions = append(g.actions, option{parts[1] + "." + parts[2], l.T(key)})
	}
	slices.SortStableFunc(list, func(a, b group) int { return cmp.Compare(a.name, b.name) })
	return list
}

func nounName(l *i18n.Localizer, noun string) string {
	if key := "audit_noun." + noun; l.Has(key) {
		return l.T(key)
	}
	return noun
}

// Change is one value before and after.
type Change struct{ What, Before, After string }

// Changes are what an entry says that changed, worded.
func Changes(l *i18n.Localizer, e core.AuditEntry) []Change {
	names := map[string]bool{}
	for n := range e.Before {
		names[n] = true
	}
	for n := range e.After {
		names[n] = true
	}
	var list []Change
	for _, n := range sorted(names) {
		c := Change{What(l, n), value(l, n, e.Before[n]), value(l, n, e.After[n])}
		if e.Before[n] == core.Masked && e.After[n] == core.Masked {
			c.Before, c.After = "", l.T("auditlog.secret_changed")
		}
		list = append(list, c)
	}
	return list
}

func sorted(set map[string]bool) []string {
	names := make([]string, 0, len(set))
	for n := range set {
		names = append(names, n)
	}
	slices.Sort(names)
	return names
}

// What names a value.
func What(l *i18n.Localizer, name string) string {
	if v, ok := strings.CutPrefix(name, "env."); ok {
		return l.T("auditlog.env", "name", v)
	}
	if key := "audit_field." + name; l.Has(key) {
		return l.T(key)
	}
	if what, of := setting(l, name); what != "" {
		return l.T("diff."+what, "name", of)
	}
	return name
}

// setting finds what a name says of a release, as differences call it, and of which one: "share" and "1.4.0". "" when
// it is something else.
func setting(l *i18n.Localizer, name string) (what, of string) {
	for end := len(name); end > 0; end = strings.LastIndexByte(name[:end], '.') {
		if l.Has("diff." + name[:end]) {
			return name[:end], strings.TrimPrefix(name[end:], ".")
		}
	}
	return "", ""
}

// value words those values that are words of Berth's.
func value(l *i18n.Localizer, name, v string) string {
	if key := "audit_value." + name + "." + v; v != "" && l.Has(key) {
		return l.T(key)
	}
	if t, err := time.Parse(time.RFC3339, v); err == nil {
		return l.Exact(t)
	}
	if what, _ := setting(l, name); what != "" && v != "" && v != core.Masked {
		return release.Value(l, what, v)
	}
	return v
}

// look is how an outcome is shown: icon and kind.
func look(o core.AuditOutcome) (icon, kind string) {
	switch o {
	case core.AuditRefused:
		return "warn", "warn"
	case core.AuditFailed:
		return "bad", "bad"
	}
	return "check", "quiet"
}

// actors are those to choose from, and the one that is chosen.
func (m Page) actors(ctx context.Context) []option {
	var list []option
	chosen := m.Filter.Get("by")
	for _, a := range m.Actors {
		name := a.Name
		if a.Kind == core.ActorToken {
			name = i18n.T(ctx, "auditlog.token", "name", a.Name)
		}
		list = append(list, option{a.ID, name})
		if a.ID == chosen {
			chosen = ""
		}
	}
	if chosen != "" {
		list = append(list, option{chosen, m.nameOf(chosen)})
	}
	return list
}

func (m Page) nameOf(actor string) string {
	for _, e := range m.Entries {
		if e.ActorID == actor {
			return e.ActorName
		}
	}
	return actor
}

// day is the form with a day in it, whatever the address says beside it.
func (m Page) day(name string) ui.Form {
	f := m.Filter.Form
	f.Values = map[string]string{name: m.Filter.Get(name)}
	return f
}

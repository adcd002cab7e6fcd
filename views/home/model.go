// Package home is the list of a tenant's apps and databases.
package home

import (
	"context"
	"strings"

	"berth/core"
	"berth/views/i18n"
	"berth/views/layout"
	"berth/views/ui"
)

// Home is the page.
type Home struct {
	Page layout.Page
	List List
}

// List is the part of the page that lives: what the filter and the search leave of the apps.
type List struct {
	TenantID string
	Kind     string // "", "app", "service"
	Search   string
	Cursor   string // of this part of the list
	Next     string // of the next part, "" at the end
	Apps     []core.AppSummary
	Titles   map[string]string // of the catalogue's entries, by name
	CanNew   bool
	Inspect  bool // who looks may see versions and traffic
}

// Empty reports whether the tenant has nothing at all.
func (l List) Empty() bool {
	return len(l.Apps) == 0 && l.Kind == "" && l.Search == "" && l.Cursor == ""
}

// Troubled returns the apps that need somebody.
func (l List) Troubled() []core.AppSummary {
	var out []core.AppSummary
	for _, a := range l.Apps {
		if a.App.State == core.AppCrashing || a.App.State == core.AppFailed {
			out = append(out, a)
		}
	}
	return out
}

// summary says in a sentence what there is, when the whole list is seen.
func (l List) summary(ctx context.Context) string {
	apps, services := 0, 0
	for _, a := range l.Apps {
		if a.App.IsService() {
			services++
		} else {
			apps++
		}
	}
	switch {
	case l.Empty():
		return i18n.T(ctx, "home.nothing")
	case l.Kind != "" || l.Search != "" || l.Next != "" || l.Cursor != "":
		return i18n.T(ctx, "home.part", "count", len(l.Apps))
	}
	if services == 0 {
		return i18n.T(ctx, "home.only", "what", i18n.T(ctx, "home.apps", "count", apps))
	}
	if apps == 0 {
		return i18n.T(ctx, "home.only", "what", i18n.T(ctx, "home.databases", "count", services))
	}
	return i18n.T(ctx, "home.what", "apps", i18n.T(ctx, "home.apps", "count", apps),
		"databases", i18n.T(ctx, "home.databases", "count", services))
}

func requests(ctx context.Context, t core.TrafficCounts) (figure, unit string) {
	if ui.Largest(t.Recent) == 0 {
		return "", i18n.T(ctx, "home.no_requests")
	}
	return ui.Rate(t.Recent), i18n.T(ctx, "unit.per_second")
}

func troubleTitle(ctx context.Context, a core.App) string {
	if a.State == core.AppCrashing {
		return i18n.T(ctx, "home.keeps_stopping", "name", a.Name)
	}
	return i18n.T(ctx, "home.not_answering", "name", a.Name)
}

// version is what runs of an app: a label, or the database and its version.
func (l List) version(a core.AppSummary) string {
	s := a.App.Service
	if s == nil {
		return a.Version
	}
	if title, ok := l.Titles[s.Entry]; ok {
		return title + " " + s.Version
	}
	return s.Entry + " " + s.Version
}

// hostOf is an address as people read it.
func hostOf(url string) string {
	_, host, ok := strings.Cut(url, "://")
	if !ok {
		return url
	}
	return strings.TrimSuffix(host, "/")
}

// Package layout is the frame around every page.
package layout

import (
	"context"
	"strings"
	"unicode"
	"unicode/utf8"

	"berth/core"
	"berth/views/i18n"
)

// Page is what the frame shows around a page.
type Page struct {
	Title   string  // worded
	Section Section // which link of the navigation is current
	Tenant  core.Tenant
	Tenants []core.Tenant
	User    core.User
	Actor   core.Actor
	Theme   string // "light", "dark", "" follows the system
	Path    string // of this page, to come back to
	Asset   func(name string) string
	Toast   *Toast
	Support []core.SupportSession // of the tenant, that are open or wait for consent

	scripts []string // of static/, besides the common ones
}

// Section is a link of the navigation.
type Section string

const (
	SectionHome      Section = "home"
	SectionActivity  Section = "activity"
	SectionAlerts    Section = "alerts"
	SectionMembers   Section = "members"
	SectionQuota     Section = "quota"
	SectionAudit     Section = "audit"
	SectionTokens    Section = "tokens"
	SectionLogDrains Section = "log-drains"
	SectionTeam      Section = "team" // settings of the tenant
	SectionSupport   Section = "support"
	SectionTenants   Section = "tenants"
	SectionPlans     Section = "plans"
	SectionPeople    Section = "people"
	SectionPlatform  Section = "platform" // the audit of the platform
	SectionHosts     Section = "hosts"
	SectionProfile   Section = "profile"
)

// Toast says that something was accepted, with a link to follow it.
type Toast struct{ Text, Href, Link string }

// With returns a copy that loads further scripts of static/.
func (p Page) With(scripts ...string) Page {
	p.scripts = scripts
	return p
}

// Can reports whether the person may do act in the tenant of the page.
func (p Page) Can(act core.Action) bool { return p.Actor.Can(act, p.Tenant.ID) }

func (p Page) operator() bool { return p.Actor.Can(core.ActOperate, "") }

// support reports whether the person may help any tenant.
func (p Page) support() bool { return p.Actor.Can(core.ActSupport, "") }

// where names the place in the bar of small screens.
func (p Page) where(ctx context.Context) string {
	switch p.Section {
	case SectionHosts, SectionTenants, SectionPlans, SectionPeople, SectionPlatform:
		return i18n.T(ctx, "nav.operator")
	case SectionSupport:
		return i18n.T(ctx, "nav.support")
	case SectionProfile:
		return i18n.T(ctx, "nav.profile")
	}
	return p.Tenant.Name
}

// initials stand in for a picture.
func initials(name string) string {
	var out []rune
	for _, word := range strings.Fields(name) {
		r, _ := utf8.DecodeRuneInString(word)
		if out = append(out, unicode.ToUpper(r)); len(out) == 2 || r > unicode.MaxLatin1 {
			break
		}
	}
	return string(out)
}

func initial(name string) string {
	r, size := utf8.DecodeRuneInString(name)
	if size == 0 {
		return ""
	}
	return string(unicode.ToUpper(r))
}

func boolean(b bool) string {
	if b {
		return "true"
	}
	return "false"
}

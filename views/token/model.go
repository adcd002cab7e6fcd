// Package token gives programs access.
package token

import (
	"context"
	"strings"
	"time"

	"berth/core"
	"berth/views/i18n"
	"berth/views/layout"
	"berth/views/paths"
	"berth/views/ui"
)

// Page is the page of a team's tokens, or of a person's own.
type Page struct {
	Page     layout.Page
	Own      bool // the person's own
	Tokens   []core.Token
	Apps     []core.AppSummary // to narrow a token to
	MoreApps bool              // there are more of them than these
	Form     ui.Form           // name, scope, apps, more, expires, day
	Chosen   []string          // apps that were chosen
	Secret   string            // of the token just made; shown this once
	Registry string            // host and port of the image registry
	Now      time.Time
}

// Choices of a form.
const (
	AllApps    = "all"
	ChosenApps = "chosen"

	NeverExpires = "never"
	ExpiresOnDay = "day"
)

// Expiries are how long a token may work, in days or as one of the words above.
var Expiries = []string{"30", "90", "365", NeverExpires, ExpiresOnDay}

// NewForm is the form with what most choose.
func NewForm() ui.Form {
	return ui.NewForm("scope", string(core.ScopeDeploy), "apps", AllApps, "expires", "90")
}

func (m Page) action() string {
	if m.Own {
		return paths.OwnTokens
	}
	return paths.Tokens(m.Page.Tenant.ID)
}

func (m Page) revoke(t core.Token) string {
	if m.Own {
		return paths.DeleteOwnToken(t.ID)
	}
	return paths.DeleteToken(t.ID)
}

func (m Page) title(ctx context.Context) string {
	if m.Own {
		return i18n.T(ctx, "token.own_title")
	}
	return i18n.T(ctx, "nav.tokens")
}

// login is the line that signs in to the image registry.
func (m Page) login() string {
	return "echo " + m.Secret + " | docker login " + m.Registry + " -u token --password-stdin"
}

// tenantOf names the team of an app, where a page shows the apps of several.
func (m Page) tenantOf(a core.App) string {
	for _, t := range m.Page.Tenants {
		if m.Own && len(m.Page.Tenants) > 1 && t.ID == a.TenantID {
			return t.Name
		}
	}
	return ""
}

func (m Page) ended(t core.Token) bool { return !t.ExpiresAt.IsZero() && !m.Now.Before(t.ExpiresAt) }

func appsOf(ctx context.Context, t core.Token) string {
	if t.Apps == nil {
		return i18n.T(ctx, "token.apps_all")
	}
	return strings.Join(t.Apps, ", ")
}

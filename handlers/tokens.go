package handlers

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"berth/core"
	"berth/views/i18n"
	"berth/views/layout"
	"berth/views/paths"
	"berth/views/token"
	"berth/views/ui"
)

func (h *Handlers) tokensPage(c echo.Context) error {
	return h.renderTokens(c, http.StatusOK, token.Page{Form: token.NewForm()})
}

func (h *Handlers) ownTokensPage(c echo.Context) error {
	return h.renderTokens(c, http.StatusOK, token.Page{Own: true, Form: token.NewForm()})
}

func (h *Handlers) renderTokens(c echo.Context, status int, m token.Page) error {
	ctx := c.Request().Context()
	frame := h.tenantPage
	if m.Own { // which needs no team
		frame = func(c echo.Context) (layout.Page, error) { return h.page(c, "") }
	}
	p, err := frame(c)
	if err != nil {
		return err
	}
	filter := core.AppFilter{TenantID: p.Tenant.ID, Limit: maxLimit}
	p.Title, p.Section, p.Path = i18n.T(ctx, "nav.tokens"), layout.SectionTokens, paths.Tokens(p.Tenant.ID)
	if m.Own {
		filter.TenantID = ""
		p.Title, p.Section, p.Path = i18n.T(ctx, "token.own_title"), layout.SectionProfile, paths.OwnTokens
		m.Tokens, err = h.Service.OwnTokens(ctx)
	} else {
		m.Tokens, err = h.Service.Tokens(ctx, p.Tenant.ID)
	}
	if err != nil {
		return err
	}
	apps, next, err := h.Service.Apps(ctx, filter)
	if err != nil {
		return err
	}
	m.Page, m.Apps, m.MoreApps, m.Registry, m.Now = p, apps, next != "", h.registryHost(), time.Now()
	return render(c, status, token.TokensPage(m))
}

// createToken shows the secret in its answer and never again.
func (h *Handlers) createToken(c echo.Context) error {
	p, err := h.tenantPage(c)
	if err != nil {
		return err
	}
	in, faults := tokenForm(c)
	in.TenantID = p.Tenant.ID
	_, secret, err := h.Service.CreateToken(c.Request().Context(), in)
	return h.answerTokenForm(c, token.Page{Secret: secret, Chosen: in.Apps}, faults, err)
}

func (h *Handlers) createOwnToken(c echo.Context) error {
	in, faults := tokenForm(c)
	_, secret, err := h.Service.CreateOwnToken(c.Request().Context(), in)
	return h.answerTokenForm(c, token.Page{Own: true, Secret: secret, Chosen: in.Apps}, faults, err)
}

func (h *Handlers) answerTokenForm(c echo.Context, m token.Page, faults core.Faults, err error) error {
	if err == nil {
		m.Form, m.Chosen = token.NewForm(), nil
		return h.renderTokens(c, http.StatusOK, m)
	}
	typed := ui.NewForm("name", c.FormValue("name"), "scope", c.FormValue("scope"), "apps", c.FormValue("apps"),
		"more", c.FormValue("more"), "expires", c.FormValue("expires"), "day", c.FormValue("day"))
	form, ok := failed(typed, err)
	if !ok {
		return err
	}
	for _, f := range faults {
		delete(form.Errors, "expires_at")
		form.Errors[f.Field] = f.Message
	}
	m.Form = form
	return h.renderTokens(c, http.StatusUnprocessableEntity, m)
}

// tokenForm reads the form of a new token. Where a day cannot be read, the token ends before it begins, so that none
// is made, and faults says why.
func tokenForm(c echo.Context) (in core.Token, faults core.Faults) {
	in = core.Token{Name: c.FormValue("name"), Scope: core.Scope(c.FormValue("scope"))}
	if c.FormValue("apps") == token.ChosenApps {
		in.Apps = chosenApps(c.Request().Form)
	}
	switch expires := c.FormValue("expires"); expires {
	case token.NeverExpires:
	case token.ExpiresOnDay:
		day, err := time.ParseInLocation(time.DateOnly, c.FormValue("day"), i18n.From(c.Request().Context()).Zone())
		if err != nil {
			faults.Add("day", "error.day_malformed")
			day = time.Unix(0, 0)
		}
		in.ExpiresAt = day.AddDate(0, 0, 1)
	default:
		days, _ := strconv.Atoi(expires)
		if !slices.Contains(token.Expiries, expires) {
			days = 90
		}
		in.ExpiresAt = time.Now().AddDate(0, 0, days)
	}
	return in, faults
}

// chosenApps are those that were ticked and those that were typed; never nil, which would mean all.
func chosenApps(form url.Values) []string {
	apps := append([]string{}, form["app"]...)
	for _, id := range strings.Fields(form.Get("more")) {
		if !slices.Contains(apps, id) {
			apps = append(apps, id)
		}
	}
	return apps
}

func (h *Handlers) deleteToken(c echo.Context) error {
	tenant := c.FormValue("tenant")
	if err := h.Service.DeleteToken(c.Request().Context(), tenant, c.Param("token")); err != nil {
		return err
	}
	return redirect(c, paths.Tokens(tenant))
}

func (h *Handlers) deleteOwnToken(c echo.Context) error {
	if err := h.Service.DeleteOwnToken(c.Request().Context(), c.Param("token")); err != nil {
		return err
	}
	return redirect(c, paths.OwnTokens)
}

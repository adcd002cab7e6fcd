package handlers

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"berth/core"
	"berth/views/i18n"
	"berth/views/layout"
	"berth/views/paths"
	"berth/views/token"
	"berth/views/ui"
)

func (h *Handlers) tokensPage(c echo.Context) error {
	return h.renderTokens(c, http.StatusOK, ui.NewForm("scope", string(core.ScopeDeploy)), "")
}

func (h *Handlers) renderTokens(c echo.Context, status int, f ui.Form, secret string) error {
	ctx := c.Request().Context()
	p, err := h.tenantPage(c)
	if err != nil {
		return err
	}
	p.Title, p.Section, p.Path = i18n.T(ctx, "nav.tokens"), layout.SectionTokens, paths.Tokens(p.Tenant.ID)
	tokens, err := h.Service.Tokens(ctx, p.Tenant.ID)
	if err != nil {
		return err
	}
	return render(c, status, token.TokensPage(token.Page{Page: p, Tokens: tokens, Form: f, Secret: secret}))
}

// createToken shows the secret in its answer and never again.
func (h *Handlers) createToken(c echo.Context) error {
	p, err := h.tenantPage(c)
	if err != nil {
		return err
	}
	in := core.Token{TenantID: p.Tenant.ID, Name: c.FormValue("name"), Scope: core.Scope(c.FormValue("scope"))}
	_, secret, err := h.Service.CreateToken(c.Request().Context(), in)
	if err != nil {
		form, ok := failed(ui.NewForm("name", in.Name, "scope", string(in.Scope)), err)
		if !ok {
			return err
		}
		return h.renderTokens(c, http.StatusUnprocessableEntity, form, "")
	}
	return h.renderTokens(c, http.StatusOK, ui.NewForm("scope", string(core.ScopeDeploy)), secret)
}

func (h *Handlers) deleteToken(c echo.Context) error {
	tenant := c.FormValue("tenant")
	if err := h.Service.DeleteToken(c.Request().Context(), tenant, c.Param("token")); err != nil {
		return err
	}
	return redirect(c, paths.Tokens(tenant))
}

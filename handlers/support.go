package handlers

import (
	"context"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"berth/core"
	"berth/views/i18n"
	"berth/views/layout"
	"berth/views/paths"
	"berth/views/support"
	"berth/views/ui"
)

// onlySupport reports whether somebody helps in other people's teams and has none of their own.
func onlySupport(a core.Actor) bool {
	for _, role := range a.Roles {
		if role.Valid() {
			return false
		}
	}
	return a.Support && !a.Operator
}

func (h *Handlers) supportPage(c echo.Context) error {
	form := ui.NewForm("lasts", "1h")
	return h.renderSupport(c, http.StatusOK, c.QueryParam("q"), c.QueryParam("tenant"), form)
}

// renderSupport shows the search, what it finds, and the form for a session in a tenant when there is one.
func (h *Handlers) renderSupport(c echo.Context, status int, q, tenant string, f ui.Form) error {
	ctx := c.Request().Context()
	if err := actor(ctx).Authorize(core.ActSupport, ""); err != nil {
		return err
	}
	p, err := h.page(c, "")
	if err != nil {
		return err
	}
	p.Title, p.Section, p.Path = i18n.T(ctx, "support.title"), layout.SectionSupport, paths.SupportSearch(q, "")
	p.Support = nil // its sessions stand on the page itself
	m := support.Search{Page: p, Query: q, Opening: support.Opening{TenantID: tenant, Query: q, Form: f}}
	if q != "" {
		m.Hits, err = h.Service.FindForSupport(ctx, q)
		if core.ErrorCode(err) == core.EINVALID {
			m.Fault, err = faultAt(err, "q"), nil
		} else {
			m.Searched = true
		}
		if err != nil {
			return err
		}
	}
	if m.Sessions, err = h.ownSupport(ctx); err != nil {
		return err
	}
	m.Names = make(map[string]core.Tenant, len(p.Tenants))
	for _, t := range p.Tenants {
		m.Names[t.ID] = t
	}
	return render(c, status, support.SearchPage(m))
}

// ownSupport are the sessions of whoever asks that are open or wait; an operator's token has none.
func (h *Handlers) ownSupport(ctx context.Context) ([]core.SupportSession, error) {
	return h.Service.SupportSessions(ctx, core.SupportFilter{Active: time.Now()})
}

// faultAt is what an error says about a field.
func faultAt(err error, field string) core.Text {
	if text, ok := ui.NewForm().Fail(err).Errors[field]; ok {
		return text
	}
	return core.ErrorMessage(err)
}

func (h *Handlers) openSupport(c echo.Context) error {
	tenant, q := c.FormValue("tenant"), c.FormValue("q")
	lasts, err := time.ParseDuration(c.FormValue("lasts"))
	if err != nil {
		lasts = -1 // refused like any other one that is out of bounds
	}
	_, err = h.Service.OpenSupport(c.Request().Context(), core.NewSupport{TenantID: tenant, Reason: c.FormValue("reason"), Lasts: lasts})
	if err == nil {
		return redirect(c, paths.SupportSearch(q, ""))
	}
	form, ok := failed(ui.NewForm("reason", c.FormValue("reason"), "lasts", c.FormValue("lasts")), err)
	if !ok {
		return err
	}
	return h.renderSupport(c, http.StatusUnprocessableEntity, q, tenant, form)
}

// endSupport leads back to where one was. What one may no longer see there, its page says.
func (h *Handlers) endSupport(c echo.Context) error {
	ctx := c.Request().Context()
	if err := h.Service.EndSupport(ctx, c.Param("session")); err != nil {
		return err
	}
	if onlySupport(actor(ctx)) {
		return redirect(c, paths.Support)
	}
	return redirect(c, SafeNext(c.FormValue("next")))
}

func (h *Handlers) decideSupport(c echo.Context) error {
	agree := c.FormValue("agree")
	if agree != "yes" && agree != "no" {
		return core.Invalid("agree", "error.field_type")
	}
	if _, err := h.Service.DecideSupport(c.Request().Context(), c.Param("session"), agree == "yes"); err != nil {
		return err
	}
	return redirect(c, SafeNext(c.FormValue("next")))
}

func (h *Handlers) setConsent(c echo.Context) error {
	tenant := c.FormValue("tenant")
	if err := h.Service.AskConsent(c.Request().Context(), tenant, c.FormValue("ask") == "yes"); err != nil {
		return err
	}
	return redirect(c, paths.TenantSettings(tenant))
}

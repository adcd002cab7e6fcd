package handlers

import (
	"net/http"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"berth/core"
	"berth/views/drain"
	"berth/views/i18n"
	"berth/views/layout"
	"berth/views/paths"
	"berth/views/ui"
)

// drainsPage shows the drains, and the form for another, or for the one that is to be changed.
func (h *Handlers) drainsPage(c echo.Context) error {
	return h.renderDrains(c, http.StatusOK, drain.Page{Change: c.QueryParam("change")})
}

func (h *Handlers) renderDrains(c echo.Context, status int, m drain.Page) error {
	ctx := c.Request().Context()
	p, err := h.tenantPage(c)
	if err != nil {
		return err
	}
	p.Title, p.Section, p.Path = i18n.T(ctx, "nav.log_drains"), layout.SectionLogDrains, paths.LogDrains(p.Tenant.ID)
	if m.Drains, err = h.Service.LogDrains(ctx, p.Tenant.ID); err != nil {
		return err
	}
	if m.Form.Values == nil {
		m.Form = drain.NewForm()
	}
	if m.Change != "" {
		n := slices.IndexFunc(m.Drains, func(d core.LogDrain) bool { return d.ID == m.Change })
		if n < 0 {
			return core.NotFound()
		}
		if !m.Form.Failed() {
			m.Form = drain.FormOf(m.Drains[n])
		}
	}
	m.Page = p
	return render(c, status, drain.DrainsPage(m))
}

func (h *Handlers) createDrain(c echo.Context) error { return h.putDrain(c, "") }

func (h *Handlers) changeDrain(c echo.Context) error { return h.putDrain(c, c.Param("drain")) }

// putDrain makes a drain, or changes the one of an id.
func (h *Handlers) putDrain(c echo.Context, id string) error {
	p, err := h.tenantPage(c)
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	d := core.LogDrain{ID: id, TenantID: p.Tenant.ID, Name: c.FormValue("name"), Kind: core.DrainKind(c.FormValue("kind"))}
	t := core.DrainTarget{URL: c.FormValue("url"), Header: c.FormValue("header"), Secret: c.FormValue("secret"), CA: strings.TrimSpace(c.FormValue("ca"))}
	if d.Kind == core.DrainSyslog {
		t.Header, t.Secret = "", "" // the form does not show them then
	}
	if id == "" {
		_, err = h.Service.CreateLogDrain(ctx, d, t)
	} else {
		_, err = h.Service.ChangeLogDrain(ctx, d, t)
	}
	if err == nil {
		return redirect(c, paths.LogDrains(p.Tenant.ID))
	}
	form, ok := failed(ui.NewForm("name", d.Name, "kind", string(d.Kind), "url", t.URL, "header", t.Header, "ca", t.CA), err)
	if !ok {
		return err
	}
	return h.renderDrains(c, http.StatusUnprocessableEntity, drain.Page{Change: id, Form: form})
}

func (h *Handlers) deleteDrain(c echo.Context) error {
	tenant := c.FormValue("tenant")
	if err := h.Service.DeleteLogDrain(c.Request().Context(), tenant, c.Param("drain")); err != nil {
		return err
	}
	return redirect(c, paths.LogDrains(tenant))
}

package handlers

import (
	"net/http"
	"net/url"

	"github.com/labstack/echo/v4"

	"berth/core"
	"berth/views/i18n"
	"berth/views/layout"
	"berth/views/paths"
	"berth/views/tenant"
	"berth/views/ui"
)

func (h *Handlers) tenantsPage(c echo.Context) error {
	return h.renderTenants(c, http.StatusOK, ui.NewForm("plan", core.UnlimitedPlan))
}

func (h *Handlers) renderTenants(c echo.Context, status int, f ui.Form) error {
	ctx := c.Request().Context()
	p, err := h.page(c, "")
	if err != nil {
		return err
	}
	p.Title, p.Section = i18n.T(ctx, "nav.tenants"), layout.SectionTenants
	m := tenant.List{Page: p, Form: f, Search: c.QueryParam("q")}
	m.Tenants, m.Next, err = h.Service.TenantSummaries(ctx, core.TenantFilter{Search: m.Search, Cursor: c.QueryParam("cursor"), Limit: pageSize})
	if err != nil {
		return err
	}
	if m.Plans, err = h.Service.PlanNames(ctx); err != nil {
		return err
	}
	return render(c, status, tenant.ListPage(m))
}

func (h *Handlers) createTenant(c echo.Context) error {
	name, plan := c.FormValue("name"), c.FormValue("plan")
	t, err := h.Service.CreateTenant(c.Request().Context(), name, plan)
	if err == nil {
		return redirect(c, paths.Tenant(t.ID))
	}
	form, ok := failed(ui.NewForm("name", name, "plan", plan), err)
	if !ok {
		return err
	}
	return h.renderTenants(c, statusOfForm(err), form)
}

// operatorTenantPage is a tenant as operators see it.
func (h *Handlers) operatorTenantPage(c echo.Context) error {
	ctx := c.Request().Context()
	if err := actor(ctx).Authorize(core.ActOperate, ""); err != nil {
		return err
	}
	t, err := h.Service.Tenant(ctx, c.Param("tenant"))
	if err != nil {
		return err
	}
	return h.renderTenant(c, http.StatusOK, t, ui.NewForm("name", t.Name, "plan", t.Plan))
}

func (h *Handlers) renderTenant(c echo.Context, status int, t core.Tenant, f ui.Form) error {
	ctx := c.Request().Context()
	plans, err := h.Service.PlanNames(ctx) // for operators only
	if err != nil {
		return err
	}
	estate, err := h.Service.TenantEstate(ctx, t.ID)
	if err != nil {
		return err
	}
	p, err := h.page(c, t.ID)
	if err != nil {
		return err
	}
	p.Title, p.Section, p.Path = t.Name, layout.SectionTenants, paths.Tenant(t.ID)
	return render(c, status, tenant.OperatorPage(tenant.Operator{Page: p, Tenant: t, Estate: estate, Plans: plans, Form: f,
		Invite: inviteForm("", core.RoleAdmin)}))
}

func (h *Handlers) changeTenant(c echo.Context) error {
	ctx, id := c.Request().Context(), c.Param("tenant")
	if err := actor(ctx).Authorize(core.ActOperate, ""); err != nil {
		return err
	}
	name, plan := c.FormValue("name"), c.FormValue("plan")
	_, err := h.Service.ChangeTenant(ctx, id, core.TenantChange{Name: &name, Plan: &plan})
	if err == nil {
		return redirect(c, paths.Tenant(id))
	}
	form, ok := failed(ui.NewForm("name", name, "plan", plan), err)
	if !ok {
		return err
	}
	t, err := h.Service.Tenant(ctx, id)
	if err != nil {
		return err
	}
	return h.renderTenant(c, http.StatusUnprocessableEntity, t, form)
}

// tenantSettingsPage is what admins set of their tenant.
func (h *Handlers) tenantSettingsPage(c echo.Context) error {
	return h.renderTenantSettings(c, http.StatusOK, nil)
}

func (h *Handlers) renderTenantSettings(c echo.Context, status int, f *ui.Form) error {
	ctx := c.Request().Context()
	p, err := h.tenantPage(c)
	if err != nil {
		return err
	}
	if err := actor(ctx).Authorize(core.ActManage, p.Tenant.ID); err != nil {
		return err
	}
	p.Title, p.Section, p.Path = i18n.T(ctx, "nav.team"), layout.SectionTeam, paths.TenantSettings(p.Tenant.ID)
	m := tenant.Settings{Page: p, Form: ui.NewForm("name", p.Tenant.Name), Saved: c.QueryParam("saved") != ""}
	if f != nil {
		m.Form = *f
	}
	return render(c, status, tenant.SettingsPage(m))
}

func (h *Handlers) saveTenantSettings(c echo.Context) error {
	id, name := c.FormValue("tenant"), c.FormValue("name")
	_, err := h.Service.ChangeTenant(c.Request().Context(), id, core.TenantChange{Name: &name})
	if err == nil {
		return redirect(c, paths.TenantSettings(id)+"&saved=1")
	}
	form, ok := failed(ui.NewForm("name", name), err)
	if !ok {
		return err
	}
	return h.renderTenantSettings(c, statusOfForm(err), &form)
}

func (h *Handlers) deleteTenantPage(c echo.Context) error {
	return h.renderDeleteTenant(c, http.StatusOK, ui.NewForm())
}

// renderDeleteTenant lists what goes before it asks for the name.
func (h *Handlers) renderDeleteTenant(c echo.Context, status int, f ui.Form) error {
	ctx := c.Request().Context()
	p, err := h.tenantPage(c)
	if err != nil {
		return err
	}
	estate, err := h.Service.TenantEstate(ctx, p.Tenant.ID)
	if err != nil {
		return err
	}
	p.Title, p.Section, p.Path = i18n.T(ctx, "tenant.delete_title", "name", p.Tenant.Name), layout.SectionTeam, paths.DeleteTenant(p.Tenant.ID)
	return render(c, status, tenant.DeletePage(tenant.Delete{Page: p, Estate: estate, Form: f}))
}

// deleteTenant leads operators to the operation; a member of the tenant soon cannot see it any more.
func (h *Handlers) deleteTenant(c echo.Context) error {
	ctx, id := c.Request().Context(), c.FormValue("tenant")
	op, err := h.Service.DeleteTenant(ctx, id, c.FormValue("name"))
	if err != nil {
		form, ok := failed(ui.NewForm("name", c.FormValue("name")), err)
		if !ok {
			return err
		}
		return h.renderDeleteTenant(c, statusOfForm(err), form)
	}
	if actor(ctx).Can(core.ActOperate, "") {
		return redirect(c, paths.Operation(op.ID))
	}
	return redirect(c, paths.Home("")+"?deleted="+url.QueryEscape(op.Name))
}

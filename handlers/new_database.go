package handlers

import (
	"context"
	"net/http"

	"github.com/labstack/echo/v4"

	"berth/core"
	"berth/views/paths"
	"berth/views/ui"
	"berth/views/wizard"
)

func (h *Handlers) databasesPage(c echo.Context) error {
	p, err := h.wizardPage(c, c.QueryParam("tenant"))
	if err != nil {
		return err
	}
	entries, err := h.Service.Catalog(c.Request().Context())
	if err != nil {
		return err
	}
	return render(c, http.StatusOK, wizard.DatabasesPage(wizard.Databases{Page: p, Entries: entries}))
}

// entry finds the catalogue entry of the address.
func (h *Handlers) entry(ctx context.Context, name string) (core.CatalogEntry, error) {
	entries, err := h.Service.Catalog(ctx)
	if err != nil {
		return core.CatalogEntry{}, err
	}
	for _, e := range entries {
		if e.Name == name {
			return e, nil
		}
	}
	return core.CatalogEntry{}, core.NotFound()
}

func (h *Handlers) databasePage(c echo.Context) error {
	ctx := c.Request().Context()
	e, err := h.entry(ctx, c.Param("entry"))
	if err != nil {
		return err
	}
	form := ui.NewForm("name", e.Title)
	if len(e.Versions) > 0 {
		form.Values["version"] = e.Versions[0].Version
	}
	if len(e.Plans) > 0 {
		form.Values["plan"] = e.Plans[0].Name
	}
	free, err := h.Service.SuggestIDs(ctx, e.Name)
	if err != nil {
		return err
	}
	if len(free) > 0 {
		form.Values["id"] = free[0]
	}
	return h.renderDatabase(c, http.StatusOK, e, form)
}

func (h *Handlers) renderDatabase(c echo.Context, status int, e core.CatalogEntry, f ui.Form) error {
	p, err := h.wizardPage(c, c.FormValue("tenant"))
	if err != nil {
		return err
	}
	p.Path = paths.NewDatabaseOf(p.Tenant.ID, e.Name)
	a, err := h.address(c.Request().Context(), f, true)
	if err != nil {
		return err
	}
	check, err := h.newQuotaCheck(c, p.Tenant.ID, e.Name, f.Values["plan"])
	if err != nil {
		return err
	}
	return render(c, status, wizard.DatabasePage(wizard.Database{Page: p, Entry: e, Form: f, Address: a, Check: check}))
}

func (h *Handlers) createDatabase(c echo.Context) error {
	ctx := c.Request().Context()
	e, err := h.entry(ctx, c.Param("entry"))
	if err != nil {
		return err
	}
	in := core.NewApp{TenantID: c.FormValue("tenant"), Name: c.FormValue("name"), ID: c.FormValue("id"), Service: e.Name,
		Version: c.FormValue("version"), Plan: c.FormValue("plan")}
	_, op, err := h.Service.CreateApp(ctx, in)
	if err != nil {
		form, ok := failed(ui.NewForm("name", in.Name, "id", in.ID, "version", in.Version, "plan", in.Plan), err)
		if !ok {
			return err
		}
		return h.renderDatabase(c, http.StatusUnprocessableEntity, e, form)
	}
	return redirect(c, paths.Operation(op.ID))
}

package handlers

import (
	"context"
	"net/http"

	"github.com/a-h/templ"
	"github.com/labstack/echo/v4"

	"berth/core"
	"berth/views/home"
	"berth/views/i18n"
	"berth/views/layout"
	"berth/views/paths"
	"berth/views/ui"
)

// pageSize is how many apps the home page shows at once.
const pageSize = 50

func (h *Handlers) homePage(c echo.Context) error {
	ctx := c.Request().Context()
	if c.QueryParam("tenant") == "" && onlySupport(actor(ctx)) {
		return redirect(c, paths.Support)
	}
	p, err := h.page(c, c.FormValue("tenant"))
	if err != nil {
		return err
	}
	if p.Tenant.ID == "" {
		return h.renderNoTeam(c, http.StatusOK, ui.NewForm())
	}
	p.Title, p.Section = p.Tenant.Name, layout.SectionHome
	if name := c.QueryParam("deleted"); name != "" {
		p.Toast = &layout.Toast{Text: i18n.T(ctx, "toast.delete", "name", name)}
	}
	list, err := h.homeList(ctx, core.AppFilter{TenantID: p.Tenant.ID, Kind: c.QueryParam("kind"),
		Search: c.QueryParam("q"), Cursor: c.QueryParam("cursor"), Limit: pageSize})
	if err != nil {
		return err
	}
	return render(c, http.StatusOK, home.HomePage(home.Home{Page: p, List: list}))
}

// renderNoTeam is the home of somebody who is in no tenant.
func (h *Handlers) renderNoTeam(c echo.Context, status int, f ui.Form) error {
	ctx := c.Request().Context()
	p, err := h.page(c, "")
	if err != nil {
		return err
	}
	p.Title, p.Section, p.Path = i18n.T(ctx, "no_team.title"), layout.SectionHome, "/"
	if name := c.QueryParam("deleted"); name != "" {
		p.Toast = &layout.Toast{Text: i18n.T(ctx, "toast.delete", "name", name)}
	}
	return render(c, status, home.NoTeamPage(home.NoTeam{Page: p, Form: f, CanFound: h.Service.RegistrationOpen()}))
}

func (h *Handlers) homeList(ctx context.Context, f core.AppFilter) (home.List, error) {
	apps, next, err := h.Service.Apps(ctx, f)
	if err != nil {
		return home.List{}, err
	}
	titles, err := h.titles(ctx)
	return home.List{TenantID: f.TenantID, Kind: f.Kind, Search: f.Search, Cursor: f.Cursor, Next: next, Apps: apps,
		Titles: titles, CanNew: actor(ctx).Can(core.ActCreate, f.TenantID),
		Inspect: actor(ctx).Can(core.ActInspect, f.TenantID)}, err
}

// titles are the names of the catalogue's entries as people read them.
func (h *Handlers) titles(ctx context.Context) (map[string]string, error) {
	entries, err := h.Service.Catalog(ctx)
	titles := make(map[string]string, len(entries))
	for _, e := range entries {
		titles[e.Name] = e.Title
	}
	return titles, err
}

// HomeLive is the part of the home page that lives, for the filter that the stream's address carries.
func (h *Handlers) HomeLive(ctx context.Context, tenant string) (templ.Component, error) {
	f := queryFrom(ctx)
	list, err := h.homeList(ctx, core.AppFilter{TenantID: tenant, Kind: f.Get("kind"), Search: f.Get("q"),
		Cursor: f.Get("cursor"), Limit: pageSize})
	return home.Update(list), err
}

package handlers

import (
	"context"
	"net/http"
	"net/url"
	"strconv"

	"github.com/a-h/templ"
	"github.com/labstack/echo/v4"

	"berth/core"
	"berth/views/app"
	"berth/views/i18n"
	"berth/views/layout"
	"berth/views/paths"
	"berth/views/ui"
)

// head is what stands above the pages of an app.
func (h *Handlers) head(ctx context.Context, id string, tab app.Tab) (app.Head, error) {
	a, err := h.Service.App(ctx, id)
	if err != nil {
		return app.Head{}, err
	}
	who := actor(ctx)
	head := app.Head{App: a, Tab: tab, CanInspect: who.Can(core.ActInspect, a.TenantID),
		CanDeploy: who.Can(core.ActDeploy, a.TenantID), CanDelete: who.Can(core.ActDelete, a.TenantID), CanAudit: who.Can(core.ActAudit, a.TenantID),
		CanCredentials: who.Can(core.ActCredentials, a.TenantID)}
	if head.CanDeploy && a.Release > 0 {
		staged, err := h.stagedChanges(ctx, a.ID)
		if err != nil {
			return head, err
		}
		head.Staged = len(staged.Changes)
	}
	if !a.IsService() {
		head.URL = h.Service.URL(a.ID)
		return head, nil
	}
	titles, err := h.titles(ctx)
	if head.Title = titles[a.Service.Entry]; head.Title == "" {
		head.Title = a.Service.Entry
	}
	return head, err
}

// appPage is the frame of a page of an app.
func (h *Handlers) appPage(c echo.Context, id string, tab app.Tab) (layout.Page, app.Head, error) {
	ctx := c.Request().Context()
	head, err := h.head(ctx, id, tab)
	if err != nil {
		return layout.Page{}, head, err
	}
	p, err := h.page(c, head.App.TenantID)
	p.Title, p.Section = head.App.Name, layout.SectionHome
	if tab != app.TabOverview {
		p.Title = i18n.T(ctx, "app.title", "tab", i18n.T(ctx, "tab."+string(tab)), "name", head.App.Name)
	}
	return p, head, err
}

// headPart is the head of a page that does not live.
func (h *Handlers) headPart(c echo.Context) error {
	head, err := h.head(c.Request().Context(), c.Param("app"), app.Tab(c.QueryParam("tab")))
	if err != nil {
		return err
	}
	return render(c, http.StatusOK, app.HeadOf(head))
}

// accept leads back to the overview, which says that the operation was accepted.
func accept(c echo.Context, op core.Operation, err error) error {
	if err != nil {
		return err
	}
	return redirect(c, paths.AppAccepted(op.AppID, op.ID))
}

func (h *Handlers) startApp(c echo.Context) error {
	op, err := h.Service.StartApp(c.Request().Context(), c.Param("app"))
	return accept(c, op, err)
}

func (h *Handlers) stopApp(c echo.Context) error {
	op, err := h.Service.StopApp(c.Request().Context(), c.Param("app"))
	return accept(c, op, err)
}

func (h *Handlers) restartApp(c echo.Context) error {
	op, err := h.Service.RestartApp(c.Request().Context(), c.Param("app"))
	return accept(c, op, err)
}

func (h *Handlers) scaleApp(c echo.Context) error {
	n, err := strconv.Atoi(c.FormValue("replicas"))
	if err != nil || n < 0 || n > core.MaxReplicas {
		return core.Invalid("replicas", "error.number_range", "min", "0", "max", strconv.Itoa(core.MaxReplicas))
	}
	if c.FormValue("then") == "stage" {
		next, err := h.releaseOrStage(c, c.Param("app"), core.NewRelease{Replicas: &n})
		if err != nil {
			return err
		}
		return redirect(c, next)
	}
	_, op, err := h.Service.Scale(c.Request().Context(), c.Param("app"), n)
	return accept(c, op, err)
}

// toast says that an operation of the app was accepted, when the address says so.
func (h *Handlers) toast(c echo.Context, a core.App) (*layout.Toast, error) {
	id := c.QueryParam("accepted")
	if id == "" {
		return nil, nil
	}
	ctx := c.Request().Context()
	op, err := h.Service.Operation(ctx, id)
	if core.ErrorCode(err) == core.ENOTFOUND {
		return nil, nil
	}
	return &layout.Toast{Text: i18n.T(ctx, "toast."+string(op.Kind), "name", a.Name), Href: paths.Operation(op.ID),
		Link: i18n.T(ctx, "app.follow")}, err
}

func (h *Handlers) deletePage(c echo.Context) error {
	return h.renderDelete(c, http.StatusOK, ui.NewForm())
}

func (h *Handlers) renderDelete(c echo.Context, status int, f ui.Form) error {
	p, head, err := h.appPage(c, c.Param("app"), app.TabOverview)
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	if err := actor(ctx).Authorize(core.ActDelete, head.App.TenantID); err != nil {
		return err
	}
	d, err := h.deletion(ctx, head.App, f)
	if err != nil {
		return err
	}
	return render(c, status, app.DeletePage(p, d))
}

func (h *Handlers) deletion(ctx context.Context, a core.App, f ui.Form) (app.Delete, error) {
	d := app.Delete{App: a, Form: f}
	var err error
	if a.IsService() && actor(ctx).Can(core.ActDelete, a.TenantID) {
		d.UsedBy, err = h.Service.UsedBy(ctx, a.ID)
	}
	return d, err
}

func (h *Handlers) deleteApp(c echo.Context) error {
	ctx, id := c.Request().Context(), c.Param("app")
	a, err := h.Service.App(ctx, id)
	if err != nil {
		return err
	}
	keep := a.IsService() && c.FormValue("data") != "delete"
	if _, err := h.Service.DeleteApp(ctx, id, c.FormValue("name"), keep); err != nil {
		form, ok := failed(ui.NewForm("name", c.FormValue("name"), "data", c.FormValue("data")), err)
		if !ok {
			return err
		}
		return h.renderDelete(c, http.StatusUnprocessableEntity, form)
	}
	return redirect(c, paths.Home(a.TenantID)+"&deleted="+url.QueryEscape(a.Name))
}

// AppLive is the part of the overview that lives.
func (h *Handlers) AppLive(ctx context.Context, id string) (templ.Component, error) {
	o, err := h.overview(ctx, id)
	return app.OverviewFragment(o), err
}

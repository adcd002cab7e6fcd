package handlers

import (
	"context"
	"net/http"

	"github.com/labstack/echo/v4"

	"berth/core"
	"berth/views/app"
	"berth/views/i18n"
	"berth/views/layout"
	"berth/views/paths"
	"berth/views/release"
	"berth/views/ui"
	"berth/views/version"
)

// deployableApp is the frame of a page that changes an app.
func (h *Handlers) deployableApp(c echo.Context, id string) (layout.Page, app.Head, error) {
	ctx := c.Request().Context()
	p, head, err := h.appPage(c, id, app.TabVersions)
	if err != nil {
		return p, head, err
	}
	p.Title = i18n.T(ctx, "app.deploy")
	return p, head, actor(ctx).Authorize(core.ActDeploy, head.App.TenantID)
}

func (h *Handlers) deployPage(c echo.Context) error {
	v, err := h.versionOr(c, c.QueryParam("version"))
	if err != nil {
		return err
	}
	form := ui.NewForm("plan", core.AppPlans[0].Name, "port", portText(v.Detected.Port))
	if a, err := h.Service.App(c.Request().Context(), v.AppID); err == nil && a.Plan != "" {
		form.Values["plan"] = a.Plan
	}
	current, err := h.currentRelease(c.Request().Context(), v.AppID)
	if err != nil {
		return err
	}
	release.FillStrategy(form, current.Spec.Strategy)
	return h.renderDeploy(c, http.StatusOK, v, form)
}

// versionOr returns the version of a label, the newest for "".
func (h *Handlers) versionOr(c echo.Context, label string) (core.Version, error) {
	ctx, id := c.Request().Context(), c.Param("app")
	if label != "" {
		return h.Service.Version(ctx, id, label)
	}
	versions, err := h.Service.Versions(ctx, id)
	if err == nil && len(versions) == 0 {
		err = core.NotFound()
	}
	if err != nil {
		return core.Version{}, err
	}
	return versions[0], nil
}

func (h *Handlers) renderDeploy(c echo.Context, status int, v core.Version, f ui.Form) error {
	p, head, err := h.deployableApp(c, v.AppID)
	if err != nil {
		return err
	}
	p.Path = paths.Deploy(head.App.ID, v.Label)
	current, err := h.currentRelease(c.Request().Context(), v.AppID)
	if err != nil {
		return err
	}
	fields, err := h.releaseFields(c, head.App.TenantID, f, nil, nil)
	if err != nil {
		return err
	}
	check, err := h.releaseCheck(c, head.App, v.Label, core.AppPlans, f)
	if err != nil {
		return err
	}
	return render(c, status, version.DeployPage(version.Deploy{Page: p, Head: head, Version: v, Current: current, Fields: fields,
		Check: check}))
}

// currentRelease is zero before the first.
func (h *Handlers) currentRelease(ctx context.Context, id string) (core.Release, error) {
	r, err := h.Service.CurrentRelease(ctx, id)
	if core.ErrorCode(err) == core.ENOTFOUND {
		return core.Release{}, nil
	}
	return r, err
}

func (h *Handlers) deploy(c echo.Context) error {
	v, err := h.versionOr(c, c.FormValue("version"))
	if err != nil {
		return err
	}
	form := releaseForm(c)
	in, err := releaseInput(c, core.AppPlans, core.ReleaseSpec{})
	if err != nil {
		return h.renderDeploy(c, http.StatusUnprocessableEntity, v, form.Fail(err))
	}
	return h.release(c, v, form, in)
}

// release deploys a version and leads to the operation, or to the form when something is wrong.
func (h *Handlers) release(c echo.Context, v core.Version, f ui.Form, in core.NewRelease) error {
	if c.FormValue("strategy") == string(core.StrategyCanary) && c.FormValue("then") != "stage" {
		return h.startTrial(c, v, f)
	}
	in.Version = v.Label
	next, err := h.releaseOrStage(c, v.AppID, in)
	if err == nil {
		return redirect(c, next)
	}
	if f, ok := failed(f, err); ok {
		return h.renderDeploy(c, http.StatusUnprocessableEntity, v, f)
	}
	return err
}

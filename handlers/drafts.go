package handlers

import (
	"context"
	"net/http"

	"github.com/labstack/echo/v4"

	"berth/core"
	"berth/views/app"
	"berth/views/draft"
	"berth/views/i18n"
	"berth/views/paths"
	"berth/views/quota"
	"berth/views/release"
	"berth/views/ui"
)

func (h *Handlers) draftPage(c echo.Context) error {
	return h.renderDraft(c, http.StatusOK, ui.NewForm())
}

func (h *Handlers) renderDraft(c echo.Context, status int, f ui.Form) error {
	p, head, err := h.deployableApp(c, c.Param("app"))
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	p.Path, p.Title = paths.Draft(head.App.ID), i18n.T(ctx, "draft.page", "name", head.App.Name)
	m := draft.Page{Page: p, Head: head, Form: f, Check: quota.Check{Quota: paths.Quota(head.App.TenantID)}}
	m.Head.Tab, m.Head.Staged = app.Tab(""), 0
	if m.Draft, err = h.stagedChanges(ctx, head.App.ID); err != nil {
		return err
	}
	if len(m.Draft.Changes) > 0 {
		if status == http.StatusOK {
			release.FillStrategy(m.Form, m.Draft.Spec.Strategy)
		}
		m.Check.QuotaCheck, err = h.Service.CheckDraft(ctx, head.App.ID)
		if m.Check, err = known(m.Check, err); err != nil {
			return err
		}
	}
	return render(c, status, draft.DraftPage(m))
}

// stagedChanges is zero when nothing is staged.
func (h *Handlers) stagedChanges(ctx context.Context, id string) (core.DraftView, error) {
	v, err := h.Service.Draft(ctx, id)
	if core.ErrorCode(err) == core.ENOTFOUND {
		return core.DraftView{}, nil
	}
	return v, err
}

func (h *Handlers) releaseDraft(c echo.Context) error {
	var faults core.Faults
	in := core.NewRelease{Strategy: strategyInput(c, &faults)}
	err := faults.Err()
	if err == nil {
		var op core.Operation
		if _, op, err = h.Service.ReleaseDraft(c.Request().Context(), c.Param("app"), positive(c.FormValue("on")), in); err == nil {
			return redirect(c, paths.Operation(op.ID))
		}
	}
	typed := ui.NewForm()
	typedStrategy(c, typed)
	f, ok := failed(typed, err)
	if !ok {
		return err
	}
	return h.renderDraft(c, http.StatusUnprocessableEntity, f)
}

func (h *Handlers) discardDraft(c echo.Context) error {
	if err := h.Service.DiscardDraft(c.Request().Context(), c.Param("app")); err != nil {
		return err
	}
	return redirect(c, paths.App(c.Param("app")))
}

func (h *Handlers) unstage(c echo.Context) error {
	if err := h.Service.Unstage(c.Request().Context(), c.Param("app"), c.FormValue("what"), c.FormValue("name")); err != nil {
		return err
	}
	return redirect(c, paths.Draft(c.Param("app")))
}

// releaseOrStage does what the button says that a form was sent by, and returns where that leads.
func (h *Handlers) releaseOrStage(c echo.Context, id string, in core.NewRelease) (next string, err error) {
	ctx := c.Request().Context()
	if c.FormValue("then") == "stage" {
		_, err := h.Service.Stage(ctx, id, in, false)
		return paths.Draft(id), err
	}
	_, op, err := h.Service.Release(ctx, id, in)
	return paths.Operation(op.ID), err
}

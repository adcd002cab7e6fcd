package handlers

import (
	"context"
	"net/http"

	"github.com/a-h/templ"
	"github.com/labstack/echo/v4"

	"berth/core"
	"berth/views/layout"
	"berth/views/operation"
)

func (h *Handlers) operationPage(c echo.Context) error {
	m, err := h.operation(c.Request().Context(), c.Param("operation"))
	if err != nil {
		return err
	}
	if m.Operation.Kind == core.OpDeleteTenant { // the tenant is or soon will be gone
		m.Page, err = h.page(c, "")
		m.Page.Title, m.Page.Section = m.Operation.Name, layout.SectionTenants
	} else {
		m.Page, err = h.page(c, m.App.TenantID)
		m.Page.Title, m.Page.Section = m.App.Name, layout.SectionHome
	}
	if err != nil {
		return err
	}
	return render(c, http.StatusOK, operation.OperationPage(m))
}

// OperationLive is the part of an operation's page that lives.
func (h *Handlers) OperationLive(ctx context.Context, id string) (templ.Component, error) {
	m, err := h.operation(ctx, id)
	return operation.Fragment(m), err
}

func (h *Handlers) operation(ctx context.Context, id string) (operation.Operation, error) {
	op, err := h.Service.Operation(ctx, id)
	if err != nil {
		return operation.Operation{}, err
	}
	if op.Kind == core.OpDeleteTenant {
		return operation.Operation{Operation: op, App: core.App{TenantID: op.TenantID, Name: op.Name}}, nil
	}
	app, err := h.Service.App(ctx, op.AppID)
	if err != nil {
		return operation.Operation{}, err
	}
	m := operation.Operation{App: app, Operation: op, CanDeploy: actor(ctx).Can(core.ActDeploy, app.TenantID),
		CanInspect: actor(ctx).Can(core.ActInspect, app.TenantID)}
	if !app.IsService() {
		m.URL = h.Service.URL(app.ID)
	}
	if m.CanInspect && op.Status == core.OpFailed && op.Kind == core.OpDeploy && app.Serving > 0 && app.Serving != op.Release {
		before, err := h.Service.Releases(ctx, app.ID, app.Serving+1, 1)
		if err != nil {
			return m, err
		}
		if len(before) > 0 {
			m.Serving = before[0].Spec.Labels()
		}
	}
	return m, nil
}

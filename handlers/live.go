package handlers

import (
	"context"

	"github.com/a-h/templ"
	"github.com/labstack/echo/v4"

	"berth/core"
)

// Live registers what a browser keeps open.
func (h *Handlers) Live(g *echo.Group) {
	g.GET("/live", h.homeStream)
	g.GET("/apps/:app/live", h.appStream)
	h.trafficLive(g)
	g.GET("/apps/:app/versions/live", h.versionsStream)
	g.GET("/operations/:id/live", h.operationStream)
	g.GET("/apps/:app/logs/socket", h.Logs)
}

func (h *Handlers) homeStream(c echo.Context) error {
	tenant := c.QueryParam("tenant")
	return h.stream(c, live{
		fragment: func(ctx context.Context) (templ.Component, error) { return h.HomeLive(ctx, tenant) },
		concerns: func(change core.Change) bool { return tenant == "" || change.TenantID == tenant },
	})
}

func (h *Handlers) appStream(c echo.Context) error {
	app := c.Param("app")
	return h.stream(c, live{
		fragment: func(ctx context.Context) (templ.Component, error) { return h.AppLive(ctx, app) },
		concerns: func(change core.Change) bool { return change.AppID == app },
	})
}

func (h *Handlers) versionsStream(c echo.Context) error {
	app := c.Param("app")
	return h.stream(c, live{
		fragment: func(ctx context.Context) (templ.Component, error) { return h.VersionsLive(ctx, app) },
		concerns: func(change core.Change) bool { return change.AppID == app },
	})
}

// lastGone ends the stream of an operation that was deleted together with its app.
const lastGone = "gone"

func (h *Handlers) operationStream(c echo.Context) error {
	id := c.Param("id")
	first, err := h.Service.Operation(c.Request().Context(), id)
	if err != nil {
		return err
	}
	return h.stream(c, live{
		fragment: func(ctx context.Context) (templ.Component, error) { return h.OperationLive(ctx, id) },
		concerns: func(change core.Change) bool { return change.TenantID == first.TenantID && change.AppID == first.AppID },
		done: func(ctx context.Context) (string, error) {
			op, err := h.Service.Operation(ctx, id)
			switch {
			case core.ErrorCode(err) == core.ENOTFOUND:
				return lastGone, nil
			case err != nil || !op.Done():
				return "", err
			}
			return string(op.Status), nil
		},
	})
}

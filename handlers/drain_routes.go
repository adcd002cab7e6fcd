package handlers

import (
	"context"

	"github.com/labstack/echo/v4"

	"berth/core"
	"berth/views/paths"
)

// DrainService is what is asked of core/service about where logs are forwarded to.
type DrainService interface {
	LogDrains(ctx context.Context, tenantID string) ([]core.LogDrain, error)
	CreateLogDrain(ctx context.Context, in core.LogDrain, t core.DrainTarget) (core.LogDrain, error)
	ChangeLogDrain(ctx context.Context, in core.LogDrain, t core.DrainTarget) (core.LogDrain, error)
	DeleteLogDrain(ctx context.Context, tenantID, id string) error
}

func (h *Handlers) drainPages(g *echo.Group) {
	g.GET(paths.LogDrains(""), h.drainsPage)
	g.POST(paths.LogDrains(""), h.createDrain)
	g.POST(paths.LogDrain(":drain"), h.changeDrain)
	g.POST(paths.DeleteLogDrain(":drain"), h.deleteDrain)
}

func (h *Handlers) drainAPI(g *echo.Group) {
	g.GET("/tenants/:tenant/log-drains", h.apiDrains)
	g.POST("/tenants/:tenant/log-drains", h.apiCreateDrain)
	g.PUT("/tenants/:tenant/log-drains/:drain", h.apiChangeDrain)
	g.DELETE("/tenants/:tenant/log-drains/:drain", h.apiDeleteDrain)
}

// drainRules say who may call what this file registers.
var drainRules = Rules{
	"GET /log-drains":                core.ActManage,
	"POST /log-drains":               core.ActManage,
	"POST /log-drains/:drain":        core.ActManage,
	"POST /log-drains/:drain/delete": core.ActManage,

	"GET /api/v1/tenants/:tenant/log-drains":           core.ActManage,
	"POST /api/v1/tenants/:tenant/log-drains":          core.ActManage,
	"PUT /api/v1/tenants/:tenant/log-drains/:drain":    core.ActManage,
	"DELETE /api/v1/tenants/:tenant/log-drains/:drain": core.ActManage,
}

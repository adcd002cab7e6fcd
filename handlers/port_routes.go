package handlers

import (
	"context"

	"github.com/labstack/echo/v4"

	"berth/core"
)

// PortService is what is asked of core/service about TCP ports.
type PortService interface {
	TCPPorts(ctx context.Context, appID string) ([]core.TCPPortView, error)
	TCPPool() core.TCPPool
	OpenTCPPort(ctx context.Context, appID string, in core.TCPPortInput) (core.TCPPortView, error)
	ChangeTCPPort(ctx context.Context, appID string, in core.TCPPortInput) (core.TCPPortView, error)
	CloseTCPPort(ctx context.Context, appID string, port int, serverName string) error
}

func (h *Handlers) portAPI(g *echo.Group) {
	g.GET("/apps/:app/ports", h.apiPorts)
	g.POST("/apps/:app/ports", h.apiOpenPort)
	g.PUT("/apps/:app/ports/:port", h.apiChangePort)
	g.DELETE("/apps/:app/ports/:port", h.apiClosePort)
}

// portRules say who may call what this file registers.
var portRules = Rules{
	"GET /api/v1/apps/:app/ports":          core.ActInspect,
	"POST /api/v1/apps/:app/ports":         core.ActDeploy,
	"PUT /api/v1/apps/:app/ports/:port":    core.ActDeploy,
	"DELETE /api/v1/apps/:app/ports/:port": core.ActDeploy,
}

package handlers

import (
	"context"

	"github.com/labstack/echo/v4"

	"berth/core"
	"berth/views/paths"
)

// PortService is what is asked of core/service about TCP ports.
type PortService interface {
	TCPPorts(ctx context.Context, appID string) ([]core.TCPPortView, error)
	TCPPool() core.TCPPool
	OpenTCPPort(ctx context.Context, appID string, in core.TCPPortInput) (core.TCPPortView, error)
	ChangeTCPPort(ctx context.Context, appID string, in core.TCPPortInput) (core.TCPPortView, error)
	CloseTCPPort(ctx context.Context, appID string, port int, serverName string) error
}

func (h *Handlers) portPages(g *echo.Group) {
	g.GET(paths.Ports(":app"), h.portsPage)
	g.POST(paths.Ports(":app"), h.openPort)
	g.POST(paths.Port(":app", ":port"), h.changePort)
	g.POST(paths.ClosePort(":app", ":port"), h.closePort)
}

func (h *Handlers) portAPI(g *echo.Group) {
	g.GET("/apps/:app/ports", h.apiPorts)
	g.POST("/apps/:app/ports", h.apiOpenPort)
	g.PUT("/apps/:app/ports/:port", h.apiChangePort)
	g.DELETE("/apps/:app/ports/:port", h.apiClosePort)
}

// portRules say who may call what this file registers.
var portRules = Rules{
	"GET /apps/:app/ports":              core.ActInspect,
	"POST /apps/:app/ports":             core.ActDeploy,
	"POST /apps/:app/ports/:port":       core.ActDeploy,
	"POST /apps/:app/ports/:port/close": core.ActDeploy,

	"GET /api/v1/apps/:app/ports":          core.ActInspect,
	"POST /api/v1/apps/:app/ports":         core.ActDeploy,
	"PUT /api/v1/apps/:app/ports/:port":    core.ActDeploy,
	"DELETE /api/v1/apps/:app/ports/:port": core.ActDeploy,
}

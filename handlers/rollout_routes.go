package handlers

import (
	"context"

	"github.com/labstack/echo/v4"

	"berth/core"
)

// RolloutService is what is asked of core/service about how releases take over from each other.
type RolloutService interface {
	SwitchRelease(ctx context.Context, appID string, number int) (core.Operation, error)
	SwitchBack(ctx context.Context, appID string, number int) (core.Release, core.Operation, error)

	Canary(ctx context.Context, appID string) (core.CanaryView, error)
	StartCanary(ctx context.Context, appID string, in core.NewCanary) (core.Canary, core.Release, core.Operation, error)
	SetCanaryShare(ctx context.Context, appID string, share int) (core.Release, core.Operation, error)
	PromoteCanary(ctx context.Context, appID string) (core.Release, core.Operation, error)
	AbortCanary(ctx context.Context, appID string) (core.Release, core.Operation, error)
	HoldCanary(ctx context.Context, appID string) (core.Canary, error)
	ResumeCanary(ctx context.Context, appID string) (core.Canary, error)
}

func (h *Handlers) rolloutAPI(g *echo.Group) {
	g.POST("/apps/:app/releases/:release/switch", h.apiSwitch)
	g.POST("/apps/:app/releases/:release/back", h.apiSwitchBack)
	g.GET("/apps/:app/canary", h.apiCanary)
	g.POST("/apps/:app/canary", h.apiStartCanary)
	g.PUT("/apps/:app/canary/share", h.apiCanaryShare)
	g.POST("/apps/:app/canary/promote", h.apiPromoteCanary)
	g.POST("/apps/:app/canary/abort", h.apiAbortCanary)
	g.POST("/apps/:app/canary/hold", h.apiHoldCanary)
	g.POST("/apps/:app/canary/resume", h.apiResumeCanary)
}

var rolloutRules = Rules{
	"POST /api/v1/apps/:app/releases/:release/switch": core.ActDeploy,
	"POST /api/v1/apps/:app/releases/:release/back":   core.ActDeploy,
	"GET /api/v1/apps/:app/canary":                    core.ActInspect,
	"POST /api/v1/apps/:app/canary":                   core.ActDeploy,
	"PUT /api/v1/apps/:app/canary/share":              core.ActDeploy,
	"POST /api/v1/apps/:app/canary/promote":           core.ActDeploy,
	"POST /api/v1/apps/:app/canary/abort":             core.ActDeploy,
	"POST /api/v1/apps/:app/canary/hold":              core.ActDeploy,
	"POST /api/v1/apps/:app/canary/resume":            core.ActDeploy,
}

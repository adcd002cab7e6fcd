package handlers

import (
	"context"

	"github.com/labstack/echo/v4"

	"berth/core"
	"berth/views/paths"
)

// SupportService is what is asked of core/service about support sessions.
type SupportService interface {
	FindForSupport(ctx context.Context, q string) ([]core.SupportHit, error)
	OpenSupport(ctx context.Context, in core.NewSupport) (core.SupportSession, error)
	DecideSupport(ctx context.Context, id string, agree bool) (core.SupportSession, error)
	EndSupport(ctx context.Context, id string) error
	SupportSessions(ctx context.Context, f core.SupportFilter) ([]core.SupportSession, error) // TenantID "": one's own
	ActiveSupport(ctx context.Context, tenantID string) ([]core.SupportSession, error)
	AskConsent(ctx context.Context, tenantID string, ask bool) error
	LogInstances(ctx context.Context, ids []string) ([]core.Instance, error) // whose logs the actor may read
}

func (h *Handlers) supportPages(g *echo.Group) {
	g.GET(paths.Support, h.supportPage)
	g.POST(paths.SupportSession, h.openSupport)
	g.POST(paths.EndSupport(":session"), h.endSupport)
	g.POST(paths.DecideSupport(":session"), h.decideSupport)
	g.GET(paths.SupportLogs, h.sideBySide)
	g.POST(paths.TenantConsent, h.setConsent)
}

func (h *Handlers) supportAPI(g *echo.Group) {
	g.GET("/support/search", h.apiSupportSearch)
	g.GET("/support/sessions", h.apiSupportSessions)
	g.POST("/support/sessions", h.apiOpenSupport)
	g.DELETE("/support/sessions/:session", h.apiEndSupport)
	g.POST("/support/sessions/:session/consent", h.apiDecideSupport)
	g.PUT("/tenants/:tenant/support", h.apiSetConsent)
}

// supportRules say who may call what this file registers. A session is also ended by whoever opened it.
var supportRules = Rules{
	"GET /support":                                   core.ActSupport,
	"POST /support/sessions":                         core.ActSupport,
	"POST /support/sessions/:session/end":            core.ActManage,
	"POST /support/sessions/:session/consent":        core.ActManage,
	"GET /support/logs":                              SignedIn, // each instance by itself takes core.ActLogs
	"POST /team/consent":                             core.ActManage,
	"GET /api/v1/support/search":                     core.ActSupport,
	"GET /api/v1/support/sessions":                   SignedIn, // one's own; those of a tenant take core.ActMembers
	"POST /api/v1/support/sessions":                  core.ActSupport,
	"DELETE /api/v1/support/sessions/:session":       core.ActManage,
	"POST /api/v1/support/sessions/:session/consent": core.ActManage,
	"PUT /api/v1/tenants/:tenant/support":            core.ActManage,
}

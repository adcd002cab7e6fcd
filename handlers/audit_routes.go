package handlers

import (
	"context"

	"github.com/labstack/echo/v4"

	"berth/core"
	"berth/views/paths"
)

// AuditService is what is asked of core/service about the audit.
type AuditService interface {
	Audit(ctx context.Context, f core.AuditFilter) (entries []core.AuditEntry, next string, err error)
	AuditActors(ctx context.Context, tenantID string) ([]core.AuditActor, error)
	ExportAudit(ctx context.Context, filter core.AuditFilter, format string, f func(core.AuditEntry) error) error
}

func (h *Handlers) auditPages(g *echo.Group) {
	g.GET(paths.Audit(""), h.auditPage)
	g.GET(paths.AuditExport, h.exportAudit)
	g.GET(paths.PlatformAudit, h.platformAuditPage)
	g.GET(paths.PlatformAuditExport, h.exportPlatformAudit)
}

func (h *Handlers) auditAPI(g *echo.Group) {
	g.GET("/audit", h.apiPlatformAudit)
	g.GET("/tenants/:tenant/audit", h.apiAudit)
}

// auditRules say who may call what this file registers.
var auditRules = Rules{
	"GET /audit":                        core.ActAudit,
	"GET /audit/export":                 core.ActAudit,
	"GET /platform/audit":               core.ActOperate,
	"GET /platform/audit/export":        core.ActOperate,
	"GET /api/v1/audit":                 core.ActOperate,
	"GET /api/v1/tenants/:tenant/audit": core.ActAudit,
}

package handlers

import (
	"context"

	"github.com/labstack/echo/v4"

	"berth/core"
	"berth/views/paths"
)

// AlertService is what is asked of core/service about alerts.
type AlertService interface {
	Alerts(ctx context.Context, f core.AlertFilter) (alerts []core.Alert, next string, err error)
	AlertRules(ctx context.Context, tenantID string) ([]core.AlertRule, error)
	AddAlertRule(ctx context.Context, r core.AlertRule) (core.AlertRule, error)
	ChangeAlertRule(ctx context.Context, r core.AlertRule) (core.AlertRule, error)
	SwitchAlertRule(ctx context.Context, tenantID, id string, off bool) error
	DeleteAlertRule(ctx context.Context, tenantID, id string) error
	AlertChannels(ctx context.Context, tenantID string) ([]core.AlertChannel, error)
	AddAlertChannel(ctx context.Context, c core.AlertChannel, t core.AlertTarget) (core.AlertChannel, error)
	ChangeAlertChannel(ctx context.Context, c core.AlertChannel, t *core.AlertTarget) (core.AlertChannel, error) // t nil keeps it
	TryAlertChannel(ctx context.Context, tenantID, id string) (core.AlertChannel, error)                         // EUNREACHABLE
	DeleteAlertChannel(ctx context.Context, tenantID, id string) error
	AlertSilences(ctx context.Context, tenantID string) ([]core.AlertSilence, error)
	SilenceAlerts(ctx context.Context, s core.AlertSilence) (core.AlertSilence, error)
	EndSilence(ctx context.Context, tenantID, id string) error
}

func (h *Handlers) alertPages(g *echo.Group) {
	g.GET(paths.Alerts(""), h.alertsPage)
	g.POST(paths.AddAlertRule, h.addAlertRule)
	g.POST(paths.AlertRule(":rule"), h.changeAlertRule)
	g.POST(paths.SwitchAlertRule(":rule"), h.switchAlertRule)
	g.POST(paths.DeleteAlertRule(":rule"), h.deleteAlertRule)
	g.POST(paths.AddAlertChannel, h.addAlertChannel)
	g.POST(paths.AlertChannel(":channel"), h.changeAlertChannel)
	g.POST(paths.TryAlertChannel(":channel"), h.tryAlertChannel)
	g.POST(paths.DeleteAlertChannel(":channel"), h.deleteAlertChannel)
	g.POST(paths.SilenceAlerts, h.silenceAlerts)
	g.POST(paths.EndSilence(":silence"), h.endSilence)
}

func (h *Handlers) alertAPI(g *echo.Group) {
	g.GET("/tenants/:tenant/alerts", h.apiAlerts)
	g.GET("/tenants/:tenant/alert-rules", h.apiAlertRules)
	g.POST("/tenants/:tenant/alert-rules", h.apiAddAlertRule)
	g.PUT("/tenants/:tenant/alert-rules/:rule", h.apiChangeAlertRule)
	g.DELETE("/tenants/:tenant/alert-rules/:rule", h.apiDeleteAlertRule)
	g.GET("/tenants/:tenant/alert-channels", h.apiAlertChannels)
	g.POST("/tenants/:tenant/alert-channels", h.apiAddAlertChannel)
	g.PUT("/tenants/:tenant/alert-channels/:channel", h.apiChangeAlertChannel)
	g.POST("/tenants/:tenant/alert-channels/:channel/test", h.apiTryAlertChannel)
	g.DELETE("/tenants/:tenant/alert-channels/:channel", h.apiDeleteAlertChannel)
	g.GET("/tenants/:tenant/alert-silences", h.apiSilences)
	g.POST("/tenants/:tenant/alert-silences", h.apiSilence)
	g.DELETE("/tenants/:tenant/alert-silences/:silence", h.apiEndSilence)
}

// alertRules say who may call what this file registers.
var alertRules = Rules{
	"GET /alerts":                           core.ActMembers,
	"POST /alerts/rules":                    core.ActAlert,
	"POST /alerts/rules/:rule":              core.ActAlert,
	"POST /alerts/rules/:rule/switch":       core.ActAlert,
	"POST /alerts/rules/:rule/delete":       core.ActAlert,
	"POST /alerts/channels":                 core.ActManage,
	"POST /alerts/channels/:channel":        core.ActManage,
	"POST /alerts/channels/:channel/test":   core.ActManage,
	"POST /alerts/channels/:channel/delete": core.ActManage,
	"POST /alerts/silences":                 core.ActAlert,
	"POST /alerts/silences/:silence/end":    core.ActAlert,

	"GET /api/v1/tenants/:tenant/alerts":                        core.ActInspect,
	"GET /api/v1/tenants/:tenant/alert-rules":                   core.ActInspect,
	"POST /api/v1/tenants/:tenant/alert-rules":                  core.ActAlert,
	"PUT /api/v1/tenants/:tenant/alert-rules/:rule":             core.ActAlert,
	"DELETE /api/v1/tenants/:tenant/alert-rules/:rule":          core.ActAlert,
	"GET /api/v1/tenants/:tenant/alert-channels":                core.ActMembers,
	"POST /api/v1/tenants/:tenant/alert-channels":               core.ActManage,
	"PUT /api/v1/tenants/:tenant/alert-channels/:channel":       core.ActManage,
	"POST /api/v1/tenants/:tenant/alert-channels/:channel/test": core.ActManage,
	"DELETE /api/v1/tenants/:tenant/alert-channels/:channel":    core.ActManage,
	"GET /api/v1/tenants/:tenant/alert-silences":                core.ActInspect,
	"POST /api/v1/tenants/:tenant/alert-silences":               core.ActAlert,
	"DELETE /api/v1/tenants/:tenant/alert-silences/:silence":    core.ActAlert,
}

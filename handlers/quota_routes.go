package handlers

import (
	"context"
	"time"

	"github.com/labstack/echo/v4"

	"berth/core"
	"berth/views/paths"
)

// QuotaService is what is asked of core/service about quotas, plans, budgets and requests for more.
type QuotaService interface {
	Quota(ctx context.Context, tenantID string) (core.QuotaView, error)
	QuotaSamples(ctx context.Context, tenantID string, from time.Time) ([]core.UsageSample, error)
	CheckRelease(ctx context.Context, appID string, in core.NewRelease) (core.QuotaCheck, error) // changes nothing
	CheckApp(ctx context.Context, in core.NewApp) (core.QuotaCheck, error)                       // changes nothing
	SetBudget(ctx context.Context, appID string, budget core.Amounts) error
	AskQuota(ctx context.Context, tenantID string, r core.Resource, amount int64, reason string) (core.QuotaRequest, error)
	WithdrawQuota(ctx context.Context, id string) (core.QuotaRequest, error)

	Plans(ctx context.Context) ([]core.QuotaPlan, map[string]int, error) // operator
	DefaultPlan() string                                                 // of teams made without naming one
	KeepsPlan(name string) bool
	PutPlan(ctx context.Context, name string, quota core.Amounts, isNew bool) (core.QuotaPlan, error)   // operator
	DeletePlan(ctx context.Context, name string) error                                                  // operator
	QuotaRequests(ctx context.Context) ([]core.QuotaRequest, error)                                     // operator
	DecideQuota(ctx context.Context, id string, approve bool, answer string) (core.QuotaRequest, error) // operator
	SetTenantQuota(ctx context.Context, tenantID string, own core.Amounts) error                        // operator
}

func (h *Handlers) quotaPages(g *echo.Group) {
	g.GET(paths.Quota(""), h.quotaPage)
	g.POST(paths.QuotaRequests, h.askQuota)
	g.POST(paths.WithdrawQuota(":request"), h.withdrawQuota)
	g.POST(paths.Budget(":app"), h.setBudget)
	g.GET(paths.QuotaCheck(":app"), h.quotaCheckPart)
	g.GET(paths.NewQuotaCheck("", ""), h.newQuotaCheckPart)
	g.GET(paths.Plans, h.plansPage)
	g.POST(paths.Plans, h.createPlan)
	g.POST(paths.Plan(":plan"), h.changePlan)
	g.POST(paths.DeletePlan(":plan"), h.deletePlan)
	g.POST(paths.ApproveQuota(":request"), h.approveQuota)
	g.POST(paths.RefuseQuota(":request"), h.refuseQuota)
}

func (h *Handlers) quotaAPI(g *echo.Group) {
	g.GET("/tenants/:tenant/quota", h.apiQuota)
	g.PUT("/tenants/:tenant/quota", h.apiSetQuota)
	g.GET("/tenants/:tenant/usage", h.apiUsage)
	g.POST("/tenants/:tenant/quota-requests", h.apiAskQuota)
	g.GET("/quota-requests", h.apiQuotaRequests)
	g.POST("/quota-requests/:request/withdraw", h.apiWithdrawQuota)
	g.POST("/quota-requests/:request/approve", h.apiApproveQuota)
	g.POST("/quota-requests/:request/refuse", h.apiRefuseQuota)
	g.PUT("/apps/:app/budget", h.apiSetBudget)
	g.POST("/apps/:app/releases/check", h.apiCheckRelease)
	g.GET("/plans", h.apiPlans)
	g.POST("/plans", h.apiCreatePlan)
	g.PUT("/plans/:plan", h.apiChangePlan)
	g.DELETE("/plans/:plan", h.apiDeletePlan)
}

// quotaRules say who may call what this file registers.
var quotaRules = Rules{
	"GET /quota":                             core.ActMembers,
	"POST /quota/requests":                   core.ActManage,
	"POST /quota/requests/:request/withdraw": core.ActManage,
	"POST /apps/:app/budget":                 core.ActManage,
	"GET /apps/:app/quota-check":             core.ActDeploy,
	"GET /new/quota-check":                   core.ActDeploy,
	"GET /plans":                             core.ActOperate,
	"POST /plans":                            core.ActOperate,
	"POST /plans/:plan":                      core.ActOperate,
	"POST /plans/:plan/delete":               core.ActOperate,
	"POST /plan-requests/:request/approve":   core.ActOperate,
	"POST /plan-requests/:request/refuse":    core.ActOperate,

	"GET /api/v1/tenants/:tenant/quota":             core.ActMembers,
	"PUT /api/v1/tenants/:tenant/quota":             core.ActOperate,
	"GET /api/v1/tenants/:tenant/usage":             core.ActMembers,
	"POST /api/v1/tenants/:tenant/quota-requests":   core.ActManage,
	"GET /api/v1/quota-requests":                    core.ActOperate,
	"POST /api/v1/quota-requests/:request/withdraw": core.ActManage,
	"POST /api/v1/quota-requests/:request/approve":  core.ActOperate,
	"POST /api/v1/quota-requests/:request/refuse":   core.ActOperate,
	"PUT /api/v1/apps/:app/budget":                  core.ActManage,
	"POST /api/v1/apps/:app/releases/check":         core.ActDeploy,
	"GET /api/v1/plans":                             core.ActOperate,
	"POST /api/v1/plans":                            core.ActOperate,
	"PUT /api/v1/plans/:plan":                       core.ActOperate,
	"DELETE /api/v1/plans/:plan":                    core.ActOperate,
}

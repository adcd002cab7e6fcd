package handlers

import (
	"context"

	"github.com/labstack/echo/v4"

	"berth/core"
	"berth/views/paths"
)

// DomainService is what is asked of core/service about domains.
type DomainService interface {
	AddDomain(ctx context.Context, appID string, in core.NewDomain) (core.Domain, error)
	UpdateDomain(ctx context.Context, appID, name string, in core.NewDomain) (core.Domain, error)
	DeleteDomain(ctx context.Context, appID, name, typedName string) error
	CheckDomain(ctx context.Context, appID, name string) (core.DomainState, error)
	Domain(ctx context.Context, appID, name string) (core.DomainState, error)
	Domains(ctx context.Context, appID string) ([]core.DomainState, error)
	UploadCertificate(ctx context.Context, appID, name, chain, key string) error
	UploadBaseCertificate(ctx context.Context, chain, key string) error
	BaseCertificate(ctx context.Context) (core.Certificate, error)
	DeleteBaseCertificate(ctx context.Context) error
}

func (h *Handlers) domainPages(g *echo.Group) {
	g.GET(paths.Domains(":app"), h.domainsPage)
	g.POST(paths.Domains(":app"), h.addDomain)
	g.GET(paths.DomainList(":app"), h.domainList)
	g.GET(paths.Domain(":app", ":domain"), h.domainPage)
	g.POST(paths.Domain(":app", ":domain"), h.updateDomain)
	g.GET(paths.DomainState(":app", ":domain"), h.domainState)
	g.POST(paths.CheckDomain(":app", ":domain"), h.checkDomain)
	g.POST(paths.DomainCertificate(":app", ":domain"), h.uploadCertificate)
	g.GET(paths.DeleteDomain(":app", ":domain"), h.deleteDomainPage)
	g.POST(paths.DeleteDomain(":app", ":domain"), h.deleteDomain)
}

func (h *Handlers) domainAPI(g *echo.Group) {
	g.GET("/apps/:app/domains", h.apiDomains)
	g.POST("/apps/:app/domains", h.apiAddDomain)
	g.GET("/apps/:app/domains/:domain", h.apiDomain)
	g.PUT("/apps/:app/domains/:domain", h.apiUpdateDomain)
	g.DELETE("/apps/:app/domains/:domain", h.apiDeleteDomain)
	g.POST("/apps/:app/domains/:domain/check", h.apiCheckDomain)
	g.PUT("/apps/:app/domains/:domain/certificate", h.apiUploadCertificate)
	g.GET("/gateway/certificate", h.apiBaseCertificate)
	g.PUT("/gateway/certificate", h.apiUploadBaseCertificate)
	g.DELETE("/gateway/certificate", h.apiDeleteBaseCertificate)
}

// domainRules say who may call what this file registers.
var domainRules = Rules{
	"GET /apps/:app/domains":                      core.ActInspect,
	"POST /apps/:app/domains":                     core.ActDeploy,
	"GET /apps/:app/domains/list":                 core.ActInspect,
	"GET /apps/:app/domains/:domain":              core.ActInspect,
	"POST /apps/:app/domains/:domain":             core.ActDeploy,
	"GET /apps/:app/domains/:domain/state":        core.ActInspect,
	"POST /apps/:app/domains/:domain/check":       core.ActDeploy,
	"GET /apps/:app/domains/:domain/delete":       core.ActDeploy,
	"POST /apps/:app/domains/:domain/certificate": core.ActDeploy,
	"POST /apps/:app/domains/:domain/delete":      core.ActDeploy,

	"GET /api/v1/apps/:app/domains":                     core.ActInspect,
	"POST /api/v1/apps/:app/domains":                    core.ActDeploy,
	"GET /api/v1/apps/:app/domains/:domain":             core.ActInspect,
	"PUT /api/v1/apps/:app/domains/:domain":             core.ActDeploy,
	"DELETE /api/v1/apps/:app/domains/:domain":          core.ActDeploy,
	"POST /api/v1/apps/:app/domains/:domain/check":      core.ActDeploy,
	"PUT /api/v1/apps/:app/domains/:domain/certificate": core.ActDeploy,
	"GET /api/v1/gateway/certificate":                   core.ActOperate,
	"PUT /api/v1/gateway/certificate":                   core.ActOperate,
	"DELETE /api/v1/gateway/certificate":                core.ActOperate,
}

package handlers

import (
	_ "embed"
	"net/http"

	"github.com/labstack/echo/v4"

	"berth/core"
)

// openapi describes every route of API.
//
//go:embed openapi.yaml
var openapi []byte

// API registers the JSON API; g is mounted at /api/v1.
func (h *Handlers) API(g *echo.Group) {
	g.GET("/openapi.yaml", serveOpenAPI)

	g.Use(requireActor, noStore)
	g.GET("/tenants", h.apiTenants)
	g.POST("/tenants", h.apiCreateTenant)
	g.GET("/tenants/:tenant", h.apiTenant)

	g.GET("/apps", h.apiApps)
	g.POST("/apps", h.apiCreateApp)
	g.GET("/apps/:app", h.apiApp)
	g.PATCH("/apps/:app", h.apiRenameApp)
	g.DELETE("/apps/:app", h.apiDeleteApp)
	g.POST("/apps/:app/stop", h.apiStopApp)
	g.POST("/apps/:app/start", h.apiStartApp)
	g.POST("/apps/:app/restart", h.apiRestartApp)
	h.trafficAPI(g)
	g.GET("/apps/:app/metrics", h.apiMetrics)
	g.GET("/hosts/:host/metrics", h.apiHostMetrics)
	h.diagnosisAPI(g)
	g.GET("/apps/:app/connection", h.apiConnection)
	g.GET("/apps/:app/events", h.apiEvents)
	g.GET("/apps/:app/logs", h.Logs)

	g.GET("/apps/:app/versions", h.apiVersions)
	g.POST("/apps/:app/versions", h.apiCreateVersion)
	g.GET("/apps/:app/versions/:version", h.apiVersion)
	g.DELETE("/apps/:app/versions/:version", h.apiDeleteVersion)

	g.GET("/apps/:app/releases", h.apiReleases)
	g.POST("/apps/:app/releases", h.apiCreateRelease)
	g.GET("/apps/:app/releases/:release", h.apiRelease)
	g.POST("/apps/:app/rollback", h.apiRollback)
	g.GET("/apps/:app/scaling", h.apiScaling)
	g.PUT("/apps/:app/scaling", h.apiScale)
	g.DELETE("/apps/:app/scaling", h.apiStopScaling)
	g.POST("/apps/:app/scaling/dry-run", h.apiDryRunScaling)

	g.GET("/apps/:app/operations", h.apiOperations)
	g.GET("/operations/:operation", h.apiOperation)
	g.GET("/tenants/:tenant/uploads", h.apiUploads)
	g.GET("/uploads/:upload", h.apiUpload)
	g.DELETE("/uploads/:upload", h.apiCancelUpload)
	g.GET("/addresses/:id", h.apiAddress)
	g.GET("/catalog", h.apiCatalog)
	g.GET("/hosts", h.apiHosts)
	g.POST("/garbage-collection", h.apiCollectGarbage)

	h.tenantAPI(g)
	h.profileAPI(g)
	h.quotaAPI(g)
	h.draftAPI(g)
	h.supportAPI(g)
	h.auditAPI(g)
	h.tokenAPI(g)
	h.drainAPI(g)
	h.rolloutAPI(g)
	h.domainAPI(g)
	h.portAPI(g)
	h.alertAPI(g)
}

func serveOpenAPI(c echo.Context) error {
	return c.Blob(http.StatusOK, "application/yaml", openapi)
}

// requireActor turns nobody away before anything of a request is read.
func requireActor(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if core.ActorFrom(c.Request().Context()).Kind == core.ActorNobody {
			return core.Errorf(core.EUNAUTHORIZED, "error.sign_in_first")
		}
		return next(c)
	}
}

func noStore(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		c.Response().Header().Set(echo.HeaderCacheControl, "no-store")
		return next(c)
	}
}

// list is how every list is answered; Next is null on the last page.
type list[T any] struct {
	Items []T     `json:"items"`
	Next  *string `json:"next"`
}

// answerList answers items as convert shows them; next is the cursor of the next page, "" at the end.
func answerList[T, J any](c echo.Context, items []T, next string, convert func(T) J) error {
	l := list[J]{Items: make([]J, len(items))}
	for i, item := range items {
		l.Items[i] = convert(item)
	}
	if next != "" {
		l.Next = &next
	}
	return c.JSON(http.StatusOK, l)
}

// accepted answers a change that is being carried out.
type accepted struct {
	Operation string `json:"operation"`
}

func answerAccepted(c echo.Context, op core.Operation, err error) error {
	if err != nil {
		return err
	}
	return c.JSON(http.StatusAccepted, accepted{op.ID})
}

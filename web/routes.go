package web

import (
	"log/slog"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"
	"github.com/labstack/echo/v4/middleware"

	"berth/views/paths"
)

// routes leads each address to its handler through what is to happen before: nothing for the registry, which knows
// its own people; a token or a session for programs and open pages; a session for people.
func (s *Server) routes(o Options) *echo.Echo {
	e := echo.New()
	e.HideBanner, e.HidePort = true, true
	e.IPExtractor = echo.ExtractIPDirect()
	e.HTTPErrorHandler = s.answerError
	e.Logger.SetOutput(slog.NewLogLogger(s.log.Handler(), slog.LevelDebug).Writer())
	e.Use(tagRequest, s.logRequests, s.recoverPanics())

	who := identifier{o.Handlers.Service, s.sessions, s.log}
	headers, guard := secureHeaders(isHTTPS(o.Handlers.PortalURL)), sameOrigin(o.Handlers.PortalURL)
	localize := o.Handlers.Localize

	e.GET(pathHealth, answerHealth)
	e.GET(pathReady, s.answerReady)
	e.GET(pathMetrics, echo.WrapHandler(o.Metrics), metricsDoor(who, o.MetricsOpen))
	e.Match(registryMethods[:2], "/v2", echo.WrapHandler(o.Registry), noteOrigin)
	e.Match(registryMethods, "/v2/*", echo.WrapHandler(o.Registry), noteOrigin)
	e.GET("/static/*", echo.WrapHandler(o.Static), headers, zip)

	uploads := e.Group(strings.TrimSuffix(paths.Uploads, "/"), headers, who.any, localize, guard, signedIn,
		who.stayInUse)
	uploads.Match(uploadMethods, "/*", echo.WrapHandler(o.Uploads))

	api := e.Group("/api/v1", headers, limitRate(apiRate, apiBurst, middleware.DefaultSkipper), who.any, localize,
		guard, zip)
	o.Handlers.API(api)
	api.RouteNotFound("/*", noRoute)

	open := e.Group("", headers, who.any, localize, guard, signedIn)
	o.Handlers.Live(open)
	open.POST(paths.NewUploadFile, o.Handlers.Upload, who.stayInUse)

	pages := e.Group("", headers, limitRate(signRate, signBurst, notSigningIn), who.browser, localize, guard,
		signedIn, readForm, zip)
	o.Handlers.Pages(pages)
	pages.RouteNotFound("/*", noRoute)
	return e
}

var methods = []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete}

// What the image registry and resumable uploads are asked by.
var (
	registryMethods = []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete}
	uploadMethods   = []string{http.MethodPost, http.MethodHead, http.MethodPatch, http.MethodDelete}
)

// noRoute tells an address that does not take the method from one that is not there. Echo by itself does not, since
// a group answers for every address below it.
func noRoute(c echo.Context) error {
	e, path := c.Echo(), echo.GetPath(c.Request())
	var allowed []string
	for _, method := range methods {
		probe := e.AcquireContext()
		probe.Reset(c.Request(), c.Response())
		e.Router().Find(method, path, probe)
		if !strings.HasSuffix(probe.Path(), "/*") && probe.Path() != "" {
			allowed = append(allowed, method)
		}
		e.ReleaseContext(probe)
	}
	if len(allowed) == 0 {
		return echo.ErrNotFound
	}
	c.Response().Header().Set(echo.HeaderAllow, strings.Join(allowed, ", "))
	return echo.ErrMethodNotAllowed
}

package handlers

import (
	"context"
	"errors"
	"net/http"

	"github.com/a-h/templ"
	"github.com/labstack/echo/v4"

	"berth/core"
	"berth/views/layout"
	"berth/views/paths"
	"berth/views/ui"
)

// Pages registers every page.
func (h *Handlers) Pages(g *echo.Group) {
	h.sessionPages(g)
	h.homePages(g)
	h.wizardPages(g)
	h.appPages(g)
	h.operatorPages(g)
	h.tenantPages(g)
	h.profilePages(g)
	h.quotaPages(g)
	h.draftPages(g)
	h.supportPages(g)
	h.auditPages(g)
	h.tokenPages(g)
	h.drainPages(g)
	h.portPages(g)
	h.alertPages(g)
	h.domainPages(g)
}

func (h *Handlers) sessionPages(g *echo.Group) {
	g.GET(paths.SignIn, h.signInPage)
	g.POST(paths.SignIn, h.signIn)
	g.POST(paths.SignOut, h.signOut)
	g.GET(paths.Setup(":secret"), h.setupPage)
	g.POST(paths.Setup(":secret"), h.setup)
	g.POST(paths.Preferences, h.setPreferences)
}

func (h *Handlers) homePages(g *echo.Group) {
	g.GET(paths.Home(""), h.homePage)
	g.GET(paths.TenantActivity(""), h.tenantActivityPage)
	g.GET(paths.Operation(":operation"), h.operationPage)
}

func (h *Handlers) wizardPages(g *echo.Group) {
	g.GET(paths.New(""), h.questionPage)
	g.GET(paths.NewUploadFile, h.filePage)
	g.GET(paths.NewUpload(":upload"), h.insidePage)
	g.GET(paths.NewUploadState(":upload"), h.insideState)
	g.GET(paths.NewUploadName(":upload"), h.namePage)
	g.POST(paths.NewUploadName(":upload"), h.createFromUpload)
	g.POST(paths.CancelUpload(":upload"), h.cancelUpload)
	g.GET(paths.NewImage, h.imagePage)
	g.POST(paths.NewImage, h.createFromImage)
	g.GET(paths.NewDatabase, h.databasesPage)
	g.GET(paths.NewDatabaseOf("", ":entry"), h.databasePage)
	g.POST(paths.NewDatabaseOf("", ":entry"), h.createDatabase)
	g.GET(paths.CheckAddress, h.checkAddress)
}

func (h *Handlers) appPages(g *echo.Group) {
	g.GET(paths.App(":app"), h.overviewPage)
	g.GET(paths.AppHead(":app"), h.headPart)
	g.GET(paths.Scaling(":app"), h.scalingPage)
	g.POST(paths.Scaling(":app"), h.saveScaling)
	g.GET(paths.ScalingNow(":app"), h.scalingNow)
	g.GET(paths.CheckCron(":app"), h.checkCron)
	g.POST(paths.TryScaling(":app"), h.tryScaling)
	g.POST(paths.Start(":app"), h.startApp)
	g.POST(paths.Stop(":app"), h.stopApp)
	g.POST(paths.Restart(":app"), h.restartApp)
	g.POST(paths.Scale(":app"), h.scaleApp)
	g.GET(paths.DeleteApp(":app"), h.deletePage)
	g.POST(paths.DeleteApp(":app"), h.deleteApp)
	g.GET(paths.Versions(":app"), h.versionsPage)
	g.GET(paths.NewVersion(":app"), h.newVersionPage)
	g.POST(paths.NewVersionImage(":app"), h.fetchVersionPage)
	g.GET(paths.NewVersionUpload(":app", ":upload"), h.uploadedVersionPage)
	g.POST(paths.NewVersionUpload(":app", ":upload"), h.useUploadedVersion)
	g.POST(paths.DeleteVersion(":app", ":label"), h.deleteVersion)
	g.GET(paths.Deploy(":app", ""), h.deployPage)
	g.POST(paths.Deploy(":app", ""), h.deploy)
	g.POST(paths.Rollback(":app"), h.rollback)
	g.GET(paths.Releases(":app", ":release"), h.releasePage)
	g.GET(paths.Logs(":app"), h.logsPage)
	g.GET(paths.LogLines(":app"), h.logLines)
	g.GET(paths.LogMarks(":app"), h.logMarks)
	g.GET(paths.LogFile(":app", nil), h.logFile)
	h.trafficPages(g)
	h.diagnosisPages(g)
	g.GET(paths.Settings(":app"), h.settingsPage)
	g.POST(paths.Settings(":app"), h.saveSettings)
	g.POST(paths.RenameApp(":app"), h.renameApp)
	g.GET(paths.Activity(":app"), h.activityPage)
	g.GET(paths.Metrics(":app"), h.metricsPage)
	g.GET(paths.Connection(":app"), h.connectionPage)
	g.POST(paths.Credentials(":app"), h.revealCredentials)
}

func (h *Handlers) operatorPages(g *echo.Group) {
	g.GET(paths.Hosts, h.hostsPage)
	g.GET(paths.Host(":host"), h.hostPage)
	g.POST(paths.CollectGarbage, h.collectGarbage)
}

// page fills the frame: who looks, at which tenant, in which colours. tenantID "" takes the person's first; it stays
// empty for somebody who is in none.
func (h *Handlers) page(c echo.Context, tenantID string) (layout.Page, error) {
	ctx := c.Request().Context()
	p := h.bareRequestPage(c)
	tenants, err := h.Service.OwnTenants(ctx)
	if err != nil {
		return p, err
	}
	p.Tenants = tenants
	for _, t := range tenants {
		if t.ID == tenantID || tenantID == "" && p.Tenant.ID == "" {
			p.Tenant = t
		}
	}
	if tenantID != "" && p.Tenant.ID == "" { // an operator may look at one without being in it
		p.Tenant, err = h.Service.Tenant(ctx, tenantID)
	}
	if err == nil && p.Tenant.ID != "" {
		p.Support, err = h.Service.ActiveSupport(ctx, p.Tenant.ID)
	}
	return p, err
}

// bareRequestPage is a frame that needs nothing but the request.
func (h *Handlers) bareRequestPage(c echo.Context) layout.Page {
	r := c.Request()
	user := UserFrom(r.Context())
	theme := user.Theme
	if theme == "" {
		theme = cookie(r, CookieTheme)
	}
	if theme != "light" && theme != "dark" {
		theme = ""
	}
	return layout.Page{User: user, Actor: core.ActorFrom(r.Context()), Theme: theme, Path: h.pathOf(r), Asset: h.Asset}
}

// pathOf is where a form that changes a preference leads back to; the answer to a form is no such place.
func (h *Handlers) pathOf(r *http.Request) string {
	if r.Method == http.MethodGet {
		return r.URL.RequestURI()
	}
	return r.URL.Path
}

// render answers with a page or a part of one.
func render(c echo.Context, status int, page templ.Component) error {
	header := c.Response().Header()
	header.Set(echo.HeaderContentType, echo.MIMETextHTMLCharsetUTF8)
	header.Set(echo.HeaderCacheControl, "no-store")
	c.Response().WriteHeader(status)
	return page.Render(c.Request().Context(), c.Response())
}

// redirect leads a browser on after a form.
func redirect(c echo.Context, path string) error { return c.Redirect(http.StatusSeeOther, path) }

// failed reports whether err is one that a form can show, and notes it there. Others are for the error page.
func failed(f ui.Form, err error) (ui.Form, bool) {
	switch core.ErrorCode(err) {
	case core.EINVALID, core.ECONFLICT, core.ETOOLARGE, core.EUNREACHABLE:
		return f.Fail(err), true
	case core.EUNAUTHORIZED, core.ENOTFOUND:
		e, ok := errors.AsType[*core.Error](err)
		return f.Fail(err), ok && len(e.Fields) > 0
	}
	return f, false
}

// tenantPage is the frame of a page about a tenant: the one in the address, else the person's first.
// Errors: ENOTFOUND, also for somebody who is in none.
func (h *Handlers) tenantPage(c echo.Context) (layout.Page, error) {
	p, err := h.page(c, c.FormValue("tenant"))
	if err == nil && p.Tenant.ID == "" {
		err = core.Errorf(core.ENOTFOUND, "error.no_team")
	}
	return p, err
}

func actor(ctx context.Context) core.Actor { return core.ActorFrom(ctx) }

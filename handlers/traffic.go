package handlers

import (
	"context"
	"net/http"

	"github.com/a-h/templ"
	"github.com/labstack/echo/v4"

	"berth/core"
	"berth/views/app"
	"berth/views/paths"
	"berth/views/traffic"
	"berth/views/ui"
)

// TrafficService is what the pages and the API ask about requests.
type TrafficService interface {
	TrafficOver(ctx context.Context, appID string, r core.TrafficRange) (core.TrafficView, error)
	AccessLog(ctx context.Context, appID string, q core.AccessQuery) (core.AccessPage, error)
	FollowAccess(ctx context.Context, appID string, q core.AccessQuery, f func(line core.AccessLine, missed int) error) error
	MayInspect(ctx context.Context, appID string) error
	SwitchCounts(ctx context.Context, appID string, release int) (core.SwitchCount, error)
}

// trafficRules are those of the pages about requests.
var trafficRules = Rules{
	"GET /apps/:app/traffic":         core.ActInspect,
	"GET /apps/:app/traffic/live":    core.ActInspect,
	"GET /apps/:app/requests":        core.ActInspect,
	"GET /apps/:app/requests.csv":    core.ActInspect,
	"GET /apps/:app/requests/socket": core.ActInspect,

	"GET /api/v1/apps/:app/requests":                 core.ActInspect,
	"GET /api/v1/apps/:app/requests/socket":          core.ActInspect,
	"GET /api/v1/apps/:app/releases/:release/failed": core.ActInspect,
}

func (h *Handlers) trafficPages(g *echo.Group) {
	g.GET(paths.Traffic(":app", ""), h.trafficPage)
	g.GET(paths.Requests(":app", core.AccessQuery{}), h.requestsPage)
	g.GET(paths.RequestsFile(":app", core.AccessQuery{}), h.requestsFile)
}

func (h *Handlers) trafficLive(g *echo.Group) {
	g.GET(paths.TrafficLive(":app"), h.trafficStream)
	g.GET(paths.RequestsSocket(":app", core.AccessQuery{}), h.RequestsSocket)
}

func (h *Handlers) trafficAPI(g *echo.Group) {
	g.GET("/apps/:app/traffic", h.apiTraffic)
	g.GET("/apps/:app/requests", h.apiRequests)
	g.GET("/apps/:app/requests/socket", h.RequestsSocket)
	g.GET("/apps/:app/releases/:release/failed", h.apiFailedRequests)
}

func rangeOf(text string) core.TrafficRange {
	if text == "" {
		return core.RangeLive
	}
	return core.TrafficRange(text)
}

func (h *Handlers) trafficPage(c echo.Context) error {
	p, head, err := h.appPage(c, c.Param("app"), app.TabTraffic)
	if err != nil {
		return err
	}
	v, err := h.Service.TrafficOver(c.Request().Context(), head.App.ID, rangeOf(c.QueryParam("range")))
	if err != nil {
		return err
	}
	return render(c, http.StatusOK, traffic.TrafficPage(traffic.Page{Page: p, Head: head, View: v}))
}

// trafficStream shows the last seconds again and again.
func (h *Handlers) trafficStream(c echo.Context) error {
	id := c.Param("app")
	return h.stream(c, live{
		fragment: func(ctx context.Context) (templ.Component, error) {
			v, err := h.Service.TrafficOver(ctx, id, core.RangeLive)
			return traffic.View(id, v), err
		},
		concerns: func(change core.Change) bool { return change.AppID == id },
	})
}

func (h *Handlers) requestsPage(c echo.Context) error {
	p, head, err := h.appPage(c, c.Param("app"), app.TabRequests)
	if err != nil {
		return err
	}
	m := traffic.Requests{Page: p, Head: head, Form: ui.NewForm()}
	q, err := accessQuery(c)
	if err == nil {
		m.Query = q
		m.List, err = h.Service.AccessLog(c.Request().Context(), head.App.ID, q)
	}
	for _, name := range []string{"status", "path", "source"} {
		m.Form.Values[name] = c.QueryParam(name)
	}
	form, shown := failed(m.Form, err)
	if err != nil && !shown {
		return err
	}
	m.Form = form
	status := http.StatusOK
	if err != nil {
		status = http.StatusUnprocessableEntity
	}
	return render(c, status, traffic.RequestsPage(m))
}

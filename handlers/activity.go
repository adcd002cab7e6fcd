package handlers

import (
	"context"
	"net/http"

	"github.com/labstack/echo/v4"

	"berth/core"
	"berth/views/activity"
	"berth/views/app"
	"berth/views/i18n"
	"berth/views/layout"
	"berth/views/paths"
)

// eventsShown is how many events a page of activity shows.
const eventsShown = 50

func (h *Handlers) activityPage(c echo.Context) error {
	ctx := c.Request().Context()
	p, head, err := h.appPage(c, c.Param("app"), app.TabActivity)
	if err != nil {
		return err
	}
	events, last, err := h.events(ctx, core.EventFilter{AppID: head.App.ID, Before: c.QueryParam("before")})
	if err != nil {
		return err
	}
	operations, err := h.Service.Operations(ctx, head.App.ID, 20)
	if err != nil {
		return err
	}
	m := activity.App{Page: p, Head: head, Events: events, Operations: operations}
	if last != "" {
		m.Older = paths.ActivityBefore(head.App.ID, last)
	}
	return render(c, http.StatusOK, activity.AppPage(m))
}

// events returns a page of events, and the id of its last when there may be older ones.
func (h *Handlers) events(ctx context.Context, f core.EventFilter) (events []core.Event, last string, err error) {
	f.Limit = eventsShown
	events, err = h.Service.Events(ctx, f)
	if len(events) == eventsShown {
		last = events[len(events)-1].ID
	}
	return events, last, err
}

func (h *Handlers) tenantActivityPage(c echo.Context) error {
	ctx := c.Request().Context()
	p, err := h.tenantPage(c)
	if err != nil {
		return err
	}
	p.Title, p.Section = i18n.T(ctx, "nav.activity"), layout.SectionActivity
	events, last, err := h.events(ctx, core.EventFilter{TenantID: p.Tenant.ID, Before: c.QueryParam("before")})
	if err != nil {
		return err
	}
	m := activity.Tenant{Page: p, Events: events, Names: map[string]string{}}
	for _, e := range events {
		if _, known := m.Names[e.AppID]; known || e.AppID == "" {
			continue
		}
		if a, err := h.Service.App(ctx, e.AppID); err == nil {
			m.Names[a.ID] = a.Name
		} else if core.ErrorCode(err) != core.ENOTFOUND {
			return err
		}
	}
	if last != "" {
		m.Older = paths.TenantActivityBefore(p.Tenant.ID, last)
	}
	return render(c, http.StatusOK, activity.TenantPage(m))
}

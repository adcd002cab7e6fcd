package handlers

import (
	"context"
	"net/http"

	"github.com/labstack/echo/v4"

	"berth/core"
	"berth/views/app"
	"berth/views/ui"
)

func (h *Handlers) overviewPage(c echo.Context) error {
	ctx := c.Request().Context()
	p, head, err := h.appPage(c, c.Param("app"), app.TabOverview)
	if err != nil {
		return err
	}
	if p.Toast, err = h.toast(c, head.App); err != nil {
		return err
	}
	o, err := h.overviewOf(ctx, head)
	if err != nil {
		return err
	}
	d, err := h.deletion(ctx, head.App, ui.NewForm())
	if err != nil {
		return err
	}
	return render(c, http.StatusOK, app.OverviewPage(app.Page{Page: p, Overview: o, Delete: d}))
}

func (h *Handlers) overview(ctx context.Context, id string) (app.Overview, error) {
	head, err := h.head(ctx, id, app.TabOverview)
	if err != nil {
		return app.Overview{}, err
	}
	return h.overviewOf(ctx, head)
}

// recentEvents and recentOperations are how many the overview looks at.
const (
	recentEvents     = 6
	recentOperations = 10
)

func (h *Handlers) overviewOf(ctx context.Context, head app.Head) (o app.Overview, err error) {
	id := head.App.ID
	o = app.Overview{Head: head}
	if o.Instances, err = h.Service.Instances(ctx, id); err != nil {
		return o, err
	}
	if head.CanInspect {
		if err = h.inspect(ctx, &o); err != nil {
			return o, err
		}
	}
	if o.Events, err = h.Service.Events(ctx, core.EventFilter{AppID: id, Limit: recentEvents}); err != nil {
		return o, err
	}
	operations, err := h.Service.Operations(ctx, id, recentOperations)
	if len(operations) > 0 && operations[0].Status == core.OpFailed {
		o.LastError = operations[0]
	}
	for _, op := range operations {
		if !op.Done() {
			o.Open = append(o.Open, op)
		}
	}
	return o, err
}

// inspect fills in what is seen by those alone who may look inside the app.
func (h *Handlers) inspect(ctx context.Context, o *app.Overview) (err error) {
	id := o.Head.App.ID
	v, err := h.Service.TrafficOver(ctx, id, core.RangeLive)
	if err != nil {
		return err
	}
	o.Live = v.Sum
	if o.Traffic, err = h.Service.Traffic(ctx, id); err != nil {
		return err
	}
	if o.Release, err = h.currentRelease(ctx, id); err != nil {
		return err
	}
	if o.Head.App.IsService() {
		o.UsedBy, err = h.Service.UsedBy(ctx, id)
	} else {
		o.Uses, err = h.bound(ctx, o.Release.Spec.Bindings)
	}
	return err
}

// bound are the services of these ids that are still there.
func (h *Handlers) bound(ctx context.Context, ids []string) ([]core.App, error) {
	var apps []core.App
	for _, id := range ids {
		a, err := h.Service.App(ctx, id)
		switch {
		case core.ErrorCode(err) == core.ENOTFOUND:
		case err != nil:
			return nil, err
		default:
			apps = append(apps, a)
		}
	}
	return apps, nil
}

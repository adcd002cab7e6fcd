package handlers

import (
	"net/http"
	"slices"
	"strconv"

	"github.com/labstack/echo/v4"

	"berth/core"
	"berth/views/i18n"
	"berth/views/layout"
	"berth/views/support"
)

// defaultPanes is how many instances of an app are shown when none was chosen.
const defaultPanes = 4

// sideBySide shows the logs of the instances in the address next to each other, and offers the others of their apps.
// An app in the address stands for its first instances.
func (h *Handlers) sideBySide(c echo.Context) error {
	ctx, q := c.Request().Context(), c.QueryParams()
	ids, apps := q["instance"], q["app"]
	if len(ids) > support.MaxPanes || len(apps) > support.MaxPanes {
		return core.Invalid("instance", "error.panes", "max", strconv.Itoa(support.MaxPanes))
	}
	chosen, err := h.Service.LogInstances(ctx, ids)
	if err != nil {
		return err
	}
	for _, i := range chosen {
		apps = append(apps, i.AppID)
	}
	m := support.Side{}
	for n, id := range apps {
		if slices.Contains(apps[:n], id) {
			continue
		}
		panes, err := h.panes(c, id, chosen, n < len(q["app"]))
		if err != nil {
			return err
		}
		m.Choose = append(m.Choose, panes...)
	}
	for i := range m.Choose {
		if m.Choose[i].Shown = m.Choose[i].Shown && len(m.Panes) < support.MaxPanes; m.Choose[i].Shown {
			m.Panes = append(m.Panes, m.Choose[i])
		}
	}
	tenant := ""
	if len(m.Choose) > 0 {
		tenant = m.Choose[0].App.TenantID
	}
	if m.Page, err = h.page(c, tenant); err != nil {
		return err
	}
	m.Page.Title, m.Page.Section = i18n.T(ctx, "side.title"), layout.SectionHome
	if m.Page.Actor.Can(core.ActSupport, "") {
		m.Page.Section = layout.SectionSupport
	}
	return render(c, http.StatusOK, support.SidePage(m))
}

// panes are the instances of an app: the chosen ones shown, and the first ones when whole says that the app itself
// was chosen.
func (h *Handlers) panes(c echo.Context, appID string, chosen []core.Instance, whole bool) ([]support.Pane, error) {
	ctx := c.Request().Context()
	if err := h.Service.MayReadLogs(ctx, appID); err != nil {
		return nil, err
	}
	a, err := h.Service.App(ctx, appID)
	if err != nil {
		return nil, err
	}
	instances, err := h.Service.Instances(ctx, appID)
	panes := make([]support.Pane, len(instances))
	for n, i := range instances {
		shown := whole && n < defaultPanes || slices.ContainsFunc(chosen, func(c core.Instance) bool { return c.ID == i.ID })
		panes[n] = support.Pane{App: a, Instance: i, Shown: shown}
	}
	return panes, err
}

package handlers

import (
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"berth/core"
	"berth/views/i18n"
	"berth/views/layout"
	"berth/views/paths"
	"berth/views/quota"
	"berth/views/ui"
)

func (h *Handlers) plansPage(c echo.Context) error {
	return h.renderPlans(c, http.StatusOK, ui.NewForm())
}

func (h *Handlers) renderPlans(c echo.Context, status int, f ui.Form) error {
	ctx := c.Request().Context()
	plans, teams, err := h.Service.Plans(ctx)
	if err != nil {
		return err
	}
	p, err := h.page(c, "")
	if err != nil {
		return err
	}
	p.Title, p.Section, p.Path = i18n.T(ctx, "nav.plans"), layout.SectionPlans, paths.Plans
	m := quota.Plans{Page: p, Plans: plans, Teams: teams, Default: h.Service.DefaultPlan(), Kept: map[string]bool{}, Form: f}
	for _, plan := range plans {
		m.Kept[plan.Name] = h.Service.KeepsPlan(plan.Name)
	}
	if m.Requests, err = h.wishes(c); err != nil {
		return err
	}
	return render(c, status, quota.PlansPage(m))
}

// wishes are the open requests, each with the quota that it asks to change.
func (h *Handlers) wishes(c echo.Context) ([]quota.Wish, error) {
	ctx := c.Request().Context()
	requests, err := h.Service.QuotaRequests(ctx)
	if err != nil {
		return nil, err
	}
	views := map[string]core.QuotaView{}
	wishes := make([]quota.Wish, len(requests))
	for i, r := range requests {
		v, seen := views[r.TenantID]
		if !seen {
			if v, err = h.Service.Quota(ctx, r.TenantID); err != nil {
				return nil, err
			}
			views[r.TenantID] = v
		}
		wishes[i] = quota.Wish{QuotaRequest: r, Team: v.Tenant.Name, Limit: v.Limits[r.Resource], Used: v.Used[r.Resource]}
	}
	return wishes, nil
}

func (h *Handlers) createPlan(c echo.Context) error {
	return h.putPlan(c, strings.TrimSpace(c.FormValue("name")), ui.NewForm("of", "new", "name", c.FormValue("name")), true)
}

func (h *Handlers) changePlan(c echo.Context) error {
	name := c.Param("plan")
	return h.putPlan(c, name, ui.NewForm("of", name), false)
}

func (h *Handlers) putPlan(c echo.Context, name string, f ui.Form, isNew bool) error {
	limits, err := readAmounts(c, f, core.Resources...)
	if err == nil {
		_, err = h.Service.PutPlan(c.Request().Context(), name, limits, isNew)
	}
	if err == nil {
		return redirect(c, paths.Plans+"#plan-"+name)
	}
	return h.planFault(c, f, err)
}

// planFault shows what is wrong in the form, to those alone who may see the page.
func (h *Handlers) planFault(c echo.Context, f ui.Form, err error) error {
	f, ok := failed(f, err)
	if !ok {
		return err
	}
	return h.renderPlans(c, http.StatusUnprocessableEntity, f)
}

func (h *Handlers) deletePlan(c echo.Context) error {
	name := c.Param("plan")
	if err := h.Service.DeletePlan(c.Request().Context(), name); err != nil {
		return h.planFault(c, ui.NewForm("of", name), err)
	}
	return redirect(c, paths.Plans)
}

func (h *Handlers) approveQuota(c echo.Context) error { return h.decideQuota(c, true) }

func (h *Handlers) refuseQuota(c echo.Context) error { return h.decideQuota(c, false) }

func (h *Handlers) decideQuota(c echo.Context, approve bool) error {
	id, answer := c.Param("request"), strings.TrimSpace(c.FormValue("answer"))
	if _, err := h.Service.DecideQuota(c.Request().Context(), id, approve, answer); err != nil {
		return h.planFault(c, ui.NewForm("of", id, "answer", answer), err)
	}
	return redirect(c, paths.Plans)
}

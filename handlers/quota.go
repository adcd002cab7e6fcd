package handlers

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"berth/core"
	"berth/views/i18n"
	"berth/views/layout"
	"berth/views/paths"
	"berth/views/quota"
	"berth/views/ui"
)

func (h *Handlers) quotaPage(c echo.Context) error {
	p, err := h.tenantPage(c)
	if err != nil {
		return err
	}
	return h.renderQuota(c, http.StatusOK, p, ui.NewForm())
}

func (h *Handlers) renderQuota(c echo.Context, status int, p layout.Page, f ui.Form) error {
	ctx := c.Request().Context()
	m := quota.Page{Page: p, Over: c.QueryParam("over"), Form: f}
	if !slices.Contains(quota.Spans, m.Over) {
		m.Over = quota.Spans[0]
	}
	m.Page.Title, m.Page.Section, m.Page.Path = i18n.T(ctx, "nav.quota"), layout.SectionQuota, paths.Quota(p.Tenant.ID)
	var err error
	if m.View, err = h.Service.Quota(ctx, p.Tenant.ID); err != nil {
		return err
	}
	now := time.Now()
	samples, err := h.Service.QuotaSamples(ctx, p.Tenant.ID, quota.Since(m.Over, now))
	if err != nil {
		return err
	}
	samples = append(samples, core.UsageSample{Hour: now, Peaks: m.View.Used}) // what no sample has yet
	m.Charts = quota.NewCharts(samples, m.Over, now)
	return render(c, status, quota.QuotaPage(m))
}

// askQuota sends a wish to the operators.
func (h *Handlers) askQuota(c echo.Context) error {
	p, err := h.tenantPage(c)
	if err != nil {
		return err
	}
	r := core.Resource(c.FormValue("resource"))
	amount, err := quota.ReadAmount(r, c.FormValue("amount"))
	if err != nil {
		err = core.Invalid("amount", core.ErrorMessage(err).Key, "value", c.FormValue("amount"))
	} else {
		_, err = h.Service.AskQuota(c.Request().Context(), p.Tenant.ID, r, amount, strings.TrimSpace(c.FormValue("reason")))
	}
	if err == nil {
		return redirect(c, paths.Quota(p.Tenant.ID)+"#quota-"+string(r))
	}
	f, ok := failed(ui.NewForm("of", string(r), "amount", c.FormValue("amount"), "reason", c.FormValue("reason")), err)
	if !ok {
		return err
	}
	return h.renderQuota(c, http.StatusUnprocessableEntity, p, f)
}

func (h *Handlers) withdrawQuota(c echo.Context) error {
	r, err := h.Service.WithdrawQuota(c.Request().Context(), c.Param("request"))
	if err != nil {
		return err
	}
	return redirect(c, paths.Quota(r.TenantID)+"#quota-"+string(r.Resource))
}

// setBudget bounds an app; what is left empty is not bounded.
func (h *Handlers) setBudget(c echo.Context) error {
	ctx := c.Request().Context()
	app, err := h.Service.App(ctx, c.Param("app"))
	if err != nil {
		return err
	}
	f := ui.NewForm("of", "budget-"+app.ID)
	budget, err := readAmounts(c, f, core.ResourceMemory, core.ResourceCPU, core.ResourceInstances)
	if err == nil {
		err = h.Service.SetBudget(ctx, app.ID, budget)
	}
	if err == nil {
		return redirect(c, paths.Quota(app.TenantID)+"#budget-"+app.ID)
	}
	f, ok := failed(f, err)
	if !ok {
		return err
	}
	p, err := h.page(c, app.TenantID)
	if err != nil {
		return err
	}
	return h.renderQuota(c, http.StatusUnprocessableEntity, p, f)
}

// readAmounts reads the inputs of resources, the empty ones left out, and keeps in f what was typed.
func readAmounts(c echo.Context, f ui.Form, resources ...core.Resource) (core.Amounts, error) {
	amounts := core.Amounts{}
	var faults core.Faults
	for _, r := range resources {
		text := strings.TrimSpace(c.FormValue(string(r)))
		f.Values[string(r)] = text
		if text == "" {
			continue
		}
		n, err := quota.ReadAmount(r, text)
		faults.Merge(string(r), err)
		amounts[r] = n
	}
	return amounts, faults.Err()
}

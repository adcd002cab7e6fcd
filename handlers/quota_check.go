package handlers

import (
	"net/http"
	"strconv"

	"github.com/labstack/echo/v4"

	"berth/core"
	"berth/views/paths"
	"berth/views/quota"
	"berth/views/ui"
)

// quotaCheckPart says what a release of an app would take; the form sends its size with every change of it.
func (h *Handlers) quotaCheckPart(c echo.Context) error {
	a, err := h.Service.App(c.Request().Context(), c.Param("app"))
	if err != nil {
		return err
	}
	_, plans, err := h.currentSettings(c)
	if err != nil {
		return err
	}
	in := core.NewRelease{Version: c.QueryParam("version")}
	var faults core.Faults
	readSize(c, plans, &in, &faults)
	if text := c.QueryParam("replicas"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil {
			faults.Add("replicas", "error.number_range", "min", "0", "max", strconv.Itoa(core.MaxReplicas))
		}
		in.Replicas = &n
	}
	check, err := h.quotaCheck(c, a, in, faults.Err())
	if err != nil {
		return err
	}
	return render(c, http.StatusOK, quota.CheckPart(check))
}

// quotaCheck asks what a release would take. A form that cannot be used says so itself.
func (h *Handlers) quotaCheck(c echo.Context, a core.App, in core.NewRelease, fault error) (quota.Check, error) {
	check := quota.Check{URL: paths.QuotaCheck(a.ID), Quota: paths.Quota(a.TenantID)}
	if fault != nil {
		return check, nil
	}
	if in.Port == nil { // the form asks for it, and what is taken does not depend on it
		port := 80
		in.Port = &port
	}
	var err error
	check.QuotaCheck, err = h.Service.CheckRelease(c.Request().Context(), a.ID, in)
	return known(check, err)
}

func known(check quota.Check, err error) (quota.Check, error) {
	switch core.ErrorCode(err) {
	case core.EINVALID, core.ECONFLICT, core.ETOOLARGE:
		return check, nil
	}
	check.Known = err == nil
	return check, err
}

// releaseCheck is quotaCheck for what a form of a release says when it is shown.
func (h *Handlers) releaseCheck(c echo.Context, a core.App, version string, plans []core.Plan, f ui.Form) (quota.Check, error) {
	in := core.NewRelease{Version: version}
	if version == "" || f.Values["plan"] != "" && a.Release == 0 {
		for _, p := range plans {
			if p.Name == f.Values["plan"] {
				in.Memory, in.CPU = &p.Memory, &p.CPU
			}
		}
	}
	return h.quotaCheck(c, a, in, nil)
}

// newQuotaCheckPart says what a new app, or a new database, would take.
func (h *Handlers) newQuotaCheckPart(c echo.Context) error {
	check, err := h.newQuotaCheck(c, c.QueryParam("tenant"), c.QueryParam("entry"), c.QueryParam("plan"))
	if err != nil {
		return err
	}
	return render(c, http.StatusOK, quota.CheckPart(check))
}

func (h *Handlers) newQuotaCheck(c echo.Context, tenantID, entry, plan string) (quota.Check, error) {
	check := quota.Check{URL: paths.NewQuotaCheck(tenantID, entry), Quota: paths.Quota(tenantID)}
	var err error
	check.QuotaCheck, err = h.Service.CheckApp(c.Request().Context(), core.NewApp{TenantID: tenantID, Service: entry, Plan: plan})
	return known(check, err)
}

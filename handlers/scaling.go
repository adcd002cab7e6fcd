package handlers

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"berth/core"
	"berth/views/app"
	"berth/views/paths"
	"berth/views/scaling"
	"berth/views/ui"
)

// scalingPage says how the number of an app's instances follows its load, what is in force, and asks for more.
func (h *Handlers) scalingPage(c echo.Context) error {
	v, err := h.scaling(c)
	if err != nil {
		return err
	}
	m := scaling.Page{View: v, Form: scalingForm(v), Rules: scaling.RulesOf(v.Rules), Hours: scaling.HoursOf(v.Schedules)}
	m.Trial.Load = v.On()
	return h.renderScaling(c, http.StatusOK, m)
}

// scaling is zero before the first release.
func (h *Handlers) scaling(c echo.Context) (core.ScalingView, error) {
	v, err := h.Service.Scaling(c.Request().Context(), c.Param("app"))
	if core.ErrorCode(err) == core.ENOTFOUND {
		return core.ScalingView{}, nil
	}
	return v, err
}

func (h *Handlers) renderScaling(c echo.Context, status int, m scaling.Page) error {
	p, head, err := h.appPage(c, c.Param("app"), app.TabScaling)
	if err != nil {
		return err
	}
	if head.App.IsService() {
		return core.NotFound()
	}
	p.Path = paths.Scaling(head.App.ID)
	if p.Toast, err = h.toast(c, head.App); err != nil {
		return err
	}
	m.Page, m.Head = p, head
	m.Trial.URL, m.Trial.Quota = paths.TryScaling(head.App.ID), paths.Quota(head.App.TenantID)
	return render(c, status, scaling.ScalingPage(m))
}

// scalingNow is the part of the page that says what is in force.
func (h *Handlers) scalingNow(c echo.Context) error {
	head, err := h.head(c.Request().Context(), c.Param("app"), app.TabScaling)
	if err != nil {
		return err
	}
	v, err := h.Service.Scaling(c.Request().Context(), head.App.ID)
	if err != nil {
		return err
	}
	return render(c, http.StatusOK, scaling.Now(head, v))
}

// checkCron says what the cron expression of a row means while it is typed.
func (h *Handlers) checkCron(c echo.Context) error {
	a, err := h.Service.App(c.Request().Context(), c.Param("app"))
	if err != nil {
		return err
	}
	row := scaling.Hours{Cron: strings.TrimSpace(c.QueryParam("hours_cron")), Zone: strings.TrimSpace(c.QueryParam("hours_zone"))}
	return render(c, http.StatusOK, scaling.CronPart(paths.CheckCron(a.ID), row))
}

// saveScaling makes a release of what the form says, or stages it. No instance is restarted by that.
func (h *Handlers) saveScaling(c echo.Context) error {
	id := c.Param("app")
	in, err := scalingInput(c)
	next := ""
	if err == nil {
		next, err = h.releaseOrStage(c, id, in.release())
	}
	if err == nil {
		if op, ok := strings.CutPrefix(next, paths.Operation("")); ok {
			next = paths.ScalingAccepted(id, op)
		}
		return redirect(c, next)
	}
	return h.scalingFailed(c, in, err)
}

// scalingFailed shows the form as it was typed, with what is wrong at its fields.
func (h *Handlers) scalingFailed(c echo.Context, in scalingRows, err error) error {
	form, ok := failed(in.form, err)
	if !ok {
		return err
	}
	form.Errors = in.atRows(form.Errors)
	v, err := h.scaling(c)
	if err != nil {
		return err
	}
	return h.renderScaling(c, http.StatusUnprocessableEntity, scaling.Page{View: v, Form: form, Rules: in.rules, Hours: in.hours})
}

// tryScaling says what the rules of the form would have done, and changes nothing. To a script it answers with that part
// of the page.
func (h *Handlers) tryScaling(c echo.Context) error {
	ctx, id := c.Request().Context(), c.Param("app")
	a, err := h.Service.App(ctx, id)
	if err != nil {
		return err
	}
	in, fault := scalingInput(c)
	t := scaling.Trial{URL: paths.TryScaling(id), Quota: paths.Quota(a.TenantID), Known: in.policy.On()}
	if fault == nil && t.Known {
		_, t.Wanted = in.policy.Range()
		t.Replay, err = h.Service.DryRunScaling(ctx, id, in.policy)
		fault = ofScaling(err)
	}
	if c.Request().Header.Get("HX-Request") == "" {
		if fault != nil {
			return h.scalingFailed(c, in, fault)
		}
		v, err := h.scaling(c)
		if err != nil {
			return err
		}
		return h.renderScaling(c, http.StatusOK, scaling.Page{View: v, Form: in.form, Rules: in.rules, Hours: in.hours, Trial: t})
	}
	form, ok := failed(ui.NewForm(), fault)
	switch {
	case fault != nil && core.ErrorCode(fault) == core.EUNAVAILABLE:
		t.Faults = []core.Text{core.ErrorMessage(fault)}
	case fault != nil && !ok:
		return fault
	case fault != nil:
		t.Faults = form.Rest()
	}
	return render(c, http.StatusOK, scaling.TrialPart(t))
}

// ofScaling names the fields of a fault as those of a release, which has a scaling, are named.
func ofScaling(err error) error {
	if core.ErrorCode(err) != core.EINVALID {
		return err
	}
	var f core.Faults
	f.Merge("scaling", err)
	return f.Err()
}

// scalingForm is what is in force, as it is typed.
func scalingForm(v core.ScalingView) ui.Form {
	f := ui.NewForm("how", "fixed", "replicas", strconv.Itoa(v.Replicas), "min", "1", "max", strconv.Itoa(max(v.Replicas, 2)),
		"cooldown_up", v.UpAfter().String(), "cooldown_down", v.DownAfter().String())
	if v.On() {
		f.Values["how"], f.Values["min"], f.Values["max"] = "auto", strconv.Itoa(v.Min), strconv.Itoa(v.Max)
	}
	if v.Idle > 0 {
		f.Values["idle"] = time.Duration(v.Idle).String()
	}
	return f
}

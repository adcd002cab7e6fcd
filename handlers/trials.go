package handlers

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"berth/core"
	"berth/views/paths"
	"berth/views/ui"
	"berth/views/version"
)

// changeTrial does what the button says that the form was sent by.
func (h *Handlers) changeTrial(c echo.Context) error {
	ctx, id := c.Request().Context(), c.Param("app")
	var err error
	switch c.FormValue("do") {
	case "promote":
		_, _, err = h.Service.PromoteCanary(ctx, id)
	case "abort":
		_, _, err = h.Service.AbortCanary(ctx, id)
	case "hold":
		_, err = h.Service.HoldCanary(ctx, id)
	case "resume":
		_, err = h.Service.ResumeCanary(ctx, id)
	default:
		share, bad := strconv.Atoi(strings.TrimSuffix(strings.TrimSpace(c.FormValue("share")), "%"))
		if bad != nil {
			return core.Invalid("share", "error.number_range", "min", "1", "max", "99")
		}
		_, _, err = h.Service.SetCanaryShare(ctx, id, share)
	}
	if err != nil {
		return err
	}
	return redirect(c, paths.Versions(id))
}

// switchRelease switches to a release that waits, or back from one.
func (h *Handlers) switchRelease(c echo.Context) error {
	ctx, id := c.Request().Context(), c.Param("app")
	n, err := number(c.FormValue("release"))
	if err != nil {
		return err
	}
	if c.FormValue("do") == "back" {
		_, _, err = h.Service.SwitchBack(ctx, id, n)
	} else {
		_, err = h.Service.SwitchRelease(ctx, id, n)
	}
	if err != nil {
		return err
	}
	return redirect(c, paths.Versions(id))
}

// trial is what there is to say of an app's newest trial; zero when that is nothing.
func (h *Handlers) trial(ctx context.Context, a core.App) (version.Trial, error) {
	view, err := h.Service.Canary(ctx, a.ID)
	if core.ErrorCode(err) == core.ENOTFOUND {
		return version.Trial{}, nil
	}
	t := version.Trial{CanaryView: view}
	if err != nil || !t.Shown(time.Now()) {
		return version.Trial{}, err
	}
	if t.Open() {
		t.Memory, err = h.Service.VersionMemory(ctx, a.ID)
	}
	return t, err
}

// beside is the release that waits to be switched to, or that was not long ago; nil when there is none.
func beside(a core.App, releases []version.Revision, now time.Time) *version.Beside {
	if len(releases) < 2 || releases[0].Number != a.Release || releases[0].Spec.Strategy.Kind != core.StrategyBlueGreen {
		return nil
	}
	r := releases[0]
	b := &version.Beside{Release: r.Number, New: r.Spec.Labels(), Old: releases[1].Spec.Labels()}
	for _, o := range releases[1:] {
		if !o.OnlineAt.IsZero() {
			b.Old = o.Spec.Labels()
			break
		}
	}
	switch {
	case r.Status == core.ReleasePending && a.Serving != r.Number && a.Serving > 0 && !r.Spec.Strategy.Auto:
		b.Waiting, b.Ready = true, a.AwaitsSwitch()
		return b
	case a.Serving == r.Number && r.Status != core.ReleaseFailed:
		b.Until = r.OnlineAt.Add(r.Spec.Strategy.KeptFor())
		if b.Until.After(now) {
			return b
		}
	}
	return nil
}

// startTrial tries a version on a share of the requests, as the form says.
func (h *Handlers) startTrial(c echo.Context, v core.Version, f ui.Form) error {
	in, err := trialInput(c, v.Label)
	if err == nil {
		_, _, _, err = h.Service.StartCanary(c.Request().Context(), v.AppID, in)
	}
	if err == nil {
		return redirect(c, paths.Versions(v.AppID))
	}
	if f, ok := failed(f, err); ok {
		return h.renderDeploy(c, http.StatusUnprocessableEntity, v, f)
	}
	return err
}

package handlers

import (
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"berth/core"
	"berth/views/release"
	"berth/views/ui"
)

// fillHealth has a form show a health check. What is as usual stays empty, so that it follows when that changes.
func fillHealth(f ui.Form, h core.HealthCheck) {
	ready := h.Ready()
	for name, value := range map[string]string{"kind": string(ready.Kind), "path": h.Path, "status": h.Status, "text": h.Text, "service": h.Service,
		"interval": durationText(h.Interval), "timeout": durationText(h.Timeout), "grace": durationText(h.Grace),
		"failures": countText(h.Failures), "successes": countText(h.Successes), "policy": string(h.WithDefaults().Policy),
		"alive.kind": "", "alive.path": h.Alive.Path, "alive.service": h.Alive.Service} {
		f.Values["health."+name] = value
	}
	if h.Alive != (core.Probe{}) {
		f.Values["health.alive.kind"] = string(h.WithDefaults().Alive.Kind)
	}
}

// typedHealth keeps what was typed of a health check.
func typedHealth(c echo.Context, f ui.Form) {
	for _, name := range release.HealthInputs {
		f.Values[name] = c.FormValue(name)
	}
}

// healthInput reads a health check; nil when the form does not ask for one, or not for another. before is what the
// form does not show.
func healthInput(c echo.Context, before core.HealthCheck, f *core.Faults) *core.HealthCheck {
	form := c.Request().PostForm
	typed := func(name string) string { return strings.TrimSpace(c.FormValue("health." + name)) }
	switch {
	case form.Has("health.kind"):
	case form.Has("health.path") && typed("path") != before.Path: // where the path alone is asked for
		h := before
		h.SetReady(core.Probe{Path: typed("path")})
		f.Merge("health", h.Validate())
		return &h
	default:
		return nil
	}
	var faults core.Faults
	h := core.HealthCheck{}
	h.Interval, h.Timeout, h.Grace = healthDuration(c, &faults, "interval"), healthDuration(c, &faults, "timeout"), healthDuration(c, &faults, "grace")
	h.Failures, h.Successes = healthNumber(c, &faults, "failures"), healthNumber(c, &faults, "successes")
	if p := core.HealthPolicy(typed("policy")); p != core.PolicyRestart {
		h.Policy = p
	}
	h.SetReady(core.Probe{Kind: core.ProbeKind(typed("kind")), Path: typed("path"), Status: typed("status"), Text: c.FormValue("health.text"), Service: typed("service")}.Only())
	if kind := core.ProbeKind(typed("alive.kind")); kind != "" {
		h.Alive = core.Probe{Kind: kind, Path: typed("alive.path"), Service: typed("alive.service")}
		if kind == core.ProbeHTTP && kind == before.Alive.Kind {
			h.Alive.Status, h.Alive.Text = before.Alive.Status, before.Alive.Text
		}
		h.Alive = h.Alive.Only()
	}
	if len(faults) == 0 {
		faults.Merge("", h.Validate())
	}
	f.Merge("health", faults.Err())
	return &h
}

func healthDuration(c echo.Context, f *core.Faults, name string) core.Duration {
	d, err := readDuration(c.FormValue("health." + name))
	f.Merge(name, err)
	return d
}

func healthNumber(c echo.Context, f *core.Faults, name string) int {
	text := strings.TrimSpace(c.FormValue("health." + name))
	if text == "" {
		return 0
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		f.Add(name, "error.number_range", "min", "1", "max", "100")
	}
	return n
}

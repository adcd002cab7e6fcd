package handlers

import (
	"net/http"
	"strconv"

	"github.com/labstack/echo/v4"

	"berth/core"
	"berth/views/app"
	"berth/views/paths"
	"berth/views/quota"
	"berth/views/release"
	"berth/views/settings"
	"berth/views/ui"
)

func (h *Handlers) settingsPage(c echo.Context) error {
	r, plans, err := h.currentSettings(c)
	if err != nil {
		return err
	}
	return h.renderSettings(c, http.StatusOK, r, plans, nil, settingsForm(plans, r.Spec))
}

// currentSettings returns what runs of the app of the address, and the sizes that it is offered in.
func (h *Handlers) currentSettings(c echo.Context) (core.Release, []core.Plan, error) {
	ctx := c.Request().Context()
	a, err := h.Service.App(ctx, c.Param("app"))
	if err != nil {
		return core.Release{}, nil, err
	}
	r, err := h.currentRelease(ctx, a.ID)
	if err != nil || !a.IsService() {
		return r, core.AppPlans, err
	}
	e, err := h.entry(ctx, a.Service.Entry)
	if core.ErrorCode(err) == core.ENOTFOUND {
		err = nil // it left the catalogue; a size of one's own can still be said
	}
	return r, e.Plans, err
}

// settingsForm is what the present release says.
func settingsForm(plans []core.Plan, s core.ReleaseSpec) ui.Form {
	f := ui.NewForm("plan", "custom", "memory", s.Memory.Human(), "port", portText(s.Port),
		"command", joinCommand(s.Command))
	release.FillStrategy(f, s.Strategy)
	fillHealth(f, s.Health)
	if s.CPU > 0 {
		f.Values["cpu"] = s.CPU.String()
	}
	for _, p := range plans {
		if p.Memory == s.Memory && p.CPU == s.CPU {
			f.Values["plan"] = p.Name
		}
	}
	return f
}

// renderSettings shows both forms; name is nil when the other was sent.
func (h *Handlers) renderSettings(c echo.Context, status int, r core.Release, plans []core.Plan, name *ui.Form, f ui.Form) error {
	p, head, err := h.appPage(c, c.Param("app"), app.TabSettings)
	if err != nil {
		return err
	}
	p.Path = paths.Settings(head.App.ID)
	if p.Toast, err = h.toast(c, head.App); err != nil {
		return err
	}
	rows := make([]release.EnvRow, len(r.Spec.Env))
	for i, v := range r.Spec.Env {
		rows[i] = release.EnvRow{EnvVar: v, Kept: v.Secret}
	}
	fields, err := h.releaseFields(c, head.App.TenantID, f, rows, r.Spec.Bindings)
	if err != nil {
		return err
	}
	if name != nil { // the other form was not sent: it shows what is
		fields.Env = rows
	}
	fields.Plans, fields.Custom = plans, true
	d, err := h.deletion(c.Request().Context(), head.App, ui.NewForm())
	if err != nil {
		return err
	}
	var check quota.Check
	if head.CanDeploy && r.Number > 0 {
		if check, err = h.releaseCheck(c, head.App, "", plans, f); err != nil {
			return err
		}
	}
	page := settings.Page{Check: check, Page: p, Head: head, Name: ui.NewForm("name", head.App.Name), Current: r, Fields: fields, Delete: d}
	if name != nil {
		page.Name = *name
	}
	return render(c, status, settings.SettingsPage(page))
}

// saveSettings makes a release of what changed.
func (h *Handlers) saveSettings(c echo.Context) error {
	r, plans, err := h.currentSettings(c)
	if err != nil {
		return err
	}
	form := releaseForm(c)
	in, err := releaseInput(c, plans, r.Spec)
	next := ""
	if err == nil {
		next, err = h.releaseOrStage(c, c.Param("app"), in)
	}
	if err != nil {
		form, ok := failed(form, err)
		if !ok {
			return err
		}
		return h.renderSettings(c, http.StatusUnprocessableEntity, r, plans, nil, form)
	}
	return redirect(c, next)
}

func (h *Handlers) renameApp(c echo.Context) error {
	id := c.Param("app")
	err := h.Service.RenameApp(c.Request().Context(), id, c.FormValue("name"))
	if err == nil {
		return redirect(c, paths.Settings(id))
	}
	form, ok := failed(ui.NewForm("name", c.FormValue("name")), err)
	if !ok {
		return err
	}
	r, plans, err := h.currentSettings(c)
	if err != nil {
		return err
	}
	return h.renderSettings(c, http.StatusUnprocessableEntity, r, plans, &form, settingsForm(plans, r.Spec))
}

func positive(text string) int {
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 {
		return 0
	}
	return n
}

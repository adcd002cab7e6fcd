package handlers

import (
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"berth/core"
	"berth/views/paths"
	"berth/views/ui"
	"berth/views/wizard"
)

func (h *Handlers) imagePage(c echo.Context) error {
	return h.renderImage(c, http.StatusOK, ui.NewForm())
}

func (h *Handlers) renderImage(c echo.Context, status int, f ui.Form) error {
	p, err := h.wizardPage(c, c.FormValue("tenant"))
	if err != nil {
		return err
	}
	p.Path = paths.NewImageName(p.Tenant.ID)
	a, err := h.address(c.Request().Context(), f, false)
	if err != nil {
		return err
	}
	return render(c, status, wizard.ImagePage(wizard.Image{Page: p, Form: f, Address: a}))
}

// createFromImage makes an app and has its first version fetched; size and the rest are asked once the image is here.
func (h *Handlers) createFromImage(c echo.Context) error {
	form := ui.NewForm("ref", strings.TrimSpace(c.FormValue("ref")), "user", c.FormValue("user"), "name", c.FormValue("name"),
		"id", c.FormValue("id"))
	if form.Values["name"] == "" {
		form.Values["name"] = appName(imageName(form.Values["ref"]))
	}
	op, err := h.fetchNew(c, form)
	if err != nil {
		if form, ok := failed(form, err); ok {
			return h.renderImage(c, http.StatusUnprocessableEntity, form)
		}
		return err
	}
	return redirect(c, paths.Operation(op.ID))
}

func (h *Handlers) fetchNew(c echo.Context, f ui.Form) (core.Operation, error) {
	ctx := c.Request().Context()
	if f.Values["ref"] == "" {
		return core.Operation{}, core.Invalid("ref", "error.image_missing")
	}
	app, _, err := h.Service.CreateApp(ctx, core.NewApp{TenantID: c.FormValue("tenant"), Name: f.Values["name"], ID: f.Values["id"]})
	if err != nil {
		return core.Operation{}, err
	}
	op, err := h.Service.FetchVersion(ctx, app.ID, "", imageSource(c))
	if err != nil { // a refused name leaves no empty app behind
		if _, undo := h.Service.DeleteApp(ctx, app.ID, app.ID, false); undo != nil {
			return op, undo
		}
	}
	return op, err
}

// imageSource is the image elsewhere that a form names.
func imageSource(c echo.Context) core.ImageSource {
	return core.ImageSource{Ref: strings.TrimSpace(c.FormValue("ref")), User: c.FormValue("user"), Password: c.FormValue("password")}
}

// imageName is the last part of an image's name, without tag and digest.
func imageName(ref string) string {
	ref = ref[strings.LastIndex(ref, "/")+1:]
	if at := strings.IndexAny(ref, ":@"); at >= 0 {
		ref = ref[:at]
	}
	return ref
}

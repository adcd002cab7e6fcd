package handlers

import (
	"context"
	"net/http"
	"path"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"berth/core"
	"berth/views/paths"
	"berth/views/release"
	"berth/views/ui"
	"berth/views/wizard"
)

func (h *Handlers) namePage(c echo.Context) error {
	u, err := h.readyUpload(c)
	if err != nil {
		return err
	}
	name := appName(u.FileName)
	form := ui.NewForm("name", name, "id", core.Slugify(name), "plan", core.AppPlans[0].Name, "port", portText(u.Detected.Port))
	return h.renderName(c, http.StatusOK, u, form)
}

// readyUpload returns the upload of a request once it was looked into.
func (h *Handlers) readyUpload(c echo.Context) (core.Upload, error) {
	u, err := h.Service.Upload(c.Request().Context(), c.Param("upload"))
	if err == nil && u.State != core.UploadReady {
		err = core.Errorf(core.ECONFLICT, "error.upload_not_ready")
	}
	return u, err
}

func (h *Handlers) renderName(c echo.Context, status int, u core.Upload, f ui.Form) error {
	p, err := h.wizardPage(c, u.TenantID)
	if err != nil {
		return err
	}
	p.Path = paths.NewUploadName(u.ID)
	a, err := h.address(c.Request().Context(), f, false)
	if err != nil {
		return err
	}
	fields, err := h.releaseFields(c, u.TenantID, f, nil, nil)
	if err != nil {
		return err
	}
	check, err := h.newQuotaCheck(c, u.TenantID, "", f.Values["plan"])
	if err != nil {
		return err
	}
	return render(c, status, wizard.NamePage(wizard.Name{Page: p, Upload: u, Address: a, Fields: fields, Check: check}))
}

// createFromUpload makes an app, its first version and its first release. Once the version is there, what is still
// wrong is set right where that version is deployed.
func (h *Handlers) createFromUpload(c echo.Context) error {
	u, err := h.readyUpload(c)
	if err != nil {
		return err
	}
	form := releaseForm(c, "name", "id")
	in, err := releaseInput(c, core.AppPlans, core.ReleaseSpec{})
	if err == nil && in.Port == nil && u.Detected.Port == 0 {
		err = core.Invalid("port", "error.port_missing")
	}
	var v core.Version
	if err == nil {
		v, err = h.createVersion(c.Request().Context(), u, form)
	}
	if err != nil {
		form, ok := failed(form, err)
		if !ok {
			return err
		}
		return h.renderName(c, http.StatusUnprocessableEntity, u, form)
	}
	return h.release(c, v, form, in)
}

// createVersion makes an app of an upload.
func (h *Handlers) createVersion(ctx context.Context, u core.Upload, f ui.Form) (core.Version, error) {
	app, _, err := h.Service.CreateApp(ctx, core.NewApp{TenantID: u.TenantID, Name: f.Values["name"], ID: f.Values["id"],
		Plan: f.Values["plan"]})
	if err != nil {
		return core.Version{}, err
	}
	return h.Service.UseUpload(ctx, u.ID, app.ID, "")
}

// releaseFields offers sizes, and the tenant's databases with the chosen ones ticked.
func (h *Handlers) releaseFields(c echo.Context, tenantID string, f ui.Form, env []release.EnvRow, chosen []string) (release.Fields, error) {
	fields := release.Fields{Form: f, Plans: core.AppPlans, Env: env}
	if c.Request().Method == http.MethodPost {
		fields.Env = typedEnv(c)
		chosen = c.Request().PostForm["bindings"]
	}
	services, _, err := h.Service.Apps(c.Request().Context(), core.AppFilter{TenantID: tenantID, Kind: "service"})
	isChosen := map[string]bool{}
	for _, id := range chosen {
		isChosen[id] = true
	}
	for _, s := range services {
		if s.App.State != core.AppDeleting {
			fields.Databases = append(fields.Databases, release.Database{ID: s.App.ID, Name: s.App.Name, Chosen: isChosen[s.App.ID]})
		}
	}
	return fields, err
}

// appName guesses a name from that of a file: "loyalty-1.0.tar.gz" is "Loyalty".
func appName(file string) string {
	name := path.Base(strings.ReplaceAll(file, `\`, "/"))
	for _, ext := range []string{".gz", ".tgz", ".tar", ".oci"} {
		name = strings.TrimSuffix(name, ext)
	}
	if at := strings.IndexAny(name, "0123456789"); at > 1 {
		name = name[:at]
	}
	name = strings.Trim(strings.NewReplacer("-", " ", "_", " ", ".", " ", ":", " ").Replace(name), " ")
	name = strings.TrimSuffix(name, " v")
	if core.ValidateName("name", name) != nil {
		return ""
	}
	return strings.ToUpper(name[:1]) + name[1:]
}

func portText(port int) string {
	if port == 0 {
		return ""
	}
	return strconv.Itoa(port)
}

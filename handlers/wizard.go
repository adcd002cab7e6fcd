package handlers

import (
	"context"
	"net/http"

	"github.com/labstack/echo/v4"

	"berth/core"
	"berth/views/i18n"
	"berth/views/layout"
	"berth/views/paths"
	"berth/views/ui"
	"berth/views/wizard"
)

// wizardPage is the frame of the wizard in a tenant where the person may bring something.
func (h *Handlers) wizardPage(c echo.Context, tenantID string) (layout.Page, error) {
	ctx := c.Request().Context()
	p, err := h.page(c, tenantID)
	if err != nil {
		return p, err
	}
	p.Title, p.Section = i18n.T(ctx, "new.title"), layout.SectionHome
	return p, actor(ctx).Authorize(core.ActCreate, p.Tenant.ID)
}

func (h *Handlers) questionPage(c echo.Context) error {
	p, err := h.wizardPage(c, c.QueryParam("tenant"))
	if err != nil {
		return err
	}
	return render(c, http.StatusOK, wizard.QuestionPage(wizard.Question{Page: p}))
}

func (h *Handlers) filePage(c echo.Context) error {
	p, err := h.wizardPage(c, c.QueryParam("tenant"))
	if err != nil {
		return err
	}
	return render(c, http.StatusOK, wizard.FilePage(wizard.File{Page: p}))
}

// insidePage shows what was found in an upload. One for an app that exists goes on among the app's versions.
func (h *Handlers) insidePage(c echo.Context) error {
	u, err := h.Service.Upload(c.Request().Context(), c.Param("upload"))
	if err != nil {
		return err
	}
	if u.AppID != "" && u.State == core.UploadReady {
		return redirect(c, paths.NewVersionUpload(u.AppID, u.ID))
	}
	p, err := h.wizardPage(c, u.TenantID)
	if err != nil {
		return err
	}
	return render(c, http.StatusOK, wizard.InsidePage(wizard.Inside{Page: p, Upload: u}))
}

// insideState is the part of that page that asks for itself until the look inside is over.
func (h *Handlers) insideState(c echo.Context) error {
	u, err := h.Service.Upload(c.Request().Context(), c.Param("upload"))
	if err != nil {
		return err
	}
	return render(c, http.StatusOK, wizard.InsideState(wizard.Inside{Upload: u}))
}

func (h *Handlers) cancelUpload(c echo.Context) error {
	ctx := c.Request().Context()
	u, err := h.Service.Upload(ctx, c.Param("upload"))
	if err != nil {
		return err
	}
	if err := h.Service.CancelUpload(ctx, u.ID); err != nil {
		return err
	}
	if u.AppID != "" {
		return redirect(c, paths.NewVersion(u.AppID))
	}
	return redirect(c, paths.NewFile(u.TenantID))
}

// checkAddress says whether an address is free while one types it.
func (h *Handlers) checkAddress(c echo.Context) error {
	a, err := h.address(c.Request().Context(), ui.NewForm("id", c.QueryParam("id")), c.QueryParam("internal") != "")
	if err != nil {
		return err
	}
	return render(c, http.StatusOK, wizard.AddressState(a))
}

// address says what is known about the address in a form: what is wrong with it, whether somebody has it, what is
// free near it. An empty one is not asked about.
func (h *Handlers) address(ctx context.Context, f ui.Form, internal bool) (wizard.Address, error) {
	id := f.Values["id"]
	a := wizard.Address{Form: f, BaseDomain: h.BaseDomain, Internal: internal}
	if id == "" {
		return a, nil
	}
	free, err := h.Service.SuggestIDs(ctx, id)
	if err != nil {
		return a, err
	}
	if _, failed := f.Errors["id"]; !failed {
		a.Form = checked(f, id, free)
	}
	if a.Free = a.OK(); a.Free {
		a.URL = h.Service.URL(id)
	} else {
		a.Others = free
	}
	return a, nil
}

// checked notes in a copy of f what is wrong with the id; the first of the free ones is the id itself if it is free.
func checked(f ui.Form, id string, free []string) ui.Form {
	f.Errors = map[string]core.Text{}
	if err := core.ValidateSlug("id", id); err != nil {
		f.Errors["id"] = core.ErrorMessage(err)
	} else if len(free) == 0 || free[0] != id {
		f.Errors["id"] = core.T("address.taken")
	}
	return f
}

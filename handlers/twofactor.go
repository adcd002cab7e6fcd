package handlers

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"berth/core"
	"berth/views/paths"
	"berth/views/profile"
	"berth/views/ui"
)

func (h *Handlers) beginTwoFactor(c echo.Context) error {
	err := h.Service.BeginTwoFactor(c.Request().Context())
	if err != nil && core.ErrorCode(err) != core.ECONFLICT {
		return err
	}
	return redirect(c, paths.TwoFactor)
}

// twoFactorPage shows the secret until a code of it was given; afterwards there is nothing to see here.
func (h *Handlers) twoFactorPage(c echo.Context) error {
	return h.renderEnrol(c, http.StatusOK, ui.NewForm())
}

func (h *Handlers) renderEnrol(c echo.Context, status int, f ui.Form) error {
	secret, uri, err := h.Service.PendingTwoFactor(c.Request().Context())
	if core.ErrorCode(err) == core.EGONE {
		return redirect(c, paths.Profile)
	}
	if err != nil {
		return err
	}
	p, err := h.accountPage(c)
	if err != nil {
		return err
	}
	p.Path = paths.TwoFactor
	return render(c, status, profile.EnrolPage(profile.Enrol{Page: p, Secret: secret, URI: uri, Form: f}))
}

func (h *Handlers) confirmTwoFactor(c echo.Context) error {
	codes, err := h.Service.ConfirmTwoFactor(c.Request().Context(), c.FormValue("code"))
	if core.ErrorCode(err) == core.EGONE {
		return redirect(c, paths.Profile)
	}
	if err != nil {
		form, ok := failedSecret(err)
		if !ok {
			return err
		}
		return h.renderEnrol(c, statusOfSecret(err), form)
	}
	return h.renderCodes(c, codes)
}

// renderCodes shows recovery codes in the answer that made them and never again.
func (h *Handlers) renderCodes(c echo.Context, codes []string) error {
	p, err := h.accountPage(c)
	if err != nil {
		return err
	}
	return render(c, http.StatusOK, profile.CodesPage(profile.Codes{Page: p, Codes: codes}))
}

func (h *Handlers) newRecoveryCodes(c echo.Context) error {
	codes, err := h.Service.NewRecoveryCodes(c.Request().Context(), c.FormValue("proof"))
	if err == nil {
		return h.renderCodes(c, codes)
	}
	return h.answerProfile(c, err, "", func(m *profile.Page, f ui.Form) { m.Codes = f })
}

func (h *Handlers) stopTwoFactor(c echo.Context) error {
	err := h.Service.StopTwoFactor(c.Request().Context(), c.FormValue("proof"))
	return h.answerProfile(c, err, profile.SavedTwoFactor, func(m *profile.Page, f ui.Form) { m.Stop = f })
}

package handlers

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"berth/core"
	"berth/views/i18n"
	"berth/views/paths"
	"berth/views/session"
	"berth/views/ui"
)

func (h *Handlers) forgotPage(c echo.Context) error {
	if !h.Service.MailEnabled() {
		return core.NotFound()
	}
	return h.renderForgot(c, http.StatusOK, ui.NewForm(), false)
}

func (h *Handlers) renderForgot(c echo.Context, status int, f ui.Form, sent bool) error {
	p := h.bareRequestPage(c)
	p.Title, p.Path = i18n.T(c.Request().Context(), "forgot.title"), paths.Forgot
	return render(c, status, session.ForgotPage(session.Forgot{Page: p, Form: f, Sent: sent}))
}

// forgot answers the same whoever is asked for.
func (h *Handlers) forgot(c echo.Context) error {
	if !h.Service.MailEnabled() {
		return core.NotFound()
	}
	link := func(secret string) string { return h.PortalURL + paths.Reset(secret) }
	err := h.Service.RequestReset(c.Request().Context(), c.FormValue("email"), c.RealIP(), link)
	if core.ErrorCode(err) == core.ETOOMANY {
		return h.renderForgot(c, http.StatusTooManyRequests, ui.NewForm("email", c.FormValue("email")).Fail(err), false)
	}
	if err != nil {
		return err
	}
	return h.renderForgot(c, http.StatusOK, ui.NewForm(), true)
}

// resetPage asks for the new password. Opening the link changes nothing.
func (h *Handlers) resetPage(c echo.Context) error {
	return h.renderReset(c, http.StatusOK, ui.NewForm())
}

func (h *Handlers) renderReset(c echo.Context, status int, f ui.Form) error {
	ctx, secret := c.Request().Context(), c.Param("secret")
	p := h.bareRequestPage(c)
	email, err := h.Service.CheckReset(ctx, secret)
	if core.ErrorCode(err) == core.EGONE {
		p.Title = i18n.T(ctx, "reset.gone_title")
		return render(c, http.StatusGone, session.ResetGone(p))
	}
	if err != nil {
		return err
	}
	p.Title = i18n.T(ctx, "reset.title")
	return render(c, status, session.ResetPage(session.Reset{Page: p, Form: f, Secret: secret, Email: email}))
}

func (h *Handlers) reset(c echo.Context) error {
	err := h.Service.ResetPassword(c.Request().Context(), c.Param("secret"), c.FormValue("password"))
	if err == nil {
		return redirect(c, paths.SignIn)
	}
	if core.ErrorCode(err) == core.EGONE {
		return h.renderReset(c, http.StatusGone, ui.NewForm())
	}
	form, ok := failed(ui.NewForm(), err)
	if !ok {
		return err
	}
	return h.renderReset(c, http.StatusUnprocessableEntity, form)
}

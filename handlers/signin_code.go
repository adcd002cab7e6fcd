package handlers

import (
	"net/http"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"berth/core"
	"berth/views/i18n"
	"berth/views/paths"
	"berth/views/session"
	"berth/views/ui"
)

// Cookies of a sign-in that is under way. They are no session: nothing but the next step knows them.
const (
	cookieStep     = "step"     // the ticket for the code
	cookieProvider = "provider" // what ties the way to a provider to this browser

	stepFor     = 10 * time.Minute
	providerFor = 10 * time.Minute
)

func (h *Handlers) stepCookie(name string) string {
	if h.https() {
		return "__Host-berth_" + name
	}
	return "berth_" + name
}

func (h *Handlers) https() bool { return strings.HasPrefix(h.PortalURL, "https://") }

// keep has the browser keep a secret for a while; "" has it forget that.
func (h *Handlers) keep(c echo.Context, name, value string, lasts time.Duration) {
	age := int(lasts.Seconds())
	if value == "" {
		age = -1
	}
	c.SetCookie(&http.Cookie{Name: h.stepCookie(name), Value: value, Path: "/", MaxAge: age, HttpOnly: true, Secure: h.https(),
		SameSite: http.SameSiteLaxMode})
}

func (h *Handlers) codePage(c echo.Context) error {
	next := SafeNext(c.QueryParam("next"))
	if cookie(c.Request(), h.stepCookie(cookieStep)) == "" {
		return redirect(c, paths.SignIn)
	}
	return h.renderCode(c, http.StatusOK, ui.NewForm("next", next))
}

func (h *Handlers) renderCode(c echo.Context, status int, f ui.Form) error {
	p := h.bareRequestPage(c)
	p.Title, p.Path = i18n.T(c.Request().Context(), "code.title"), paths.SignInCode
	return render(c, status, session.CodePage(session.Code{Page: p, Form: f}))
}

// signInCode is the second step. A wrong code may be tried again; a ticket that is over leads back to the first step.
func (h *Handlers) signInCode(c echo.Context) error {
	next := SafeNext(c.FormValue("next"))
	form := ui.NewForm("next", next)
	ticket := cookie(c.Request(), h.stepCookie(cookieStep))
	user, err := h.Service.SignInCode(c.Request().Context(), ticket, c.FormValue("code"), c.RealIP())
	switch core.ErrorCode(err) {
	case "":
	case core.EUNAUTHORIZED:
		return h.renderCode(c, http.StatusUnauthorized, form.Fail(core.Invalid("code", core.ErrorMessage(err).Key)))
	case core.ETOOMANY:
		return h.renderCode(c, http.StatusTooManyRequests, form.Fail(err))
	case core.EGONE:
		h.keep(c, cookieStep, "", 0)
		return h.renderSignIn(c, http.StatusUnauthorized, form.Fail(err))
	default:
		return err
	}
	h.keep(c, cookieStep, "", 0)
	return h.enter(c, user, next)
}

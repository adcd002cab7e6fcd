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

func (h *Handlers) signInPage(c echo.Context) error {
	next := SafeNext(c.QueryParam("next"))
	if actor(c.Request().Context()).Kind != core.ActorNobody {
		return redirect(c, next)
	}
	return h.renderSignIn(c, http.StatusOK, ui.NewForm("next", next))
}

func (h *Handlers) renderSignIn(c echo.Context, status int, f ui.Form) error {
	p := h.bareRequestPage(c)
	p.Title = i18n.T(c.Request().Context(), "sign_in.title")
	p.Path = paths.SignIn
	m := session.SignIn{Page: p, Form: f, CanReset: h.Service.MailEnabled(), CanRegister: h.Service.RegistrationOpen()}
	if h.Provider != nil {
		m.Provider = h.Provider.Name()
	}
	return render(c, status, session.SignInPage(m))
}

func (h *Handlers) signIn(c echo.Context) error {
	next := SafeNext(c.FormValue("next"))
	form := ui.NewForm("next", next, "email", c.FormValue("email"))
	in, err := h.Service.SignIn(c.Request().Context(), c.FormValue("email"), c.FormValue("password"), c.RealIP())
	switch core.ErrorCode(err) {
	case "":
	case core.EUNAUTHORIZED:
		return h.renderSignIn(c, http.StatusUnauthorized, form.Fail(err))
	case core.ETOOMANY:
		return h.renderSignIn(c, http.StatusTooManyRequests, form.Fail(err))
	default:
		return err
	}
	if in.Ticket != "" {
		h.keep(c, cookieStep, in.Ticket, stepFor)
		return redirect(c, paths.SignInCodeNext(next))
	}
	return h.enter(c, in.User, next)
}

// enter begins the session of a person and leads on.
func (h *Handlers) enter(c echo.Context, user core.User, next string) error {
	if err := h.Sessions.SignIn(c, user.ID); err != nil {
		return err
	}
	return redirect(c, SafeNext(next))
}

func (h *Handlers) signOut(c echo.Context) error {
	if err := h.Sessions.SignOut(c); err != nil {
		return err
	}
	if err := h.Service.SignedOut(c.Request().Context()); err != nil {
		return err
	}
	return redirect(c, paths.SignIn)
}

func (h *Handlers) setupPage(c echo.Context) error {
	return h.renderSetup(c, http.StatusOK, ui.NewForm())
}

// renderSetup shows the form, or that the link is of no use any more.
func (h *Handlers) renderSetup(c echo.Context, status int, f ui.Form) error {
	ctx, secret := c.Request().Context(), c.Param("secret")
	p := h.bareRequestPage(c)
	link, err := h.Service.CheckSetup(ctx, secret)
	if core.ErrorCode(err) == core.EGONE {
		p.Title = i18n.T(ctx, "setup.gone_title")
		return render(c, http.StatusGone, session.SetupGone(p))
	}
	if err != nil {
		return err
	}
	p.Title = i18n.T(ctx, "setup.title")
	m := session.Setup{Page: p, Form: f, Secret: secret, Expires: link.ExpiresAt}
	if h.Machine != nil {
		for _, found := range h.Machine(ctx) {
			m.Checks = append(m.Checks, session.Check{Good: found.Good, What: found.What, Why: found.Next})
		}
	}
	return render(c, status, session.SetupPage(m))
}

func (h *Handlers) setup(c echo.Context) error {
	in := core.SetupInput{Secret: c.Param("secret"), Name: c.FormValue("name"), Email: c.FormValue("email"),
		Password: c.FormValue("password"), Tenant: c.FormValue("tenant")}
	user, err := h.Service.Setup(c.Request().Context(), in)
	if core.ErrorCode(err) == core.EGONE {
		return h.renderSetup(c, http.StatusGone, ui.NewForm())
	}
	if err != nil {
		form, ok := failed(ui.NewForm("name", in.Name, "email", in.Email, "tenant", in.Tenant), err)
		if !ok {
			return err
		}
		return h.renderSetup(c, http.StatusUnprocessableEntity, form)
	}
	if err := h.Sessions.SignIn(c, user.ID); err != nil {
		return err
	}
	return redirect(c, paths.Home(""))
}

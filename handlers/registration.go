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

func (h *Handlers) registerPage(c echo.Context) error {
	if actor(c.Request().Context()).Kind != core.ActorNobody {
		return redirect(c, paths.Home(""))
	}
	return h.renderRegister(c, http.StatusOK, ui.NewForm())
}

func (h *Handlers) renderRegister(c echo.Context, status int, f ui.Form) error {
	if !h.Service.RegistrationOpen() {
		return core.NotFound()
	}
	p := h.bareRequestPage(c)
	p.Title, p.Path = i18n.T(c.Request().Context(), "register.title"), paths.Register
	return render(c, status, session.RegisterPage(session.Register{Page: p, Form: f}))
}

func (h *Handlers) register(c echo.Context) error {
	in := core.Registration{Name: c.FormValue("name"), Email: c.FormValue("email"), Password: c.FormValue("password"),
		Team: c.FormValue("team")}
	user, err := h.Service.Register(c.Request().Context(), in, c.RealIP())
	if err != nil {
		form := ui.NewForm("name", in.Name, "email", in.Email, "team", in.Team)
		if core.ErrorCode(err) == core.ETOOMANY {
			return h.renderRegister(c, http.StatusTooManyRequests, form.Fail(err))
		}
		form, ok := failed(form, err)
		if !ok {
			return err
		}
		return h.renderRegister(c, statusOfForm(err), form)
	}
	if err := h.Sessions.SignIn(c, user.ID); err != nil {
		return err
	}
	return redirect(c, paths.Home(""))
}

// foundTenant makes a tenant for somebody who is in none.
func (h *Handlers) foundTenant(c echo.Context) error {
	tenant, err := h.Service.FoundTenant(c.Request().Context(), c.FormValue("team"))
	if err == nil {
		return redirect(c, paths.Home(tenant.ID))
	}
	form, ok := failed(ui.NewForm("team", c.FormValue("team")), err)
	if !ok {
		return err
	}
	return h.renderNoTeam(c, statusOfForm(err), form)
}

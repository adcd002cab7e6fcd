package handlers

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"berth/core"
	"berth/views/i18n"
	"berth/views/layout"
	"berth/views/paths"
	"berth/views/person"
	"berth/views/ui"
)

func (h *Handlers) peoplePage(c echo.Context) error {
	return h.renderPeople(c, http.StatusOK, ui.NewForm())
}

func (h *Handlers) renderPeople(c echo.Context, status int, f ui.Form) error {
	ctx := c.Request().Context()
	p, err := h.page(c, "")
	if err != nil {
		return err
	}
	p.Title, p.Section = i18n.T(ctx, "nav.people"), layout.SectionPeople
	m := person.List{Page: p, Form: f, Search: c.QueryParam("q")}
	m.People, m.Next, err = h.Service.People(ctx, core.UserFilter{Search: m.Search, Cursor: c.QueryParam("cursor"), Limit: pageSize})
	if err != nil {
		return err
	}
	return render(c, status, person.ListPage(m))
}

func (h *Handlers) setPowers(c echo.Context) error {
	operator, support := c.FormValue("operator") == "1", c.FormValue("support") == "1"
	err := h.Service.SetPowers(c.Request().Context(), c.Param("person"), &operator, &support)
	if err == nil {
		return redirect(c, paths.PeopleList(c.FormValue("q"), ""))
	}
	form, ok := failed(ui.NewForm(), err)
	if !ok {
		return err
	}
	return h.renderPeople(c, statusOfForm(err), form)
}

func (h *Handlers) deletePersonPage(c echo.Context) error {
	return h.renderDeletePerson(c, http.StatusOK, ui.NewForm())
}

func (h *Handlers) renderDeletePerson(c echo.Context, status int, f ui.Form) error {
	if err := actor(c.Request().Context()).Authorize(core.ActOperate, ""); err != nil {
		return err
	}
	id := c.Param("person")
	return h.renderDeletion(c, status, id, layout.SectionPeople, person.Delete{Form: f, Action: paths.DeletePerson(id), Back: paths.People})
}

// renderDeletion lists what goes, and what keeps somebody, before it asks for their email.
func (h *Handlers) renderDeletion(c echo.Context, status int, id string, section layout.Section, m person.Delete) error {
	ctx := c.Request().Context()
	var err error
	if m.Estate, err = h.Service.PersonEstate(ctx, id); err != nil {
		return err
	}
	if m.Page, err = h.page(c, ""); err != nil {
		return err
	}
	m.Page.Title, m.Page.Section, m.Page.Path = i18n.T(ctx, "person.delete_title", "name", m.Estate.User.Name), section, m.Action
	return render(c, status, person.DeletePage(m))
}

func (h *Handlers) deleteAccountPage(c echo.Context) error {
	return h.renderDeleteAccount(c, http.StatusOK, ui.NewForm())
}

func (h *Handlers) renderDeleteAccount(c echo.Context, status int, f ui.Form) error {
	return h.renderDeletion(c, status, actor(c.Request().Context()).UserID, layout.SectionProfile,
		person.Delete{Form: f, Action: paths.DeleteAccount, Back: paths.Profile})
}

// deleteAccount deletes the person who asks, and their sessions with them.
func (h *Handlers) deleteAccount(c echo.Context) error {
	err := h.Service.DeleteAccount(c.Request().Context(), c.FormValue("email"))
	if err == nil {
		return redirect(c, paths.SignIn)
	}
	form, ok := failed(ui.NewForm("email", c.FormValue("email")), err)
	if !ok {
		return err
	}
	return h.renderDeleteAccount(c, statusOfForm(err), form)
}

func (h *Handlers) deletePerson(c echo.Context) error {
	err := h.Service.DeletePerson(c.Request().Context(), c.Param("person"), c.FormValue("email"))
	if err == nil {
		return redirect(c, paths.People)
	}
	form, ok := failed(ui.NewForm("email", c.FormValue("email")), err)
	if !ok {
		return err
	}
	return h.renderDeletePerson(c, statusOfForm(err), form)
}

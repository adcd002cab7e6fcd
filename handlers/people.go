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

// renderDeletePerson lists what goes, and what keeps somebody, before it asks for their email.
func (h *Handlers) renderDeletePerson(c echo.Context, status int, f ui.Form) error {
	ctx := c.Request().Context()
	if err := actor(ctx).Authorize(core.ActOperate, ""); err != nil {
		return err
	}
	estate, err := h.Service.PersonEstate(ctx, c.Param("person"))
	if err != nil {
		return err
	}
	p, err := h.page(c, "")
	if err != nil {
		return err
	}
	p.Title, p.Section, p.Path = i18n.T(ctx, "person.delete_title", "name", estate.User.Name), layout.SectionPeople, paths.DeletePerson(estate.User.ID)
	return render(c, status, person.DeletePage(person.Delete{Page: p, Estate: estate, Form: f,
		Action: paths.DeletePerson(estate.User.ID), Back: paths.People}))
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

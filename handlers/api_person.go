package handlers

import (
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"berth/core"
)

type personJSON struct {
	ID        string         `json:"id"`
	Name      string         `json:"name"`
	Email     string         `json:"email"`
	Operator  bool           `json:"operator"`
	Support   bool           `json:"support"`
	CreatedAt time.Time      `json:"created_at"`
	Tenants   []myTenantJSON `json:"tenants"`
}

func newPersonJSON(p core.Person) personJSON {
	u := p.User
	j := personJSON{u.ID, u.Name, u.Email, u.Operator, u.Support, u.CreatedAt, []myTenantJSON{}}
	for _, t := range p.Tenants {
		j.Tenants = append(j.Tenants, myTenantJSON{t.Tenant.ID, t.Tenant.Name, t.Role})
	}
	return j
}

func (h *Handlers) apiPeople(c echo.Context) error {
	q, err := query(c, "search", "cursor", "limit")
	if err != nil {
		return err
	}
	f := core.UserFilter{Search: q.Get("search"), Cursor: q.Get("cursor")}
	if f.Limit, err = limit(q, maxLimit); err != nil {
		return err
	}
	people, next, err := h.Service.People(c.Request().Context(), f)
	if err != nil {
		return err
	}
	return answerList(c, people, next, newPersonJSON)
}

// personEstateJSON is a person, with what goes with them and what keeps them.
type personEstateJSON struct {
	personJSON
	Sessions     int      `json:"sessions"`
	Tokens       int      `json:"tokens"`
	LastOperator bool     `json:"last_operator"`
	LastAdminOf  []string `json:"last_admin_of"`
}

func (h *Handlers) apiPerson(c echo.Context) error {
	ctx := c.Request().Context()
	if err := actor(ctx).Authorize(core.ActOperate, ""); err != nil {
		return err
	}
	e, err := h.Service.PersonEstate(ctx, c.Param("person"))
	if err != nil {
		return err
	}
	j := personEstateJSON{newPersonJSON(core.Person{User: e.User, Tenants: e.Tenants}), e.Sessions, e.Tokens, e.Last, []string{}}
	for _, t := range e.Held {
		j.LastAdminOf = append(j.LastAdminOf, t.ID)
	}
	return c.JSON(http.StatusOK, j)
}

func (h *Handlers) apiSetPowers(c echo.Context) error {
	var operator, support *bool
	if err := bind(c, fields{"operator": &operator, "support": &support}); err != nil {
		return err
	}
	return noContent(c, h.Service.SetPowers(c.Request().Context(), c.Param("person"), operator, support))
}

// apiDeletePerson needs the email as portal and people do: an id is easily mistaken.
func (h *Handlers) apiDeletePerson(c echo.Context) error {
	q, err := query(c, "email")
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	if err := actor(ctx).Authorize(core.ActOperate, ""); err != nil {
		return err
	}
	return noContent(c, h.Service.DeletePerson(ctx, c.Param("person"), q.Get("email")))
}

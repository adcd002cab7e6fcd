package handlers

import (
	"net/http"
	"slices"

	"github.com/labstack/echo/v4"

	"berth/core"
)

// meJSON is who asks: a person, or a token on somebody's behalf.
type meJSON struct {
	Kind     core.ActorKind `json:"kind"`
	Name     string         `json:"name"`
	Scope    core.Scope     `json:"scope,omitempty"` // of a token
	Operator bool           `json:"operator"`
	Support  bool           `json:"support"`
	Apps     []string       `json:"apps,omitempty"` // that a token is narrowed to
	Tenants  []myTenantJSON `json:"tenants"`        // of which one is a member; an operator sees others besides
}

type myTenantJSON struct {
	ID   string    `json:"id"`
	Name string    `json:"name"`
	Role core.Role `json:"role"`
}

// apiMe answers with what the actor of the request is, so that a program can tell whether its token works, and for
// what.
func (h *Handlers) apiMe(c echo.Context) error {
	if _, err := query(c); err != nil {
		return err
	}
	ctx := c.Request().Context()
	tenants, err := h.Service.OwnTenants(ctx)
	if err != nil {
		return err
	}
	a := core.ActorFrom(ctx)
	me := meJSON{Kind: a.Kind, Name: a.Name, Scope: a.Scope, Operator: a.Operator, Support: a.Support,
		Apps: slices.Clone(a.Apps), Tenants: []myTenantJSON{}}
	for _, t := range tenants {
		if role, ok := a.Roles[t.ID]; ok {
			me.Tenants = append(me.Tenants, myTenantJSON{t.ID, t.Name, role})
		}
	}
	return c.JSON(http.StatusOK, me)
}

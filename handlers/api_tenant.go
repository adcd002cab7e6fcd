package handlers

import (
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"berth/core"
)

type tenantJSON struct {
	ID        string    `json:"id"`
	Name      string    `json:"name"`
	Plan      string    `json:"plan"`
	Deleting  bool      `json:"deleting"`
	CreatedAt time.Time `json:"created_at"`
}

func newTenantJSON(t core.Tenant) tenantJSON {
	return tenantJSON{t.ID, t.Name, t.Plan, t.Deleting, t.CreatedAt}
}

func (h *Handlers) apiTenants(c echo.Context) error {
	q, err := query(c, "search", "cursor", "limit")
	if err != nil {
		return err
	}
	f := core.TenantFilter{Search: q.Get("search"), Cursor: q.Get("cursor")}
	if f.Limit, err = limit(q, maxLimit); err != nil {
		return err
	}
	tenants, next, err := h.Service.Tenants(c.Request().Context(), f)
	if err != nil {
		return err
	}
	return answerList(c, tenants, next, newTenantJSON)
}

func (h *Handlers) apiTenant(c echo.Context) error {
	t, err := h.Service.Tenant(c.Request().Context(), c.Param("tenant"))
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, newTenantJSON(t))
}

func (h *Handlers) apiCreateTenant(c echo.Context) error {
	var name, plan string
	if err := bind(c, fields{"name": &name, "plan": &plan}); err != nil {
		return err
	}
	t, err := h.Service.CreateTenant(c.Request().Context(), name, plan)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusCreated, newTenantJSON(t))
}

func (h *Handlers) apiChangeTenant(c echo.Context) error {
	var in core.TenantChange
	if err := bind(c, fields{"name": &in.Name, "plan": &in.Plan}); err != nil {
		return err
	}
	t, err := h.Service.ChangeTenant(c.Request().Context(), c.Param("tenant"), in)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, newTenantJSON(t))
}

func (h *Handlers) apiDeleteTenant(c echo.Context) error {
	if _, err := query(c); err != nil {
		return err
	}
	id := c.Param("tenant")
	op, err := h.Service.DeleteTenant(c.Request().Context(), id, id)
	return answerAccepted(c, op, err)
}

// estateJSON is what a tenant has.
type estateJSON struct {
	Apps        []string `json:"apps"`
	Services    []string `json:"services"`
	Versions    int      `json:"versions"`
	Domains     int      `json:"domains"`
	Members     int      `json:"members"`
	Invitations int      `json:"invitations"`
	Tokens      int      `json:"tokens"`
}

func (h *Handlers) apiTenantEstate(c echo.Context) error {
	e, err := h.Service.TenantEstate(c.Request().Context(), c.Param("tenant"))
	if err != nil {
		return err
	}
	j := estateJSON{[]string{}, []string{}, e.Versions, e.Domains, e.Members, e.Invitations, e.Tokens}
	for _, a := range e.Apps {
		if a.IsService() {
			j.Services = append(j.Services, a.ID)
		} else {
			j.Apps = append(j.Apps, a.ID)
		}
	}
	return c.JSON(http.StatusOK, j)
}

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
	CreatedAt time.Time `json:"created_at"`
}

func newTenantJSON(t core.Tenant) tenantJSON { return tenantJSON{t.ID, t.Name, t.CreatedAt} }

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

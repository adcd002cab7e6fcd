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
	if _, err := query(c); err != nil {
		return err
	}
	tenants, err := h.Service.Tenants(c.Request().Context())
	if err != nil {
		return err
	}
	return answerList(c, tenants, "", newTenantJSON)
}

func (h *Handlers) apiTenant(c echo.Context) error {
	t, err := h.Service.Tenant(c.Request().Context(), c.Param("tenant"))
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, newTenantJSON(t))
}

func (h *Handlers) apiCreateTenant(c echo.Context) error {
	var name string
	if err := bind(c, fields{"name": &name}); err != nil {
		return err
	}
	t, err := h.Service.CreateTenant(c.Request().Context(), name)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusCreated, newTenantJSON(t))
}

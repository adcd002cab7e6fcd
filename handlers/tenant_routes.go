package handlers

import "github.com/labstack/echo/v4"

// TenantService is what is asked of core/service about tenants, their members and invitations, and people.
type TenantService interface{}

func (h *Handlers) tenantPages(g *echo.Group) {}

func (h *Handlers) tenantAPI(g *echo.Group) {}

// tenantRules say who may call what this file registers.
var tenantRules = Rules{}

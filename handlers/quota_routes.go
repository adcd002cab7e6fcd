package handlers

import "github.com/labstack/echo/v4"

// QuotaService is what is asked of core/service about quotas, plans, budgets and requests for more.
type QuotaService interface{}

func (h *Handlers) quotaPages(g *echo.Group) {}

func (h *Handlers) quotaAPI(g *echo.Group) {}

// quotaRules say who may call what this file registers.
var quotaRules = Rules{}

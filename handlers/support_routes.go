package handlers

import "github.com/labstack/echo/v4"

// SupportService is what is asked of core/service about support sessions.
type SupportService interface{}

func (h *Handlers) supportPages(g *echo.Group) {}

func (h *Handlers) supportAPI(g *echo.Group) {}

// supportRules say who may call what this file registers.
var supportRules = Rules{}

package handlers

import "github.com/labstack/echo/v4"

// AuditService is what is asked of core/service about the audit.
type AuditService interface{}

func (h *Handlers) auditPages(g *echo.Group) {}

func (h *Handlers) auditAPI(g *echo.Group) {}

// auditRules say who may call what this file registers.
var auditRules = Rules{}

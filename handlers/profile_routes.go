package handlers

import "github.com/labstack/echo/v4"

// ProfileService is what is asked of core/service about what people do with their own account, and signing in.
type ProfileService interface{}

func (h *Handlers) profilePages(g *echo.Group) {}

func (h *Handlers) profileAPI(g *echo.Group) {
	g.GET("/me", h.apiMe)
}

// profileRules say who may call what this file registers.
var profileRules = Rules{
	"GET /api/v1/me": SignedIn,
}

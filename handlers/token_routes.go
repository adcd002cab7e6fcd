package handlers

import (
	"context"

	"github.com/labstack/echo/v4"

	"berth/core"
	"berth/views/paths"
)

// TokenService is what is asked of core/service about access tokens.
type TokenService interface {
	CreateToken(ctx context.Context, in core.Token) (core.Token, string, error) // the secret, once
	Tokens(ctx context.Context, tenantID string) ([]core.Token, error)
	DeleteToken(ctx context.Context, tenantID, id string) error
	CreateOwnToken(ctx context.Context, in core.Token) (core.Token, string, error)
	OwnTokens(ctx context.Context) ([]core.Token, error)
	DeleteOwnToken(ctx context.Context, id string) error
}

func (h *Handlers) tokenPages(g *echo.Group) {
	g.GET(paths.Tokens(""), h.tokensPage)
	g.POST(paths.Tokens(""), h.createToken)
	g.POST(paths.DeleteToken(":token"), h.deleteToken)
	g.GET(paths.OwnTokens, h.ownTokensPage)
	g.POST(paths.OwnTokens, h.createOwnToken)
	g.POST(paths.DeleteOwnToken(":token"), h.deleteOwnToken)
}

func (h *Handlers) tokenAPI(g *echo.Group) {
	g.GET("/tenants/:tenant/tokens", h.apiTokens)
	g.POST("/tenants/:tenant/tokens", h.apiCreateToken)
	g.DELETE("/tenants/:tenant/tokens/:token", h.apiDeleteToken)
	g.GET("/profile/tokens", h.apiOwnTokens)
	g.POST("/profile/tokens", h.apiCreateOwnToken)
	g.DELETE("/profile/tokens/:token", h.apiDeleteOwnToken)
}

// tokenRules say who may call what this file registers.
var tokenRules = Rules{
	"GET /tokens":                        core.ActManage,
	"POST /tokens":                       core.ActManage,
	"POST /tokens/:token/delete":         core.ActManage,
	"GET /profile/tokens":                Oneself,
	"POST /profile/tokens":               Oneself,
	"POST /profile/tokens/:token/delete": Oneself,

	"GET /api/v1/tenants/:tenant/tokens":           core.ActManage,
	"POST /api/v1/tenants/:tenant/tokens":          core.ActManage,
	"DELETE /api/v1/tenants/:tenant/tokens/:token": core.ActManage,
	"GET /api/v1/profile/tokens":                   Oneself,
	"POST /api/v1/profile/tokens":                  Oneself,
	"DELETE /api/v1/profile/tokens/:token":         Oneself,
}

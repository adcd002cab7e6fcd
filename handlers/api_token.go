package handlers

import (
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"berth/core"
)

type tokenJSON struct {
	ID         string     `json:"id"`
	Name       string     `json:"name"`
	Scope      core.Scope `json:"scope"`
	Apps       []string   `json:"apps,omitempty"`  // left out: all
	Token      string     `json:"token,omitempty"` // only in the answer that made it
	CreatedAt  time.Time  `json:"created_at"`
	ExpiresAt  time.Time  `json:"expires_at,omitzero"`
	LastUsedAt time.Time  `json:"last_used_at,omitzero"`
	LastPeer   string     `json:"last_used_from,omitempty"`
}

func newTokenJSON(t core.Token) tokenJSON {
	return tokenJSON{ID: t.ID, Name: t.Name, Scope: t.Scope, Apps: t.Apps,
		CreatedAt: t.CreatedAt, ExpiresAt: t.ExpiresAt, LastUsedAt: t.LastUsedAt, LastPeer: t.LastPeer}
}

func (h *Handlers) apiTokens(c echo.Context) error {
	if _, err := query(c); err != nil {
		return err
	}
	tokens, err := h.Service.Tokens(c.Request().Context(), c.Param("tenant"))
	if err != nil {
		return err
	}
	return answerList(c, tokens, "", newTokenJSON)
}

func (h *Handlers) apiCreateToken(c echo.Context) error {
	in, err := tokenBody(c)
	if err != nil {
		return err
	}
	in.TenantID = c.Param("tenant")
	token, secret, err := h.Service.CreateToken(c.Request().Context(), in)
	return answerToken(c, token, secret, err)
}

func (h *Handlers) apiDeleteToken(c echo.Context) error {
	err := h.Service.DeleteToken(c.Request().Context(), c.Param("tenant"), c.Param("token"))
	return answerNothing(c, err)
}

func (h *Handlers) apiOwnTokens(c echo.Context) error {
	if _, err := query(c); err != nil {
		return err
	}
	tokens, err := h.Service.OwnTokens(c.Request().Context())
	if err != nil {
		return err
	}
	return answerList(c, tokens, "", newTokenJSON)
}

func (h *Handlers) apiCreateOwnToken(c echo.Context) error {
	in, err := tokenBody(c)
	if err != nil {
		return err
	}
	token, secret, err := h.Service.CreateOwnToken(c.Request().Context(), in)
	return answerToken(c, token, secret, err)
}

func (h *Handlers) apiDeleteOwnToken(c echo.Context) error {
	return answerNothing(c, h.Service.DeleteOwnToken(c.Request().Context(), c.Param("token")))
}

func tokenBody(c echo.Context) (core.Token, error) {
	var in core.Token
	err := bind(c, fields{"name": &in.Name, "scope": &in.Scope, "apps": &in.Apps, "expires_at": &in.ExpiresAt})
	return in, err
}

func answerToken(c echo.Context, t core.Token, secret string, err error) error {
	if err != nil {
		return err
	}
	answer := newTokenJSON(t)
	answer.Token = secret
	return c.JSON(http.StatusCreated, answer)
}

// answerNothing answers a change after which there is nothing to say.
func answerNothing(c echo.Context, err error) error {
	if err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}

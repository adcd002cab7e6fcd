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
	Token      string     `json:"token,omitempty"` // only in the answer that made it
	CreatedAt  time.Time  `json:"created_at"`
	ExpiresAt  time.Time  `json:"expires_at,omitzero"`
	LastUsedAt time.Time  `json:"last_used_at,omitzero"`
}

func newTokenJSON(t core.Token) tokenJSON {
	return tokenJSON{ID: t.ID, Name: t.Name, Scope: t.Scope,
		CreatedAt: t.CreatedAt, ExpiresAt: t.ExpiresAt, LastUsedAt: t.LastUsedAt}
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
	in := core.Token{TenantID: c.Param("tenant")}
	err := bind(c, fields{"name": &in.Name, "scope": &in.Scope, "expires_at": &in.ExpiresAt})
	if err != nil {
		return err
	}
	token, secret, err := h.Service.CreateToken(c.Request().Context(), in)
	if err != nil {
		return err
	}
	answer := newTokenJSON(token)
	answer.Token = secret
	return c.JSON(http.StatusCreated, answer)
}

func (h *Handlers) apiDeleteToken(c echo.Context) error {
	err := h.Service.DeleteToken(c.Request().Context(), c.Param("tenant"), c.Param("token"))
	if err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}

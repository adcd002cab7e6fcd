package handlers

import (
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"berth/core"
)

// apiUpdateProfile changes what is given of the profile.
func (h *Handlers) apiUpdateProfile(c echo.Context) error {
	var in core.ProfileUpdate
	if err := bind(c, fields{"name": &in.Name, "language": &in.Language, "theme": &in.Theme}); err != nil {
		return err
	}
	if _, err := h.Service.UpdateProfile(c.Request().Context(), in); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}

type sessionJSON struct {
	ID        string    `json:"id"`
	Address   string    `json:"address"`
	Agent     string    `json:"agent"`
	Current   bool      `json:"current"`
	CreatedAt time.Time `json:"created_at"`
	SeenAt    time.Time `json:"seen_at"`
}

func (h *Handlers) apiSessions(c echo.Context) error {
	if _, err := query(c); err != nil {
		return err
	}
	sessions, err := h.Service.Sessions(c.Request().Context())
	if err != nil {
		return err
	}
	current := h.Sessions.Current(c)
	return answerList(c, sessions, "", func(s core.Session) sessionJSON {
		return sessionJSON{ID: s.ID, Address: s.Peer, Agent: s.Agent, Current: s.ID == current, CreatedAt: s.CreatedAt, SeenAt: s.SeenAt}
	})
}

func (h *Handlers) apiEndSession(c echo.Context) error {
	if err := h.Service.EndSession(c.Request().Context(), c.Param("session")); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}

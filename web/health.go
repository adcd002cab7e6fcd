package web

import (
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"berth/core"
)

const (
	pathHealth  = "/healthz"
	pathReady   = "/readyz"
	pathMetrics = "/metrics"
)

// Part is how a part of Berth is.
type Part struct {
	Err      error     // nil when it answers
	Seen     time.Time // when it last answered; zero when it always does
	Optional bool      // Berth serves without it, from what it knew last
}

type partJSON struct {
	State string `json:"state"`           // "ok" or "failed"
	Error string `json:"error,omitempty"` // the code of the error
	Age   string `json:"age,omitempty"`   // since it last answered
}

type readyJSON struct {
	Status string              `json:"status"` // "ready", "degraded" or "unready"
	Parts  map[string]partJSON `json:"parts"`
}

func answerHealth(c echo.Context) error {
	return c.JSON(http.StatusOK, map[string]string{"status": "alive"})
}

// answerReady answers 503 while a part is missing that Berth cannot serve without.
func (s *Server) answerReady(c echo.Context) error {
	parts := s.ready(c.Request().Context())
	answer := readyJSON{"ready", make(map[string]partJSON, len(parts))}
	status := http.StatusOK
	for name, part := range parts {
		answer.Parts[name] = newPartJSON(part)
		switch {
		case part.Err == nil:
		case !part.Optional:
			answer.Status, status = "unready", http.StatusServiceUnavailable
		case status == http.StatusOK:
			answer.Status = "degraded"
		}
	}
	c.Response().Header().Set(echo.HeaderCacheControl, "no-store")
	return c.JSON(status, answer)
}

func newPartJSON(p Part) partJSON {
	j := partJSON{State: "ok"}
	if p.Err != nil {
		j.State, j.Error = "failed", string(core.ErrorCode(p.Err))
	}
	if !p.Seen.IsZero() {
		j.Age = time.Since(p.Seen).Round(time.Second).String()
	}
	return j
}

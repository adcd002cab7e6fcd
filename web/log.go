package web

import (
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"berth/core"
)

// secretParams are parts of paths that open something, so no log shows them.
var secretParams = map[string]bool{"secret": true}

// logRequests notes who asked for what and how it ended. No query and no header is noted: both may hold secrets.
func (s *Server) logRequests(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		begin := time.Now()
		if err := next(c); err != nil {
			c.Error(err)
		}
		r, res := c.Request(), c.Response()
		level := slog.LevelInfo
		switch {
		case res.Status >= http.StatusInternalServerError:
			level = slog.LevelError
		case quiet(r) && res.Status < http.StatusBadRequest:
			level = slog.LevelDebug
		}
		s.log.LogAttrs(r.Context(), level, "request",
			slog.String("method", r.Method), slog.String("path", shownPath(c)), slog.Int("status", res.Status),
			slog.Int64("bytes", res.Size), slog.Duration("took", time.Since(begin).Round(time.Microsecond)),
			slog.String("peer", c.RealIP()), slog.String("actor", core.ActorFrom(r.Context()).ID),
			slog.String("request", requestID(c)))
		return nil
	}
}

// quiet reports whether a request is one of the many that nobody looks for.
func quiet(r *http.Request) bool {
	switch r.URL.Path {
	case pathHealth, pathReady, pathMetrics:
		return true
	}
	return strings.HasPrefix(r.URL.Path, "/static/")
}

// shownPath returns the path of a request without the secrets in it.
func shownPath(c echo.Context) string {
	path := c.Request().URL.Path
	for _, name := range c.ParamNames() {
		if secretParams[name] && c.Param(name) != "" {
			path = strings.ReplaceAll(path, c.Param(name), "***")
		}
	}
	return path
}

func requestID(c echo.Context) string { return c.Response().Header().Get(echo.HeaderXRequestID) }

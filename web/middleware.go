package web

import (
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"
	"github.com/labstack/echo/v4/middleware"

	"berth/core"
	"berth/views/paths"
)

// headAsGet answers HEAD wherever GET is answered; net/http leaves the body out. The registry has its own HEAD, and a
// stream has no head to speak of.
func headAsGet(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		path := r.URL.Path
		passes := strings.HasPrefix(path, "/v2/") || strings.HasPrefix(path, paths.Uploads) || strings.HasSuffix(path, "/live")
		if r.Method == http.MethodHead && !passes {
			r = r.WithContext(r.Context()) // a copy: net/http looks at its own
			r.Method = http.MethodGet
		}
		next.ServeHTTP(w, r)
	})
}

// tagRequest gives each request an id, for the log and for whoever asks about an answer.
func tagRequest(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		c.Response().Header().Set(echo.HeaderXRequestID, core.NewID())
		return next(c)
	}
}

// recoverPanics makes an error of a panic, with the stack in the log.
func (s *Server) recoverPanics() echo.MiddlewareFunc {
	return middleware.RecoverWithConfig(middleware.RecoverConfig{
		DisableStackAll: true,
		LogErrorFunc: func(c echo.Context, err error, stack []byte) error {
			s.log.ErrorContext(c.Request().Context(), "panic", "request", requestID(c), "err", err, "stack", string(stack))
			return err
		},
	})
}

// zip compresses pages and JSON, but neither parts of files nor sockets.
var zip = middleware.GzipWithConfig(middleware.GzipConfig{
	MinLength: 1024,
	Skipper: func(c echo.Context) bool {
		header := c.Request().Header
		return header.Get("Range") != "" || header.Get(echo.HeaderUpgrade) != ""
	},
})

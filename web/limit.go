package web

import (
	"net/http"
	"strings"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/labstack/echo/v4/middleware"
	"golang.org/x/time/rate"

	"berth/core"
	"berth/views/paths"
)

// How many requests a peer may send: to the API, and to sign in or set up.
const (
	apiRate, apiBurst   = 500, 1000
	signRate, signBurst = 1, 60
)

// limitRate refuses peers that ask too often. A peer is the address of the connection, whatever a header says.
func limitRate(perSecond, burst int, skip middleware.Skipper) echo.MiddlewareFunc {
	store := middleware.NewRateLimiterMemoryStoreWithConfig(middleware.RateLimiterMemoryStoreConfig{
		Rate: rate.Limit(perSecond), Burst: burst, ExpiresIn: 3 * time.Minute})
	return middleware.RateLimiterWithConfig(middleware.RateLimiterConfig{
		Skipper: skip,
		Store:   store,
		DenyHandler: func(c echo.Context, _ string, err error) error {
			e := core.Wrap(err, core.ETOOMANY, "error.rate_limited")
			e.RetryAfter = time.Second
			return e
		},
	})
}

// notSigningIn skips what does not try a secret.
func notSigningIn(c echo.Context) bool {
	path := c.Request().URL.Path
	for _, tries := range []string{paths.SignIn, paths.Forgot, paths.Reset(""), paths.Setup(""), paths.Register, paths.Invitation("")} {
		if strings.HasPrefix(path, tries) {
			return false
		}
	}
	return true
}

// Limits of a form. Files do not come this way.
const (
	maxForm      = core.MiB
	formDeadline = 30 * time.Second
)

// readForm reads a form before its handler does, so that it ends in time and in size whoever sends it.
func readForm(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		r := c.Request()
		if r.Method != http.MethodPost && r.Method != http.MethodPut && r.Method != http.MethodPatch {
			return next(c)
		}
		r.Body = http.MaxBytesReader(c.Response(), r.Body, int64(maxForm))
		timer := http.NewResponseController(c.Response())
		_ = timer.SetReadDeadline(time.Now().Add(formDeadline)) // not every transport has deadlines
		if err := r.ParseForm(); err != nil {
			e := coded(err, r.Method)
			if e.Code == core.EINTERNAL {
				e = core.Wrap(err, core.EINVALID, "error.form_malformed")
			}
			return e
		}
		_ = timer.SetReadDeadline(time.Time{})
		return next(c)
	}
}

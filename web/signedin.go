package web

import (
	"strings"

	"github.com/labstack/echo/v4"

	"berth/core"
	"berth/views/paths"
)

// publicPaths are what a visitor may see before anybody has signed in.
var publicPaths = []string{paths.SignIn, paths.SignInCode, paths.SignInProvider, paths.SignInCallback, paths.Forgot, paths.Reset(""),
	paths.Preferences, paths.Setup(""), paths.Register, paths.Invitation("")}

// signedIn turns visitors away, but not from what is not there at all.
func signedIn(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if core.ActorFrom(c.Request().Context()).Kind != core.ActorNobody || isPublic(c) {
			return next(c)
		}
		if c.Get(deadCookie) != nil {
			return core.Errorf(core.EUNAUTHORIZED, "error.session_ended")
		}
		return core.Errorf(core.EUNAUTHORIZED, "error.sign_in_first")
	}
}

func isPublic(c echo.Context) bool {
	if c.Path() == "" || c.Path() == "/*" {
		return true // no route: 404
	}
	path := c.Request().URL.Path
	for _, p := range publicPaths {
		if path == p || strings.HasSuffix(p, "/") && strings.HasPrefix(path, p) {
			return true
		}
	}
	return false
}

package handlers

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/labstack/echo/v4"

	"berth/core"
	"berth/views/ui"
)

// Sessions begins and ends the session of a browser. package web implements it.
type Sessions interface {
	// SignIn gives the browser a new session of the person; the one it came with is worth nothing afterwards.
	SignIn(c echo.Context, userID string) error
	// SignOut revokes the session, so that its cookie works nowhere again.
	SignOut(c echo.Context) error
	// Current returns the id of the session that the request belongs to, "" for a token.
	Current(c echo.Context) string
}

// SafeNext returns next when it is a path of the portal, else "/": where a sign-in may lead.
func SafeNext(next string) string {
	if !strings.HasPrefix(next, "/") || strings.HasPrefix(next, "//") || strings.Contains(next, `\`) ||
		strings.ContainsFunc(next, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return "/"
	}
	if u, err := url.Parse(next); err != nil || u.Scheme != "" || u.Host != "" || u.User != nil {
		return "/"
	}
	return next
}

// SignInAgain asks a person whose session has ended to sign in, and leads back to where they were.
func (h *Handlers) SignInAgain(c echo.Context, e *core.Error) error {
	next := "/"
	if r := c.Request(); r.Method == http.MethodGet {
		next = SafeNext(r.URL.RequestURI())
	}
	return h.renderSignIn(c, http.StatusUnauthorized, ui.NewForm("next", next).Fail(e))
}

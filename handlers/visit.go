package handlers

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"github.com/labstack/echo/v4"

	"berth/core"
	"berth/views/i18n"
)

// Cookies that keep what a browser prefers before anybody has signed in. None of them is a secret.
const (
	CookieLanguage = "berth_language"
	CookieTheme    = "berth_theme"
	CookieZone     = "berth_zone" // IANA name of the browser's time zone, written by the page itself
)

type userKey struct{}

// WithUser returns a context in which u is signed in. The session middleware calls it beside core.WithActor.
func WithUser(ctx context.Context, u core.User) context.Context {
	return context.WithValue(ctx, userKey{}, u)
}

// UserFrom returns who is signed in; the zero User when no one is.
func UserFrom(ctx context.Context) core.User {
	u, _ := ctx.Value(userKey{}).(core.User)
	return u
}

// Localize is the middleware that puts the language, time zone and parameters of a request into its context. It comes
// after the session middleware and before everything that renders: pages, live fragments, errors.
func (h *Handlers) Localize(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		r := c.Request()
		ctx := context.WithValue(r.Context(), queryKey{}, r.URL.Query())
		c.SetRequest(r.WithContext(i18n.With(ctx, h.Localizer(r))))
		return next(c)
	}
}

// Localizer returns the words of a request: in the person's language, else the browser's choice, else English.
func (h *Handlers) Localizer(r *http.Request) *i18n.Localizer {
	l := h.Messages.Localizer(UserFrom(r.Context()).Language, cookie(r, CookieLanguage), r.Header.Get("Accept-Language"))
	if name, err := url.PathUnescape(cookie(r, CookieZone)); err == nil && name != "" { // the page escapes its slash
		if zone, err := time.LoadLocation(name); err == nil {
			l = l.In(zone)
		}
	}
	return l
}

type queryKey struct{}

// queryFrom returns the parameters in the address of a request: a live part of a page has the filter of its page.
func queryFrom(ctx context.Context) url.Values {
	q, _ := ctx.Value(queryKey{}).(url.Values)
	return q
}

func cookie(r *http.Request, name string) string {
	c, err := r.Cookie(name)
	if err != nil {
		return ""
	}
	return c.Value
}

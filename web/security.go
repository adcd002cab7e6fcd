package web

import (
	"crypto/rand"
	"net/http"
	"net/url"
	"strings"

	"github.com/a-h/templ"
	"github.com/labstack/echo/v4"

	"berth/core"
	"berth/handlers"
)

// policy is the content security policy; a nonce takes the place of {nonce}. Without eval and without inline styles.
const policy = "default-src 'self'; script-src 'self' 'nonce-{nonce}'; style-src 'self'; img-src 'self' data:; " +
	"object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

// secureHeaders tells browsers what a page of the portal may do; the nonce reaches templ through the context.
func secureHeaders(https bool) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			nonce := rand.Text()
			header := c.Response().Header()
			header.Set("Content-Security-Policy", strings.Replace(policy, "{nonce}", nonce, 1))
			header.Set("X-Content-Type-Options", "nosniff")
			header.Set("Referrer-Policy", "same-origin")
			header.Set("Cross-Origin-Opener-Policy", "same-origin")
			header.Set("Cross-Origin-Resource-Policy", "same-origin")
			if https {
				header.Set("Strict-Transport-Security", "max-age=31536000")
			}
			r := c.Request()
			c.SetRequest(r.WithContext(templ.WithNonce(r.Context(), nonce)))
			return next(c)
		}
	}
}

// sameOrigin refuses changes that a page of somewhere else makes a browser ask for. A token is never sent by a browser
// on its own, so whoever was known by one passes.
func sameOrigin(portalURL string) echo.MiddlewareFunc {
	guard := http.NewCrossOriginProtection()
	if u, err := url.Parse(portalURL); err == nil && u.Host != "" {
		_ = guard.AddTrustedOrigin(u.Scheme + "://" + u.Host) // a scheme and a host are always an origin
	}
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			r := c.Request()
			if id := handlers.IdentityFrom(r.Context()); id.Again != nil && !id.Cookie {
				return next(c)
			}
			if err := guard.Check(r); err != nil {
				return core.Wrap(err, core.EFORBIDDEN, "error.cross_site")
			}
			return next(c)
		}
	}
}

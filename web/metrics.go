package web

import (
	"net"
	"net/http"
	"net/netip"
	"strings"

	"github.com/labstack/echo/v4"

	"berth/core"
)

// metricsDoor lets everybody on this machine, and an operator from elsewhere, at the metrics; open lets everybody.
func metricsDoor(who identifier, open bool) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		operators := who.any(func(c echo.Context) error {
			if err := core.ActorFrom(c.Request().Context()).Authorize(core.ActOperate, ""); err != nil {
				return err
			}
			return next(c)
		})
		return func(c echo.Context) error {
			if open || isLocal(c.Request()) {
				return next(c) // also while the database does not say who is who
			}
			return operators(c)
		}
	}
}

// forwarded are headers of what a proxy sends on.
var forwarded = []string{"Forwarded", "Via", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-Ip"}

// isLocal reports whether a request comes from this machine itself, and not through a proxy on it: such a one keeps
// the name that the browser asked for, or says for whom it asks.
func isLocal(r *http.Request) bool {
	for _, name := range forwarded {
		if r.Header.Get(name) != "" {
			return false
		}
	}
	return isLoopback(r.RemoteAddr) && isLoopback(r.Host)
}

// isLoopback takes an address or a name, with a port or without.
func isLoopback(address string) bool {
	host := address
	if h, _, err := net.SplitHostPort(address); err == nil {
		host = h
	}
	host = strings.Trim(host, "[]")
	ip, err := netip.ParseAddr(host)
	return strings.EqualFold(host, "localhost") || err == nil && ip.Unmap().IsLoopback()
}

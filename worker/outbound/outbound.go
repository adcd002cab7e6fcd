// Package outbound reaches what customers name, and nothing that is Berth's own or its neighbours'.
package outbound

import (
	"errors"
	"net"
	"net/http"
	"net/netip"
	"syscall"
	"time"

	"berth/core"
)

// ErrForbidden is the cause when an address may not be dialled.
var ErrForbidden = errors.New("address may not be reached")

const dialTimeout = 10 * time.Second

// Dialer reaches the addresses that allowed says. It is asked about the address that is dialled, so neither a name that
// resolves to something else the second time nor a redirection gets around it.
func Dialer(allowed func(netip.Addr) bool) *net.Dialer {
	return &net.Dialer{Timeout: dialTimeout, Control: func(_, address string, _ syscall.RawConn) error {
		a, err := netip.ParseAddrPort(address)
		if err != nil || !allowed(a.Addr().Unmap().WithZone("")) {
			return ErrForbidden
		}
		return nil
	}}
}

// Guarded reaches public addresses, and those in the private networks that the operator allows.
func Guarded(networks []netip.Prefix) *net.Dialer {
	return Dialer(func(ip netip.Addr) bool { return core.MayDial(ip, networks) })
}

// Client asks over a dialer, without the proxy of the environment, and follows no redirection: what somebody sends must
// not end elsewhere than they said.
func Client(d *net.Dialer, timeout time.Duration) *http.Client {
	return &http.Client{Timeout: timeout,
		Transport: &http.Transport{DialContext: d.DialContext, TLSHandshakeTimeout: dialTimeout, MaxIdleConnsPerHost: 2,
			IdleConnTimeout: time.Minute, MaxResponseHeaderBytes: 64 << 10, ForceAttemptHTTP2: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

package image

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"time"

	"berth/core"
	"berth/worker/outbound"
)

const (
	dialTimeout   = 10 * time.Second
	answerTimeout = 30 * time.Second
)

func within(ip netip.Addr, networks []netip.Prefix) bool {
	return slices.ContainsFunc(networks, func(p netip.Prefix) bool { return p.Contains(ip) })
}

// network is how registries elsewhere are reached. What may be dialled is decided on the address that is dialled, so
// neither a name that resolves to something else the second time nor a redirection gets around it. People reach public
// addresses over TLS, and the private networks that the operator allows; the operator's catalogue reaches everything.
func (s *Store) network(trusted bool) *http.Transport {
	t := &http.Transport{
		TLSHandshakeTimeout: dialTimeout, ResponseHeaderTimeout: answerTimeout, IdleConnTimeout: answerTimeout,
		MaxResponseHeaderBytes: 64 << 10,
	}
	if trusted {
		t.Proxy = http.ProxyFromEnvironment
		t.DialContext = (&net.Dialer{Timeout: dialTimeout}).DialContext
		return t
	}
	allowed := func(ip netip.Addr) bool { return within(ip, s.opts.Networks) }
	secured := outbound.Dialer(func(ip netip.Addr) bool { return core.IsPublicAddress(ip) || allowed(ip) })
	t.DialContext = outbound.Dialer(allowed).DialContext // plain HTTP
	t.DialTLSContext = func(ctx context.Context, network, addr string) (net.Conn, error) {
		return (&tls.Dialer{NetDialer: secured}).DialContext(ctx, network, addr)
	}
	return t
}

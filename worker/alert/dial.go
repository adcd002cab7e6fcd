package alert

import (
	"errors"
	"net"
	"net/http"
	"net/netip"
	"syscall"
	"time"

	"berth/core"
)

const (
	patience  = 10 * time.Second // with a receiver, for everything
	mostReply = 64 << 10
)

// errForbidden is the cause when a hook leads to an address that it may not reach through Berth.
var errForbidden = errors.New("address may not be reached")

// newClient makes a client that posts to public addresses, and to the private networks that the operator allows. It is
// decided on the address that is dialled, so that a name that resolves to another one the second time does not get
// around it. It follows no redirection and uses no proxy.
func newClient(networks []netip.Prefix) *http.Client {
	dialer := &net.Dialer{Timeout: patience, Control: func(_, address string, _ syscall.RawConn) error {
		a, err := netip.ParseAddrPort(address)
		if err != nil || !core.MayDial(a.Addr(), networks) {
			return errForbidden
		}
		return nil
	}}
	return &http.Client{
		Timeout:       patience,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{DialContext: dialer.DialContext, TLSHandshakeTimeout: patience, MaxResponseHeaderBytes: mostReply,
			IdleConnTimeout: 30 * time.Second, MaxIdleConnsPerHost: 2, ForceAttemptHTTP2: true},
	}
}

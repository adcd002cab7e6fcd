package alert

import (
	"net/http"
	"net/netip"
	"time"

	"berth/worker/outbound"
)

const (
	patience  = 10 * time.Second // with a receiver, for everything
	mostReply = 64 << 10
)

// newClient makes a client that posts to public addresses, and to the private networks that the operator allows.
func newClient(networks []netip.Prefix) *http.Client {
	return outbound.Client(outbound.Guarded(networks), patience)
}

package tcp

import (
	"crypto/tls"
	"net/netip"
	"sync/atomic"

	"berth/core"
)

// route is where connections of a port lead. It is never changed, but replaced; its counts go on.
type route struct {
	core.TCPRoute
	app    *app
	counts *counts
	allow  networks
	deny   networks
	config *tls.Config // for what ends here
}

type counts struct {
	open, total, refused, failed, in, out atomic.Int64
}

func newRoute(r core.TCPRoute, a *app, certificate func(string) *tls.Certificate) *route {
	next := &route{TCPRoute: r, app: a, counts: &counts{}, allow: newNetworks(r.Allow), deny: newNetworks(r.Deny)}
	if r.TLS == core.TCPTerminate {
		next.config = newTLSConfig(r.ServerName, certificate)
	}
	return next
}

// admits reports whether an address may connect.
func (r *route) admits(a netip.Addr) bool {
	return !r.deny.has(a) && (r.allow.empty() || r.allow.has(a))
}

func (c *counts) read() core.TCPCounts {
	return core.TCPCounts{Open: c.open.Load(), Total: c.total.Load(), Refused: c.refused.Load(), Failed: c.failed.Load(),
		BytesIn: c.in.Load(), BytesOut: c.out.Load()}
}

// routing is all routes of a port.
type routing struct {
	all   []*route
	named map[string]*route
	other *route // for connections that name none of these servers; nil refuses them
}

func newRouting(routes []*route) *routing {
	t := &routing{all: routes, named: map[string]*route{}}
	for _, r := range routes {
		if r.ServerName == "" {
			t.other = r
		} else {
			t.named[r.ServerName] = r
		}
	}
	return t
}

// asks reports whether it takes the name of the server to tell where a connection leads.
func (t *routing) asks() bool { return len(t.named) > 0 }

// find returns the route of a server's name. A client that names none, as old programs do, is led to the only one
// there is.
func (t *routing) find(name string) *route {
	switch r := t.named[name]; {
	case r != nil:
		return r
	case t.other != nil:
		return t.other
	case name == "" && len(t.all) == 1:
		return t.all[0]
	}
	return nil
}

// admitsSome reports whether an address may connect by any route.
func (t *routing) admitsSome(a netip.Addr) bool {
	for _, r := range t.all {
		if r.admits(a) {
			return true
		}
	}
	return false
}

// byID returns a route; nil when it is no more.
func (t *routing) byID(id string) *route {
	for _, r := range t.all {
		if r.ID() == id {
			return r
		}
	}
	return nil
}

package discovery

import (
	"context"
	"maps"
	"slices"
	"sync"

	"berth/core"
)

// addTCPPorts adds the routes of an app's TCP ports. One that is stopped has none: nobody waits for it in vain. Nor has
// a port whose name is the app's no more.
func (p *publication) addTCPPorts(a core.App, release *core.Release, ports []core.TCPPort, own string, domains []core.Domain) {
	if a.Deleting || a.Stopped || release == nil {
		return
	}
	shares := weights(release.Spec)
	if r, ok := p.routes[own]; ok {
		shares = r.Weights // as they are just now
	}
	for _, port := range ports {
		if port.MayPresent(own, domains) {
			p.addTCPRoute(port.Route(shares))
		}
	}
}

func (p *publication) addTCPRoute(r core.TCPRoute) { p.tcp[r.ID()] = r }

// diffTCP returns the writes about TCP routes; they have their place between those of addresses that come and go.
func diffTCP(known, want publication) (steps []step) {
	for _, id := range slices.Sorted(maps.Keys(want.tcp)) {
		if r := want.tcp[id]; !r.Same(known.tcp[id]) {
			steps = append(steps, putTCPRoute{r})
		}
	}
	for _, id := range slices.Sorted(maps.Keys(known.tcp)) {
		if _, ok := want.tcp[id]; !ok {
			steps = append(steps, deleteTCPRoute{id})
		}
	}
	return steps
}

type (
	putTCPRoute    struct{ core.TCPRoute }
	deleteTCPRoute struct{ id string }
)

func (s putTCPRoute) do(ctx context.Context, r core.Registry) error {
	return r.PutTCPRoute(ctx, s.TCPRoute)
}
func (s putTCPRoute) doubt(p *publication) { p.tcp[s.ID()] = core.TCPRoute{} }
func (s putTCPRoute) note(p *publication)  { p.tcp[s.ID()] = s.TCPRoute }

func (s deleteTCPRoute) do(ctx context.Context, r core.Registry) error {
	return r.DeleteTCPRoute(ctx, s.id)
}
func (s deleteTCPRoute) doubt(p *publication) { p.tcp[s.id] = core.TCPRoute{} }
func (s deleteTCPRoute) note(p *publication)  { delete(p.tcp, s.id) }

// tcpOwners knows which app a TCP route was last published for: a port that one app gave back and another took is the
// other's, although the first may come to remove it later.
type tcpOwners struct {
	mu  sync.Mutex
	ids map[string]string
}

// do carries a step out, unless it would remove what belongs to another app by now.
func (o *tcpOwners) do(ctx context.Context, appID string, s step, r core.Registry) error {
	switch s := s.(type) {
	case putTCPRoute:
		o.mu.Lock()
		defer o.mu.Unlock()
		o.ids[s.ID()] = appID // also when it fails: it may be there all the same
	case deleteTCPRoute:
		o.mu.Lock()
		defer o.mu.Unlock()
		if owner, ok := o.ids[s.id]; ok && owner != appID {
			return nil
		}
		delete(o.ids, s.id)
	}
	return s.do(ctx, r)
}

package gateway

import (
	"bytes"
	"hash/maphash"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"berth/core"
)

const shards = 64

// table finds the route of a domain. A look-up locks one shard for a moment; a change costs what changes, not the
// table. One goroutine, the watch of the registry, changes it.
type table struct {
	seed      maphash.Seed
	shards    [shards]shard
	mu        sync.Mutex // guards apps
	apps      map[string]*app
	comparing chan struct{} // has one for each password that is compared now
	loaded    atomic.Bool   // the registry has told everything once
	told      chan struct{} // closed when it has
	wild      atomic.Int32  // how many routes are for "*." and a name
}

type shard struct {
	sync.RWMutex
	routes map[string]*route
}

// app is what the gateway knows of an app: it lives while a route or an address of it is published.
type app struct {
	id        string
	instances atomic.Pointer[instances]
	traffic   traffic
	held      atomic.Int32 // requests that wait for the first instance
	access    accessBuffer
	main      atomic.Pointer[route] // that other apps lead to; nil when it has none
	ejecting  sync.Mutex            // held while an instance is left out, or let back
	// The watch's own:
	routes []*route
	ruled  int        // of the routes have rules
	rules  []*ruleset // of the routes
	led    int        // so many rules of paths lead to it
}

func newTable() *table {
	t := &table{seed: maphash.MakeSeed(), apps: map[string]*app{}, told: make(chan struct{}),
		comparing: make(chan struct{}, maxComparing)}
	for i := range t.shards {
		t.shards[i].routes = map[string]*route{}
	}
	return t
}

// find returns the route of a domain as appendDomain has it, or of the wildcard that covers it, or nil.
func (t *table) find(domain []byte) *route {
	r := t.exact(domain)
	if r == nil && t.wild.Load() > 0 {
		if dot := bytes.IndexByte(domain, '.'); dot > 0 {
			var space [maxDomain]byte
			r = t.exact(append(append(space[:0], '*'), domain[dot:]...))
		}
	}
	return r
}

func (t *table) exact(domain []byte) *route {
	s := &t.shards[maphash.Bytes(t.seed, domain)%shards]
	s.RLock()
	r := s.routes[string(domain)]
	s.RUnlock()
	return r
}

// app returns an app, or nil.
func (t *table) app(id string) *app {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.apps[id]
}

// all returns all apps, in no order.
func (t *table) all() []*app {
	t.mu.Lock()
	defer t.mu.Unlock()
	apps := make([]*app, 0, len(t.apps))
	for _, a := range t.apps {
		apps = append(apps, a)
	}
	return apps
}

// size returns how many routes and apps there are.
func (t *table) size() (routes, apps int) {
	for i := range t.shards {
		s := &t.shards[i]
		s.RLock()
		routes += len(s.routes)
		s.RUnlock()
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	return routes, len(t.apps)
}

// apply makes a change of the registry. Only the watch calls it.
func (t *table) apply(c core.RegistryChange) {
	for id, addresses := range c.Apps {
		t.setAddresses(id, addresses)
	}
	for _, r := range c.Routes {
		t.setRoute(r)
	}
	for _, domain := range c.RemovedRoutes {
		t.removeRoute(domain)
	}
	if c.Reset {
		t.removeOthers(c)
		if !t.loaded.Swap(true) {
			close(t.told)
		}
	}
}

// removeOthers removes what is not in c, which is everything there is.
func (t *table) removeOthers(c core.RegistryChange) {
	present := make(map[string]bool, len(c.Routes))
	for _, r := range c.Routes {
		present[r.Domain] = true
	}
	for i := range t.shards {
		for domain := range t.shards[i].routes { // nobody else writes to it
			if !present[domain] {
				t.removeRoute(domain)
			}
		}
	}
	for _, a := range t.all() {
		if _, ok := c.Apps[a.id]; !ok {
			t.setAddresses(a.id, nil)
		}
	}
}

func (t *table) setAddresses(id string, addresses []core.Address) {
	a := t.ensureApp(id)
	next, gone := a.instances.Load().with(addresses)
	next.join(&a.traffic)
	a.instances.Store(next)
	a.readmit(time.Now().UnixNano())
	for _, i := range gone {
		i.retire()
	}
	t.dropUnused(a)
}

func (t *table) setRoute(r core.Route) {
	next := newRoute(r, t.ensureApp(r.AppID))
	next.rules = t.share(next.app, r.Rules)
	if next.rules != nil && next.rules.choice.sticky != "" {
		for _, label := range next.labels {
			next.tags = append(next.tags, tagOf(r.AppID, label))
		}
	}
	next.app.gain(next)
	s := t.shardOf(r.Domain)
	next.count(r.Domain, s.routes[r.Domain]) // nobody else writes to it
	s.Lock()
	old := s.routes[r.Domain]
	s.routes[r.Domain] = next
	s.Unlock()
	if old == nil && isWildcard(r.Domain) {
		t.wild.Add(1)
	}
	t.release(old)
}

func (t *table) removeRoute(domain string) {
	s := t.shardOf(domain)
	s.Lock()
	old := s.routes[domain]
	delete(s.routes, domain)
	s.Unlock()
	if old != nil {
		old.app.traffic.unlist(old.counts)
	}
	if old != nil && isWildcard(domain) {
		t.wild.Add(-1)
	}
	t.release(old)
}

func isWildcard(domain string) bool { return strings.HasPrefix(domain, "*.") }

func (t *table) shardOf(domain string) *shard {
	return &t.shards[maphash.String(t.seed, domain)%shards]
}

func (t *table) release(r *route) {
	if r != nil {
		r.app.lose(r)
		t.unshare(r.app, r.rules)
		t.dropUnused(r.app)
	}
}

func (t *table) ensureApp(id string) *app {
	t.mu.Lock()
	defer t.mu.Unlock()
	a := t.apps[id]
	if a == nil {
		a = &app{id: id}
		a.instances.Store(noInstances)
		t.apps[id] = a
	}
	return a
}

// dropUnused forgets an app, and so its counts, when neither a route nor an address of it is left, nor a rule that leads to it.
func (t *table) dropUnused(a *app) {
	if len(a.routes)+a.led == 0 && len(a.instances.Load().all.list) == 0 {
		t.mu.Lock()
		delete(t.apps, a.id)
		t.mu.Unlock()
	}
}

// Package tcp carries the connections of TCP ports to the instances of apps: those of databases, message brokers and
// whatever else is no website. Listeners come and go with the routes that the registry publishes; none touches another.
package tcp

import (
	"context"
	"crypto/tls"
	"log/slog"
	"maps"
	"net"
	"slices"
	"sync"
	"time"

	"berth/core"
)

// Options say where a Server listens and how long it waits. Only Pool is needed.
type Options struct {
	Pool        core.TCPPool                               // a route outside it is not served
	Open        func(address string) (net.Listener, error) // nil opens them anew
	Certificate func(name string) *tls.Certificate         // for what TLS ends here with; nil has none
	MaxConns    int                                        // of one port at a time; default 4096
	Timeouts    Timeouts
	Log         *slog.Logger // nil logs nothing
}

// Timeouts bound every wait. The zero value of each takes its default.
type Timeouts struct {
	Hello time.Duration // for the name of the server, and for all of a TLS handshake; 10s
	Dial  time.Duration // for a connection to an instance; 3s
	Idle  time.Duration // in which nothing moves in either direction; 1h
	Drain time.Duration // for what is open when the server stops; 30s
}

// Server serves TCP ports. Make it with New, tell it of changes with Apply; once Run has ended it serves no more.
type Server struct {
	Options

	mu      sync.Mutex
	ports   map[int]*port
	routes  map[string]*route // by id
	apps    map[string]*app
	stopped bool
	open    sync.WaitGroup
}

// New returns a server that listens to nothing yet.
func New(o Options) *Server {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Certificate == nil {
		o.Certificate = func(string) *tls.Certificate { return nil }
	}
	if o.Open == nil {
		o.Open = func(address string) (net.Listener, error) { return net.Listen("tcp", address) }
	}
	if o.MaxConns == 0 {
		o.MaxConns = 4096
	}
	for d, otherwise := range map[*time.Duration]time.Duration{&o.Timeouts.Hello: 10 * time.Second,
		&o.Timeouts.Dial: 3 * time.Second, &o.Timeouts.Idle: time.Hour, &o.Timeouts.Drain: 30 * time.Second} {
		if *d == 0 {
			*d = otherwise
		}
	}
	return &Server{Options: o, ports: map[int]*port{}, routes: map[string]*route{}, apps: map[string]*app{}}
}

// lookEvery is how often it is tried again to listen, and looked for connections in which nothing moves.
const lookEvery = time.Second

// Run serves until ctx ends. Then it accepts no more, lets what is open end for Timeouts.Drain, and returns nil.
func (s *Server) Run(ctx context.Context) error {
	ticker := time.NewTicker(lookEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			s.drain()
			return nil
		case now := <-ticker.C:
			s.look(now)
		}
	}
}

func (s *Server) look(now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range s.ports {
		p.ensure()
		p.cutIdle(now.Add(-s.Timeouts.Idle))
	}
}

// drain waits for what is open. What still is after Timeouts.Drain is cut.
func (s *Server) drain() {
	s.mu.Lock()
	s.stopped = true
	for _, p := range s.ports {
		p.close()
	}
	s.mu.Unlock()
	done := make(chan struct{})
	go func() {
		s.open.Wait()
		close(done)
	}()
	timer := time.NewTimer(s.Timeouts.Drain)
	defer timer.Stop()
	select {
	case <-done:
		return
	case <-timer.C:
	}
	s.mu.Lock()
	for _, p := range s.ports {
		p.cut(func(*conn) bool { return true })
	}
	s.mu.Unlock()
	<-done
}

// Apply makes a change of the registry. Its calls come one after the other.
func (s *Server) Apply(c core.RegistryChange) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopped {
		return
	}
	for id, addresses := range c.Apps {
		s.setAddresses(id, addresses)
	}
	changed := map[int]bool{}
	for _, r := range c.TCPRoutes {
		s.setRoute(r, changed)
	}
	for _, id := range c.RemovedTCPRoutes {
		s.removeRoute(id, changed)
	}
	if c.Reset {
		s.removeOthers(c, changed)
	}
	for number := range changed {
		s.rebuild(number)
	}
}

// removeOthers removes what is not in c, which is everything there is.
func (s *Server) removeOthers(c core.RegistryChange, changed map[int]bool) {
	present := map[string]bool{}
	for _, r := range c.TCPRoutes {
		present[r.ID()] = true
	}
	for id := range s.routes {
		if !present[id] {
			s.removeRoute(id, changed)
		}
	}
	for id := range s.apps {
		if _, ok := c.Apps[id]; !ok {
			s.setAddresses(id, nil)
		}
	}
}

func (s *Server) setAddresses(id string, addresses []core.Address) {
	a := s.ensureApp(id)
	a.set(addresses)
	s.dropUnused(a)
}

func (s *Server) setRoute(r core.TCPRoute, changed map[int]bool) {
	if r.Port < s.Pool.From || r.Port > s.Pool.To {
		s.Log.Warn("a TCP port outside gateway-tcp is left out", "port", r.Port, "app", r.AppID)
		s.removeRoute(r.ID(), changed)
		return
	}
	a := s.ensureApp(r.AppID)
	a.routes++
	next := newRoute(r, a, s.Certificate)
	if old := s.routes[r.ID()]; old != nil {
		if old.app == a {
			next.counts = old.counts
		}
		old.app.routes--
		s.dropUnused(old.app)
	}
	s.routes[r.ID()] = next
	changed[r.Port] = true
}

func (s *Server) removeRoute(id string, changed map[int]bool) {
	if r := s.routes[id]; r != nil {
		delete(s.routes, id)
		r.app.routes--
		s.dropUnused(r.app)
		changed[r.Port] = true
	}
}

// rebuild has a port serve the routes that there are, and no longer exist when there are none.
func (s *Server) rebuild(number int) {
	var routes []*route
	for _, id := range slices.Sorted(maps.Keys(s.routes)) {
		if r := s.routes[id]; r.Port == number {
			routes = append(routes, r)
		}
	}
	p := s.ports[number]
	if p == nil {
		p = &port{server: s, number: number, conns: map[*conn]struct{}{}}
		s.ports[number] = p
	}
	p.serve(routes)
	if len(routes) == 0 {
		delete(s.ports, number)
	}
}

func (s *Server) ensureApp(id string) *app {
	a := s.apps[id]
	if a == nil {
		a = &app{id: id}
		a.instances.Store(&[]*instance{})
		s.apps[id] = a
	}
	return a
}

// dropUnused forgets an app of which neither a route nor an address is left.
func (s *Server) dropUnused(a *app) {
	if a.routes == 0 && len(*a.instances.Load()) == 0 {
		delete(s.apps, a.id)
	}
}

// Ports returns the counts of every port, in no order.
func (s *Server) Ports() []core.TCPPortCounts {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := make([]core.TCPPortCounts, 0, len(s.routes))
	for id, r := range s.routes {
		all = append(all, core.TCPPortCounts{AppID: r.AppID, ID: id, TCPCounts: s.countsOf(r)})
	}
	return all
}

func (s *Server) countsOf(r *route) core.TCPCounts {
	c := r.counts.read()
	if p := s.ports[r.Port]; p != nil {
		c.Listening, c.Problem = p.state()
	}
	c.NoCertificate = r.TLS == core.TCPTerminate && s.Certificate(r.ServerName) == nil
	return c
}

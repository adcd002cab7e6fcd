package gateway

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"berth/core"
)

var _ core.Traffic = (*Gateway)(nil)

// Gateway passes requests on to the apps. Make it with New; once Run has served, it does not serve again.
type Gateway struct {
	Options
	table        *table
	plain        atomic.Pointer[net.Listener]
	secured      atomic.Pointer[net.Listener]
	tls          *tls.Config
	certificates *certificates
	challenges   challenges
	multiplexer  *multiplexer
	draining     atomic.Bool
	loops        []*loop
	turn         atomic.Uint32 // of the loops

	mu    sync.Mutex
	conns map[*conn]struct{}
	open  sync.WaitGroup

	refused                   [reasons]atomic.Int64
	unknown, tunnels          atomic.Int64
	handshakes, badHandshakes atomic.Int64 // that were completed, that failed
	resting                   atomic.Int64 // connections that hold no buffers
	access                    *accessLog
}

// New returns a gateway that does nothing yet.
func New(o Options) *Gateway {
	g := &Gateway{Options: o.withDefaults(), table: newTable(), conns: map[*conn]struct{}{}, certificates: newCertificates(o.Sealer)}
	g.tls, g.access = newTLS(g.certificates), newAccessLog(o.Access)
	g.multiplexer = newMultiplexer(&g.Options)
	return g
}

// Run serves until ctx ends. Then it accepts no more, tells WebSockets that it goes away (1001), lets what is under
// way end for Timeouts.Drain, and returns nil. It fails when it cannot listen.
func (g *Gateway) Run(ctx context.Context) error {
	defer g.stopLoops()
	if err := g.startLoops(); err != nil {
		return err
	}
	listeners, err := g.listen()
	if err != nil {
		return err
	}
	var loops sync.WaitGroup
	loops.Go(func() { g.Registry.Watch(ctx, g.apply) })
	logging, endLog := context.WithCancel(context.WithoutCancel(ctx)) // what ends while the gateway drains is logged too
	defer endLog()
	var log sync.WaitGroup
	log.Go(func() { g.access.run(logging) })
	if g.ID != "" {
		if err := g.Registry.Announce(ctx, core.GatewayNode{ID: g.ID, Stats: g.Stats}); err != nil {
			g.Log.Warn("gateway is not announced", "err", err)
		}
	}
	for i, l := range listeners {
		loops.Go(func() { g.awaitRoutes(ctx); g.accept(ctx, l, i > 0) })
	}
	<-ctx.Done()
	g.draining.Store(true)
	loops.Wait()
	g.drain()
	endLog()
	log.Wait()
	g.access.flush(time.Now().Add(accessLate))
	return nil
}

// Ready reports whether the gateway listens and knows the routes.
func (g *Gateway) Ready() bool {
	return g.plain.Load() != nil && g.table.loaded.Load() && !g.draining.Load()
}

// Addr returns where the gateway listens for HTTP, nil before Run does.
func (g *Gateway) Addr() net.Addr {
	if l := g.plain.Load(); l != nil {
		return (*l).Addr()
	}
	return nil
}

// SecureAddr returns where the gateway listens for HTTPS, nil before Run does, or when it does not.
func (g *Gateway) SecureAddr() net.Addr {
	if l := g.secured.Load(); l != nil {
		return (*l).Addr()
	}
	return nil
}

// Totals returns the counts of the whole gateway.
func (g *Gateway) Totals() Totals {
	t := Totals{Refused: make(map[string]int64, reasons), Unknown: g.unknown.Load(), Tunnels: g.tunnels.Load(),
		Handshakes: g.handshakes.Load(), BadHandshakes: g.badHandshakes.Load()}
	for i := range g.refused {
		t.Refused[reasonNames[i]] = g.refused[i].Load()
	}
	g.mu.Lock()
	t.Connections = int64(len(g.conns))
	g.mu.Unlock()
	t.Routes, t.Apps = g.table.size()
	t.Certificates = g.certificates.size()
	return t
}

func (g *Gateway) apply(c core.RegistryChange) {
	for _, r := range slices.Concat(c.Refused, g.certificates.apply(c), g.challenges.apply(c)) {
		g.Log.Warn("entry of the registry is left out", "path", r.Path, "reason", r.Reason)
	}
	g.table.apply(c)
	if g.Also != nil {
		g.Also(c)
	}
}

func (g *Gateway) listen() ([]net.Listener, error) {
	plain := g.Listener
	if plain == nil {
		l, err := g.Open(g.Listen)
		if err != nil {
			return nil, fmt.Errorf("gateway: %w", err)
		}
		plain = l
	}
	g.plain.Store(&plain)
	secure, err := g.listenSecure()
	if err != nil {
		plain.Close()
		return nil, err
	}
	if secure == nil {
		return []net.Listener{plain}, nil
	}
	return []net.Listener{plain, secure}, nil
}

// listenSecure returns the listener for HTTPS, nil when it is off.
func (g *Gateway) listenSecure() (net.Listener, error) {
	l := g.Secure
	switch {
	case l == nil && g.ListenSecure == "":
		return nil, nil
	case g.Sealer == nil:
		g.Log.Error("HTTPS is off: this gateway has no secret-key, without which it cannot use certificates; set the one that portal and worker use")
		return nil, nil
	case l == nil:
		var err error
		if l, err = g.Open(g.ListenSecure); err != nil {
			return nil, fmt.Errorf("gateway: %w", err)
		}
	}
	if g.SecurePort == "" {
		g.SecurePort = portOfAddr(l.Addr())
	}
	g.secured.Store(&l)
	return l, nil
}

// accept takes connections until ctx ends, and then those that are waiting to be taken.
func (g *Gateway) accept(ctx context.Context, l net.Listener, secure bool) {
	defer l.Close()
	stop := context.AfterFunc(ctx, func() {
		if t, ok := l.(interface{ SetDeadline(time.Time) error }); ok {
			t.SetDeadline(time.Now().Add(lastCall))
		} else {
			l.Close()
		}
	})
	defer stop()
	for pause := time.Duration(0); ; {
		c, err := l.Accept()
		switch {
		case err == nil:
			pause = 0
			g.serve(c, secure)
		case ctx.Err() != nil:
			return
		default: // out of file descriptors, most likely: others will be closed
			pause = min(max(2*pause, 5*time.Millisecond), time.Second)
			g.Log.Warn("gateway cannot accept a connection", "err", err)
			time.Sleep(pause)
		}
	}
}

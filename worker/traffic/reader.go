package traffic

import (
	"context"
	"io"
	"log/slog"
	"maps"
	"sync"
	"time"

	"berth/core"
)

var (
	_ core.TrafficReader = (*Reader)(nil)
	_ core.TCPTraffic    = (*Reader)(nil)
)

// Options says where the counts come from.
type Options struct {
	Registry interface {
		Gateways(ctx context.Context) ([]core.GatewayNode, error)
	}
	Local  *Local        // nil when this process has no gateway
	Secret string        // that gateways of other processes ask for
	Every  time.Duration // they are asked; 2 s
	Log    *slog.Logger
}

// Reader is core.TrafficReader over all gateways. Its sums grow even when a gateway starts anew, as long as the reader
// runs: what a process counted last stays in them.
type Reader struct {
	Options
	remote Remote

	mu      sync.Mutex // guards what follows
	nodes   map[string]*node
	past    map[string]core.TrafficCounts // of processes that have ended, by app
	ports   map[port]core.TCPCounts       // of processes that have ended
	samples map[string][]sample
	sampled time.Time
}

// node is a gateway and what it told last.
type node struct {
	id, address, process string
	since, seen, started time.Time // started: when the process began
	away, gone           bool
	unread               bool // since it was listed
	apps                 map[string]core.AppTraffic
	ports                map[port]core.TCPCounts
}

const (
	goneFor     = time.Hour       // a gateway that has left is remembered, in case it comes back
	readTimeout = 3 * time.Second // for one gateway to answer
	overlap     = 5 * time.Second // asked for again, so that clocks need not agree exactly
)

// NewReader returns a reader that knows the gateway of this process; Run makes it know the others.
func NewReader(o Options) *Reader {
	if o.Every == 0 {
		o.Every = 2 * time.Second
	}
	if o.Log == nil {
		o.Log = slog.New(slog.NewTextHandler(io.Discard, nil))
	}
	r := &Reader{Options: o, remote: newRemote(o.Secret), nodes: map[string]*node{}, past: map[string]core.TrafficCounts{},
		ports:   map[port]core.TCPCounts{},
		samples: map[string][]sample{}}
	if o.Local != nil {
		n := r.node(o.Local.ID)
		n.process, n.started, n.seen, n.unread = o.Local.Process, o.Local.Since, time.Now(), false
	}
	return r
}

// Run asks all gateways again and again until ctx ends.
func (r *Reader) Run(ctx context.Context) error {
	ticker := time.NewTicker(r.Every)
	defer ticker.Stop()
	for {
		r.Read(ctx)
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-ticker.C:
		}
	}
}

// Read asks all gateways once.
func (r *Reader) Read(ctx context.Context) {
	r.readLocal()
	var asking sync.WaitGroup
	for _, n := range r.find(ctx) {
		asking.Go(func() { r.ask(ctx, n) })
	}
	asking.Wait()
	r.sample(time.Now())
}

// readLocal takes what the gateway of this process counts now.
func (r *Reader) readLocal() {
	if r.Local == nil {
		return
	}
	r.mu.Lock()
	since := r.node(r.Local.ID).since
	r.mu.Unlock()
	s := r.Local.stats(since)
	r.mu.Lock()
	defer r.mu.Unlock()
	n := r.node(r.Local.ID)
	r.merge(n, s)
	n.since = s.Now.Add(-overlap)
}

// find learns which gateways there are, and returns those to be asked. While the registry is away the last known stay.
func (r *Reader) find(ctx context.Context) []*node {
	ctx, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	listed, err := r.Registry.Gateways(ctx)
	r.mu.Lock()
	defer r.mu.Unlock()
	if err == nil {
		for _, n := range r.nodes {
			n.gone = r.Local == nil || n.id != r.Local.ID
		}
		for _, l := range listed {
			n := r.node(l.ID)
			n.address, n.gone = l.Stats, false
		}
		for _, n := range r.nodes {
			n.unread = n.unread || n.gone
		}
		r.forget(time.Now())
	}
	var ask []*node
	for id, n := range r.nodes {
		if n.gone || r.Local != nil && id == r.Local.ID {
			continue
		}
		if n.address == "" {
			n.away = true
			continue
		}
		ask = append(ask, n)
	}
	return ask
}

// node returns the node of an id, which may be new; mu is held.
func (r *Reader) node(id string) *node {
	n := r.nodes[id]
	if n == nil {
		n = &node{id: id, unread: true, apps: map[string]core.AppTraffic{}}
		r.nodes[id] = n
	}
	return n
}

func (r *Reader) ask(ctx context.Context, n *node) {
	r.mu.Lock()
	since, address := n.since, n.address
	r.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	s, err := r.remote.stats(ctx, address, since)
	r.mu.Lock()
	defer r.mu.Unlock()
	if err != nil {
		if !n.away {
			r.Log.Warn("the counts of a gateway cannot be read", "gateway", n.id, "address", address, "error", err)
		}
		n.away = true
		return
	}
	if n.process != s.Process {
		if n.process != "" {
			r.fold(n)
		}
		n.since = time.Time{}
		if !since.IsZero() { // it has told only a part of it
			n.process = s.Process
			n.started = s.Since
			return
		}
	}
	r.merge(n, s)
	n.since = s.Now.Add(-overlap)
}

// merge takes what a gateway told; mu is held.
func (r *Reader) merge(n *node, s Stats) {
	if n.process == "" {
		clear(r.samples) // what it counted before it was known is not of the last ten seconds
	}
	if n.process != "" && n.process != s.Process {
		r.fold(n)
	}
	n.process, n.started, n.seen, n.away, n.unread = s.Process, s.Since, time.Now(), false, false
	for _, a := range s.Apps {
		if before, ok := n.apps[a.AppID]; ok && a.Total.Requests < before.Total.Requests {
			r.keep(a.AppID, before.TrafficCounts)
		}
		n.apps[a.AppID] = a
	}
	r.mergePorts(n, s.Ports)
}

// fold keeps the counts of a process that has ended; mu is held.
func (r *Reader) fold(n *node) {
	for id, a := range n.apps {
		r.keep(id, a.TrafficCounts)
	}
	clear(n.apps)
	r.foldPorts(n)
}

func (r *Reader) keep(appID string, c core.TrafficCounts) {
	r.past[appID] = r.past[appID].Plus(ended(c))
}

// ended returns what stays of the counts of a process that is no more: nothing is under way there.
func ended(c core.TrafficCounts) core.TrafficCounts {
	c.Recent, c.Instances = nil, nil
	c.Total.Active = 0
	c.Versions, c.Domains = idle(c.Versions), idle(c.Domains)
	return c
}

func idle(counts map[string]core.RequestCounts) map[string]core.RequestCounts {
	m := maps.Clone(counts)
	for key, c := range m {
		c.Active = 0
		m[key] = c
	}
	return m
}

// forget drops gateways that left long ago; their counts stay. mu is held.
func (r *Reader) forget(now time.Time) {
	for id, n := range r.nodes {
		if n.gone && now.Sub(n.seen) > goneFor {
			r.fold(n)
			delete(r.nodes, id)
		}
	}
}

// App implements core.Traffic: this process's gateway as it is now, others as they were when they were asked last.
func (r *Reader) App(appID string) core.TrafficCounts {
	r.refresh(appID)
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.app(appID)
}

func (r *Reader) refresh(appID string) {
	if r.Local == nil {
		return
	}
	c, failures := r.Local.Gateway.App(appID), r.Local.Gateway.Failures(appID)
	r.mu.Lock()
	defer r.mu.Unlock()
	n := r.node(r.Local.ID)
	a := n.apps[appID]
	if c.Total.Requests < a.Total.Requests {
		r.keep(appID, a.TrafficCounts)
	}
	a.AppID, a.TrafficCounts, a.Failures = appID, c, failures
	if c.Total.Requests > 0 || n.apps[appID].AppID != "" {
		n.apps[appID] = a
	}
}

func (r *Reader) app(appID string) core.TrafficCounts {
	sum := core.TrafficCounts{Recent: make([]int64, 60)}.Plus(r.past[appID])
	for _, n := range r.nodes {
		if a, ok := n.apps[appID]; ok {
			c := a.TrafficCounts
			switch {
			case n.gone:
				c = ended(c)
			case n.away || time.Since(n.seen) > overlap:
				c.Recent = nil
			}
			sum = sum.Plus(c)
		}
	}
	return sum
}

// Processes implements core.TrafficReader.
func (r *Reader) Processes(appID string) []core.ProcessTraffic {
	r.refresh(appID)
	r.mu.Lock()
	defer r.mu.Unlock()
	var all []core.ProcessTraffic
	for _, n := range r.nodes {
		if n.process == "" {
			continue
		}
		a := n.apps[appID]
		all = append(all, core.ProcessTraffic{Process: n.process, Since: n.started, Requests: a.Requests, Failed: a.Failed, Failures: a.Failures})
	}
	return all
}

// Gateways implements core.TrafficReader.
func (r *Reader) Gateways() []core.GatewayState {
	r.mu.Lock()
	defer r.mu.Unlock()
	var all []core.GatewayState
	for _, n := range r.nodes {
		if !n.gone {
			all = append(all, core.GatewayState{ID: n.id, Away: n.away || n.unread, Seen: n.seen})
		}
	}
	sortStates(all)
	return all
}

// each calls f with what every process told last.
func (r *Reader) each(f func(process string, since time.Time, apps map[string]core.AppTraffic)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, n := range r.nodes {
		if n.process != "" {
			f(n.process, n.started, n.apps)
		}
	}
}

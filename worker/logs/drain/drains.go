// Package drain forwards what tenants' apps write to servers elsewhere.
package drain

import (
	"context"
	"crypto/tls"
	"log/slog"
	"net"
	"sync"
	"time"

	"berth/core"
)

// Options are what Drains work with.
type Options struct {
	Store core.Store
	Lines core.LogStore
	Here  func(hostID string) bool // whether this process collects what a host's instances write
	Path  string                   // the file in which it is noted how far each drain has come
	Dial  *net.Dialer              // see package outbound
	TLS   *tls.Config              // nil for the usual
	Poll  time.Duration            // how often drains are looked for, and how they stand is noted; default 2s
	Log   *slog.Logger             // default slog.Default
}

// Drains forward what this process collects. A drain goes on where it was after a stop; after a kill, at most the lines
// of the last moments are sent again.
type Drains struct {
	opts   Options
	places *places

	mu      sync.Mutex
	running map[string]*running // by id
}

// running is a drain that is being carried out.
type running struct {
	*drain
	cancel context.CancelFunc
	done   chan struct{}
}

// New makes Drains. Give Tap what is kept, and run it in one process of a host.
func New(o Options) *Drains {
	if o.Poll == 0 {
		o.Poll = 2 * time.Second
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	return &Drains{opts: o, places: newPlaces(o.Path), running: map[string]*running{}}
}

// Tap is told what the store has just taken, in the order in which each instance wrote it. It waits for nobody.
func (d *Drains) Tap(lines []core.LogRecord) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, r := range d.running {
		for _, l := range lines {
			if l.TenantID == r.TenantID {
				r.take(l)
			}
		}
	}
}

// Run forwards until ctx ends.
func (d *Drains) Run(ctx context.Context) error {
	ctx = core.WithActor(ctx, core.System())
	tick := time.NewTicker(d.opts.Poll)
	defer tick.Stop()
	for {
		if all, err := d.opts.Store.LogDrains().List(ctx, ""); err == nil {
			d.update(ctx, all)
		} else if ctx.Err() == nil {
			d.opts.Log.Debug("new drains cannot be found; the known ones go on", "error", err)
		}
		d.note(context.WithoutCancel(ctx))
		select {
		case <-ctx.Done():
			d.update(ctx, nil)
			d.note(context.WithoutCancel(ctx))
			return ctx.Err()
		case <-tick.C:
		}
	}
}

// update starts the drains that are new or changed, and ends those that are gone.
func (d *Drains) update(ctx context.Context, all []core.LogDrain) {
	wanted := map[string]core.LogDrain{}
	for _, noun := range all {
		wanted[noun.ID] = noun
	}
	for id, r := range d.current() {
		if noun, ok := wanted[id]; ok && noun.Revision == r.Revision {
			delete(wanted, id)
			continue
		}
		r.cancel()
		<-r.done
		d.report(context.WithoutCancel(ctx), r.drain)
		d.mu.Lock()
		delete(d.running, id)
		d.mu.Unlock()
	}
	if ctx.Err() != nil {
		return
	}
	d.places.keep(all)
	for _, noun := range wanted {
		d.start(ctx, noun)
	}
}

func (d *Drains) current() map[string]*running {
	d.mu.Lock()
	defer d.mu.Unlock()
	all := make(map[string]*running, len(d.running))
	for id, r := range d.running {
		all[id] = r
	}
	return all
}

// start carries out a drain. Its queue is filled before it looks for what it has missed.
func (d *Drains) start(ctx context.Context, noun core.LogDrain) {
	target, err := d.opts.Store.LogDrains().Open(ctx, noun.TenantID, noun.ID)
	if err != nil {
		d.opts.Log.Warn("a drain of logs cannot be begun", "tenant", noun.TenantID, "drain", noun.Name, "error", err)
		return
	}
	ctx, cancel := context.WithCancel(ctx)
	r := &running{drain: newDrain(d, noun, target), cancel: cancel, done: make(chan struct{})}
	d.mu.Lock()
	d.running[noun.ID] = r
	d.mu.Unlock()
	go func() {
		defer close(r.done)
		defer r.sender.close()
		r.run(ctx)
	}()
}

// note writes down how far all drains have come and how they stand.
func (d *Drains) note(ctx context.Context) {
	for _, r := range d.current() {
		d.report(ctx, r.drain)
	}
	if err := d.places.save(); err != nil {
		d.opts.Log.Warn("how far drains of logs have come cannot be noted; after the next start lines are sent again", "error", err)
	}
}

func (d *Drains) report(ctx context.Context, r *drain) {
	since, changed := r.tally.take()
	if !changed {
		return
	}
	if err := d.opts.Store.LogDrains().Report(ctx, r.TenantID, r.ID, since); err != nil {
		r.tally.giveBack(since)
	}
}

// Package discovery tells the registry what runs and is healthy, so that the gateways find it. It is level-triggered:
// a wake only says where to look; what is published follows from the store alone.
package discovery

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"berth/core"
)

// Options are what discovery works with.
type Options struct {
	Store      core.Store
	Registry   core.Registry
	BaseDomain string        // an app answers at {appId}.{BaseDomain}
	Resync     time.Duration // how often everything is compared; default 10s
	Log        *slog.Logger  // default slog.Default
}

// Discovery keeps the registry right. Make it with New.
type Discovery struct {
	opts     Options
	work     *work
	tcp      tcpOwners
	syncTook time.Duration // the last comparison of everything; belongs to Run

	clock  atomic.Int64 // counts writes; see app.written
	mu     sync.Mutex
	apps   map[string]*app
	loaded bool
	load   sync.Mutex // held while everything published is read
}

// New makes a Discovery; Run has it work by itself, Sync and SyncApp work without Run as well.
func New(o Options) *Discovery {
	if o.Resync == 0 {
		o.Resync = 10 * time.Second
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	return &Discovery{opts: o, work: newWork(), apps: map[string]*app{}, tcp: tcpOwners{ids: map[string]string{}}}
}

// Domain returns the name at which an app answers by default.
func (d *Discovery) Domain(appID string) string { return appID + "." + d.opts.BaseDomain }

// Wake has Run look at an app soon. It never blocks.
func (d *Discovery) Wake(appID string) { d.work.add(appID) }

// SyncApp publishes one app as the store has it now, and costs the same however many apps there are. New addresses
// are registered before requests are led to them, and old ones removed after requests are led elsewhere: when it
// returns nil a new instance may get requests, and one that is not ready any more gets no new ones.
// Errors: EUNAVAILABLE when the store or the registry is away, EINVALID for what cannot be published at all.
func (d *Discovery) SyncApp(ctx context.Context, appID string) error {
	if err := d.ensureLoaded(ctx); err != nil {
		return err
	}
	a := d.app(appID)
	a.mu.Lock()
	defer a.mu.Unlock()
	want, err := d.wanted(core.WithActor(ctx, core.System()), appID)
	if err != nil {
		return err
	}
	return d.publish(ctx, a, want)
}

// Sync compares everything with what is really published, and mends what differs. Errors: as SyncApp; the other apps
// are seen to although one fails.
func (d *Discovery) Sync(ctx context.Context) error {
	if err := d.read(ctx); err != nil {
		return err
	}
	different, err := d.different(core.WithActor(ctx, core.System()))
	if err != nil {
		return err
	}
	if err := d.syncAll(ctx, different); err != nil {
		return err
	}
	if r, ok := d.opts.Registry.(core.FillableRegistry); ok {
		r.Filled(core.RegistryRoutes)
	}
	return nil
}

// publish carries out what leads from the known to want; a.mu is held. A refused entry does not hold up the others.
func (d *Discovery) publish(ctx context.Context, a *app, want publication) error {
	var refused error
	for _, s := range diff(a.id, a.known, want) {
		s.doubt(&a.known)
		err := d.tcp.do(ctx, a.id, s, d.opts.Registry)
		a.written = d.clock.Add(1)
		switch {
		case err == nil:
			s.note(&a.known)
		case core.ErrorCode(err) == core.EINVALID:
			d.opts.Log.Error("an app has what cannot be published", "app", a.id, "error", err)
			refused = err
		default:
			return err
		}
	}
	return refused
}

// app returns what is known of an app.
func (d *Discovery) app(id string) *app {
	d.mu.Lock()
	defer d.mu.Unlock()
	a := d.apps[id]
	if a == nil {
		a = newApp(id)
		d.apps[id] = a
	}
	return a
}

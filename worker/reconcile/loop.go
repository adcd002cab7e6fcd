package reconcile

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"berth/core"
)

// Health asks instances whether they are well. worker/health implements it.
type Health interface {
	Watch(i core.Instance, check core.HealthCheck)
	// Discount has an instance asked on, of which nothing else is known. What it answers counts from the next Watch.
	Discount(instanceID string)
	Forget(instanceID string)
	Result(instanceID string) core.HealthResult
}

// Discovery tells the gateways of an app's ready instances and its routes. worker/discovery implements it.
type Discovery interface {
	// SyncApp returns when the registry holds what the store says. Errors: EUNAVAILABLE.
	SyncApp(ctx context.Context, appID string) error
}

// Metrics keeps what was measured of apps. core.MetricStore is one.
type Metrics interface {
	Forget(ctx context.Context, appID string) error
}

// Loop keeps what runs equal to what people wrote. Set the fields, then call Run.
type Loop struct {
	Store     core.Store
	Engines   core.Engines
	HostIDs   []string
	Images    core.ImageStore
	Catalog   core.Catalog
	Health    Health
	Discovery Discovery
	Logs      core.LogSource
	Kept      LogKeeper // nil: nobody keeps what instances write
	Traffic   core.Traffic
	Metrics   Metrics // nil where none are kept
	Notifier  core.Notifier
	Log       *slog.Logger
	Ports     [2]int        // first and last port of the local host's pool
	Workers   int           // apps looked at at a time; default 8
	Resync    time.Duration // everything is looked at this often; default 15 s

	once     sync.Once
	queue    *queue
	hosts    *hosts
	removals *removals
	switches *switches
	failures *failures

	drift      atomic.Int64
	operations sync.Mutex // instances of an app move the same operation on, side by side
}

func (l *Loop) init() {
	l.once.Do(func() {
		l.queue, l.hosts, l.removals = newQueue(), newHosts(), newRemovals()
		l.switches, l.failures = newSwitches(), newFailures()
		if l.Workers == 0 {
			l.Workers = 8
		}
		if l.Resync == 0 {
			l.Resync = 15 * time.Second
		}
	})
}

// Wake has an app looked at soon.
func (l *Loop) Wake(appID string) {
	l.init()
	l.queue.Add(appID)
}

// Run reconciles everything once, then what wakes, engine events and ticks point at, until ctx ends.
func (l *Loop) Run(ctx context.Context) error {
	l.init()
	ctx = core.WithActor(ctx, core.System())
	var all sync.WaitGroup
	defer all.Wait()
	defer l.removals.wait()
	for _, id := range l.HostIDs {
		l.refreshHost(ctx, id)
		all.Go(func() { l.followEvents(ctx, id) })
		all.Go(func() { l.guard(ctx, id) })
	}
	for range l.Workers {
		all.Go(func() { l.work(ctx) })
	}
	all.Go(func() { l.repairLoop(ctx) })
	tick := time.NewTicker(l.Resync)
	defer tick.Stop()
	for n := 0; ; n++ {
		l.resync(ctx)
		if n%networksEvery == 0 {
			l.tidyNetworks(ctx)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

// resync looks at all apps, and removes containers that bear Berth's label and belong to no instance.
func (l *Loop) resync(ctx context.Context) {
	for _, id := range l.HostIDs {
		l.refreshHost(ctx, id)
		if err := l.removeOrphans(ctx, id); err != nil && ctx.Err() == nil {
			l.Log.Warn("cannot look for containers without an instance", "host", id, "error", err)
		}
	}
	l.wakeAll(ctx)
	l.wakeTenants(ctx)
}

// networksEvery is in how many resyncs networks that were left behind are looked for once.
const networksEvery = 20

func (l *Loop) tidyNetworks(ctx context.Context) {
	for _, id := range l.HostIDs {
		if err := l.removeLeftNetworks(ctx, id); err != nil && ctx.Err() == nil {
			l.Log.Warn("cannot look for networks that nobody uses", "host", id, "error", err)
		}
	}
}

func (l *Loop) work(ctx context.Context) {
	for {
		appID, ok := l.queue.Get(ctx)
		if !ok {
			return
		}
		l.reconcileSafely(ctx, appID)
		l.queue.Done(appID)
	}
}

// reconcileSafely reconciles one app; a failure, or a panic, is retried with back-off and hurts no other app.
func (l *Loop) reconcileSafely(ctx context.Context, appID string) {
	defer func() {
		if p := recover(); p != nil {
			l.Log.Error("reconciling panicked", "app", appID, "panic", p)
			l.queue.AddAt(appID, time.Now().Add(l.failures.next(appID)))
		}
	}()
	next, err := l.reconcile(ctx, appID)
	if err != nil {
		if ctx.Err() == nil {
			pause := l.failures.next(appID)
			l.Log.Warn("reconciling is tried again", "app", appID, "in", pause, "error", err)
			l.queue.AddAt(appID, time.Now().Add(pause))
		}
		return
	}
	l.failures.forget(appID)
	if !next.IsZero() {
		l.queue.AddAt(appID, next)
	}
}

// maxRounds bounds how often one look at an app may find something more to do.
const maxRounds = 50

// reconcile carries out plans until nothing is left to do, and returns when to look again.
func (l *Loop) reconcile(ctx context.Context, appID string) (time.Time, error) {
	if tenantID, ok := tenantOf(appID); ok {
		return l.reconcileTenant(ctx, tenantID)
	}
	for range maxRounds {
		d, err := l.desired(ctx, appID)
		if core.ErrorCode(err) == core.ENOTFOUND {
			return time.Time{}, l.Discovery.SyncApp(ctx, appID)
		}
		if err != nil {
			return time.Time{}, err
		}
		o, err := l.observe(ctx, d)
		if err != nil {
			return time.Time{}, err
		}
		plan := Make(d, o, time.Now())
		if err := l.settle(ctx, d, o, plan); err != nil {
			return time.Time{}, err
		}
		did, err := l.apply(ctx, d, plan)
		if err != nil {
			return plan.Next, err
		}
		if !did {
			return plan.Next, l.count(ctx, d, o)
		}
	}
	return time.Now().Add(time.Second), nil
}

// failures counts failed looks at each app in a row, for the pause before the next.
type failures struct {
	mu    sync.Mutex
	count map[string]int
}

func newFailures() *failures { return &failures{count: map[string]int{}} }

func (f *failures) next(appID string) time.Duration {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.count[appID]++
	return min(100*time.Millisecond<<min(f.count[appID]-1, 10), 5*time.Second)
}

func (f *failures) forget(appID string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.count, appID)
}

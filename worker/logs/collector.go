package logs

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"berth/core"
)

// CollectorOptions are what a Collector works with.
type CollectorOptions struct {
	Source *Source
	Lines  core.LogStore
	Path   string                 // the file in which it notes how far it has come
	Tap    func([]core.LogRecord) // is given what was kept; nil for nobody. It must not wait.
	Settle time.Duration          // after which the store loses no line any more, whatever befalls it; default 30s
	Now    func() time.Time       // the clock by which engines stamp lines; default time.Now
	Log    *slog.Logger           // default slog.Default

	Elapsed func() time.Duration // since the machine started, whatever its clock says; default the kernel's
}

// Collector reads every line of every instance on the hosts of this process once into a store. It notes how far it has
// come a while after the store took a line; whenever it begins again, after a stop, a kill or a failure of the store,
// it goes back to that place and leaves out what the store has already: no gap, no double. What is not taken waits in
// the engine's own files.
type Collector struct {
	opts     CollectorOptions
	quotas   *quotas
	drops    *teller
	refusals *teller
	lost     *teller
	marks    *marks
	durable  *durable
	dropped  atomic.Int64
	answered atomic.Bool // the store has answered before
	taking   atomic.Bool // the store took the last lines that it was given
	reading  sync.Map    // instance id -> channel that is closed when its log has been read to the end
}

// NewCollector makes a Collector. Run it in one process of a host.
func NewCollector(o CollectorOptions) *Collector {
	if o.Settle == 0 {
		o.Settle = 30 * time.Second
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Elapsed == nil {
		o.Elapsed = sinceBoot
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.Tap == nil {
		o.Tap = func([]core.LogRecord) {}
	}
	return &Collector{opts: o, quotas: newQuotas(o.Source.opts.Store), drops: newDropTeller(o.Source.opts.Store),
		refusals: newRefusalTeller(o.Source.opts.Store), lost: newLossTeller(o.Source.opts.Store), marks: newMarks(),
		durable: newDurable(o.Path)}
}

func (c *Collector) now() clock { return readClock(c.opts.Now, c.opts.Elapsed) }

// Dropped returns how many lines were not kept since the start, because apps wrote more than their quota allows,
// the store refuses them, or it was away until their instance was removed.
func (c *Collector) Dropped() int64 { return c.dropped.Load() }

const (
	leastWait = 200 * time.Millisecond // until the store is tried again
	mostWait  = 2 * time.Second

	startTime = 30 * time.Second // that a store may take to answer for the first time: it may be starting beside this
)

// Run collects until ctx ends.
func (c *Collector) Run(ctx context.Context) error {
	ctx = core.WithActor(ctx, core.System())
	wait, said, start := leastWait, false, time.Now()
	for ctx.Err() == nil {
		began := time.Now()
		err := c.collect(ctx)
		if ctx.Err() != nil {
			break
		}
		if time.Since(began) > 10*time.Second {
			wait, said = leastWait, false
		}
		if !said && (c.answered.Load() || time.Since(start) > startTime) {
			said = true
			c.opts.Log.Warn("lines cannot be kept; they wait where the engine has them", "error", err)
		}
		sleep(ctx, wait)
		wait = min(2*wait, mostWait)
	}
	return ctx.Err()
}

// collect is one session with the store. It ends when the store fails or may have lost something.
func (c *Collector) collect(ctx context.Context) error {
	epoch, err := c.opts.Lines.Epoch(ctx)
	if err != nil {
		return err
	}
	c.answered.Store(true)
	ctx, cancel := context.WithCancelCause(ctx)
	s := newSession(c, epoch)
	appended := make(chan struct{})
	go func() {
		defer close(appended)
		cancel(s.append(ctx))
		c.taking.Store(false)
	}()
	s.read(ctx, cancel)
	<-appended
	return context.Cause(ctx)
}

// Forget removes what an app wrote up to now.
func (c *Collector) Forget(ctx context.Context, tenantID, appID string) error {
	return c.opts.Lines.Forget(ctx, tenantID, appID, time.Now())
}

var errEpoch = errors.New("the log store has started anew and may have lost the last lines")

func sleep(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

package discovery

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"berth/core"
)

// How long to wait after a failure: longer each time, so that a registry that is away is not pressed, and never so
// long that its return goes unnoticed.
const (
	shortestPause = 200 * time.Millisecond
	longestPause  = 3 * time.Second
)

// syncShare is how many times longer the pause between comparisons of everything is than the last of them took.
const syncShare = 20

// publishers is how many apps are published side by side.
const publishers = 8

// Run publishes everything once, and then what is woken, whatever was missed when the registry comes back, and
// everything that differs every Options.Resync, less often when there is much to compare, until ctx ends. What fails is tried again; it returns ctx.Err().
func (d *Discovery) Run(ctx context.Context) error {
	var watching sync.WaitGroup
	defer watching.Wait()
	watching.Go(func() { d.watchReturns(ctx) })
	resync := time.NewTimer(d.opts.Resync)
	defer resync.Stop()

	pause := shortestPause
	d.work.addAll()
	for ctx.Err() == nil {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-resync.C:
			d.work.addAll()
			resync.Reset(max(d.opts.Resync, syncShare*d.syncTook))
		case <-d.work.ready:
			if err := d.doWork(ctx); err == nil {
				pause = shortestPause
			} else if ctx.Err() == nil {
				d.opts.Log.Warn("what runs cannot be published; trying again", "in", pause, "error", err)
				wait(ctx, pause)
				pause = min(2*pause, longestPause)
			}
		}
	}
	return ctx.Err()
}

// doWork does what there is to do now. What fails is to be done again.
func (d *Discovery) doWork(ctx context.Context) error {
	all, apps := d.work.take()
	if all {
		began := time.Now()
		err := d.Sync(ctx)
		d.syncTook = time.Since(began)
		if err != nil {
			d.work.addAll()
		}
		return err
	}
	return d.syncAll(ctx, apps)
}

// syncAll publishes apps side by side and returns the first error. What fails is to be done again, but for what no
// repetition can mend.
func (d *Discovery) syncAll(ctx context.Context, ids []string) error {
	var group sync.WaitGroup
	var first atomic.Pointer[error]
	next := make(chan string)
	for range min(publishers, len(ids)) {
		group.Go(func() {
			for id := range next {
				if e := first.Load(); e != nil && core.ErrorCode(*e) == core.EUNAVAILABLE {
					d.work.add(id) // nor will the others get through
				} else if err := d.SyncApp(ctx, id); err != nil && core.ErrorCode(err) != core.EINVALID {
					d.work.add(id)
					first.CompareAndSwap(nil, &err)
				}
			}
		})
	}
	for _, id := range ids {
		next <- id
	}
	close(next)
	group.Wait()
	if err := first.Load(); err != nil {
		return *err
	}
	return nil
}

// watchReturns has everything compared when the registry was away and is back: it may have lost anything.
func (d *Discovery) watchReturns(ctx context.Context) {
	first := true
	err := d.opts.Registry.Watch(ctx, func(c core.RegistryChange) {
		if c.Reset && !first {
			d.work.addAll()
		}
		first = false
	})
	if err != nil && !errors.Is(err, context.Canceled) {
		d.opts.Log.Warn("the registry's return will not be noticed at once", "error", err)
	}
}

func wait(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

package logs

import (
	"context"
	"fmt"
	"sync"
	"time"

	"berth/core"
)

// sayEvery is how often a log says that lines were left out while they still are.
const sayEvery = 10 * time.Second

// instanceReader takes the lines of one instance into a session.
type instanceReader struct {
	*session
	instance core.Instance
	old      bool // it was there before the session
	follower *follower
	fail     context.CancelCauseFunc
	known    *known // what the store has from earlier; nil until it was asked

	mu      sync.Mutex
	dropped int // since the log last said so
	since   time.Time
	last    core.LogRecord // the last of them
}

// take puts a line among those that wait for the store, unless the store has it or the quota is used up.
func (r *instanceReader) take(ctx context.Context, l core.LogLine) error {
	if err := r.ask(ctx, l.Time); err != nil {
		if ctx.Err() == nil {
			r.fail(err)
		}
		return err
	}
	record := core.LogRecord{LogLine: l, TenantID: r.instance.TenantID, AppID: r.instance.AppID}
	admitted := r.quotas.admit(ctx, record) // one that the store has used up the quota too
	if r.known.take(l.Time) {
		r.forgetDropped()
		r.marks.give(l.Instance, l.Time)
		r.marks.keep(l.Instance, l.Time)
		return nil
	}
	if !admitted {
		r.drop(record)
		r.marks.give(l.Instance, l.Time)
		return nil
	}
	r.sayDropped(ctx, time.Now())
	if err := r.put(ctx, record); err != nil {
		return err
	}
	r.marks.give(l.Instance, l.Time)
	return nil
}

// ask learns which lines the store has from the first that is read on. An instance that is younger than the session has
// none there.
func (r *instanceReader) ask(ctx context.Context, first time.Time) error {
	if r.known != nil {
		return nil
	}
	if !r.old {
		r.known = newKnown(nil)
		return nil
	}
	select {
	case r.asks <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-r.asks }()
	times, err := r.opts.Lines.Times(ctx, r.instance.ID, first)
	if err != nil {
		return err
	}
	r.known = newKnown(times)
	return nil
}

func (r *instanceReader) put(ctx context.Context, record core.LogRecord) error {
	select {
	case r.lines <- record:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (r *instanceReader) drop(record core.LogRecord) {
	r.Collector.dropped.Add(1)
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.dropped == 0 {
		r.since = time.Now()
	}
	r.dropped++
	r.last = record
}

// forgetDropped leaves unsaid that lines were dropped which were dropped before: the store has a line from behind them,
// or the one that says so, which has the time of the last of them.
func (r *instanceReader) forgetDropped() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.Collector.dropped.Add(-int64(r.dropped))
	r.dropped = 0
}

// sayDropped puts a line of Berth's own in place of those that were dropped, if the first of them was before a time.
func (r *instanceReader) sayDropped(ctx context.Context, before time.Time) {
	r.mu.Lock()
	n, record := r.dropped, r.last
	if n == 0 || r.since.After(before) {
		r.mu.Unlock()
		return
	}
	r.dropped = 0
	r.mu.Unlock()
	record.Stream, record.Level, record.Part, record.Dropped = core.StreamBerth, core.LogWarn, false, n
	record.Line = fmt.Sprintf("%d lines were not kept here: the app writes more than its quota allows", n)
	_ = r.put(ctx, record)
	if err := r.drops.tell(ctx, record.AppID, n); err != nil {
		r.opts.Log.Debug("that lines were dropped cannot be told yet", "app", record.AppID, "error", err)
	}
}

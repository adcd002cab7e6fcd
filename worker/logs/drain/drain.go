package drain

import (
	"context"
	"errors"
	"time"

	"berth/core"
)

const (
	maxBatch  = 500
	leastWait = time.Second // until a server is tried again
	mostWait  = time.Minute
)

// drain carries out one core.LogDrain. Lines come from the queue as long as they fit into it; of an instance for which
// they did not, they are read from the store, and what the queue has of them twice is left out.
type drain struct {
	core.LogDrain
	*Drains
	sender sender
	queue  *queue
	tally  tally
	gone   map[string]bool // instances with a place that were no more when it was last looked; belongs to run
}

func newDrain(d *Drains, noun core.LogDrain, target core.DrainTarget) *drain {
	r := &drain{LogDrain: noun, Drains: d, sender: newSender(d.opts, noun.Kind, target), queue: newQueue()}
	if !noun.FaultAt.IsZero() { // it stands as it stood, until lines go out
		r.tally.since.Fault, r.tally.since.FaultAt = noun.Fault, noun.FaultAt
	}
	return r
}

// take puts a line that was just collected into the queue. With an instance that is new to it, the drain begins in the
// store.
func (d *drain) take(l core.LogRecord) {
	if d.places.get(d.ID, l.Instance).At.IsZero() {
		d.miss(instance{l.AppID, l.Instance})
	}
	d.queue.push(l)
}

// miss has an instance caught up with, from where the drain has come with it.
func (d *drain) miss(i instance) {
	d.places.move(d.ID, i.id, place{i.app, d.CreatedAt})
	d.queue.miss(i)
}

func (d *drain) run(ctx context.Context) {
	d.findMissing(ctx)
	forgotten := time.Now()
	for ctx.Err() == nil {
		lines, behind, err := d.queue.take(ctx)
		switch {
		case err != nil:
			return
		case lines != nil:
			_ = d.deliver(ctx, d.unsent(lines))
		default:
			d.catchUp(ctx, behind)
		}
		if time.Since(forgotten) > time.Minute && d.queue.idle() {
			d.forgetGone(ctx)
			forgotten = time.Now()
		}
	}
}

// findMissing has every instance caught up with, those too that went while lines of them had still to be sent.
func (d *drain) findMissing(ctx context.Context) {
	for id, p := range d.places.of(d.ID) {
		d.miss(instance{p.App, id})
	}
	for instances, err := d.opts.Store.Instances().List(ctx, ""); ; instances, err = d.opts.Store.Instances().List(ctx, "") {
		for _, i := range instances {
			if i.TenantID == d.TenantID && d.opts.Here(i.HostID) {
				d.miss(instance{i.AppID, i.ID})
			}
		}
		if err == nil || !pause(ctx, leastWait) {
			return
		}
	}
}

// forgetGone forgets the places of instances that were no more the last time already. Nothing of them waits, and the
// last lines, which are collected a little after an instance is gone, have come.
func (d *drain) forgetGone(ctx context.Context) {
	instances, err := d.opts.Store.Instances().List(ctx, "")
	if err != nil || !d.queue.idle() {
		return
	}
	exists := map[string]bool{}
	for _, i := range instances {
		exists[i.ID] = true
	}
	d.places.forget(d.ID, func(id string) bool { return !exists[id] && d.gone[id] })
	d.gone = map[string]bool{}
	for id := range d.places.of(d.ID) {
		if !exists[id] {
			d.gone[id] = true
		}
	}
}

// unsent leaves out what has been sent.
func (d *drain) unsent(lines []core.LogRecord) []core.LogRecord {
	left := lines[:0]
	for _, l := range lines {
		if l.Time.After(d.places.get(d.ID, l.Instance).At) {
			left = append(left, l)
		}
	}
	return left
}

// catchUp sends what the store has of an instance. Asking for its times makes the store show all that it took.
func (d *drain) catchUp(ctx context.Context, i instance) {
	at := d.places.get(d.ID, i.id)
	times, err := d.opts.Lines.Times(ctx, i.id, at.At)
	if err != nil {
		d.missed(ctx, i, err)
		return
	}
	last := at.At
	for _, t := range times {
		if t.After(last) {
			last = t
		}
	}
	for more := last.After(at.At); more; {
		var page []core.LogRecord
		page, more, err = d.opts.Lines.Search(ctx, core.LogSearch{TenantID: d.TenantID, AppID: i.app, Instance: i.id,
			Beyond: core.LogPosition{Time: at.At, Instance: i.id}, To: last.Add(1), Forward: true, Limit: maxBatch})
		if err == nil && len(page) > 0 {
			at.At = page[len(page)-1].Time
			err = d.deliver(ctx, page)
		}
		if err != nil {
			d.missed(ctx, i, err)
			return
		}
		more = more && len(page) > 0
	}
}

// missed has an instance caught up with later.
func (d *drain) missed(ctx context.Context, i instance, err error) {
	d.queue.miss(i)
	if ctx.Err() == nil {
		d.tally.waits(core.ErrorMessage(err))
		pause(ctx, leastWait)
	}
}

// deliver sends lines until the server has them or refuses them. Errors: ctx.Err().
func (d *drain) deliver(ctx context.Context, lines []core.LogRecord) error {
	if len(lines) == 0 {
		return nil
	}
	for wait := leastWait; ; wait = min(2*wait, mostWait) {
		err := d.offer(ctx, lines)
		if err == nil {
			d.sent(lines)
			return nil
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if refused, ok := errors.AsType[*refusal](err); ok {
			return d.without(ctx, lines, refused)
		}
		d.tally.waits(core.ErrorMessage(err))
		if !pause(ctx, wait) {
			return ctx.Err()
		}
	}
}

// stopPatience is how long a server may take for an answer when its drain is stopped meanwhile: without the answer the
// lines would be sent again.
const stopPatience = 3 * time.Second

func (d *drain) offer(ctx context.Context, lines []core.LogRecord) error {
	patient, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	defer context.AfterFunc(ctx, func() {
		pause(patient, stopPatience)
		cancel()
	})()
	return d.sender.send(patient, lines)
}

// without sends lines of which the server refuses some: half by half, until those are alone, which are lost.
func (d *drain) without(ctx context.Context, lines []core.LogRecord, why *refusal) error {
	if len(lines) > 1 {
		half := len(lines) / 2
		if err := d.deliver(ctx, lines[:half]); err != nil {
			return err
		}
		return d.deliver(ctx, lines[half:])
	}
	d.tally.lost(why.why)
	d.moveTo(lines)
	return nil
}

func (d *drain) sent(lines []core.LogRecord) {
	d.tally.sent(len(lines))
	d.moveTo(lines)
}

func (d *drain) moveTo(lines []core.LogRecord) {
	for _, l := range lines {
		d.places.move(d.ID, l.Instance, place{l.AppID, l.Time})
	}
}

// pause waits; false when ctx ends first.
func pause(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}

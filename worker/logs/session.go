package logs

import (
	"context"
	"errors"
	"maps"
	"sync"
	"time"

	"berth/core"
)

const (
	intake      = 2048 // lines that wait for the store
	maxBatch    = 2000 // lines that the store is given at once
	maxBatchLen = 1 << 20
	batchWait   = 200 * time.Millisecond // until fewer are given
	noteEvery   = 5 * time.Second
	maxAsks     = 4 // readers that ask the store at once: it may serve few
)

// session is the work of a Collector between two failures of the store.
type session struct {
	*Collector
	epoch string
	from  positions // behind which each instance is read
	lines chan core.LogRecord
	asks  chan struct{} // holds one of each reader that asks the store what it has

	readers map[string]*instanceReader // by instance id; belongs to read
	older   map[string]bool            // instances that were there before; nil until they were looked for; belongs to read

	mu      sync.Mutex
	written positions  // the last line of each instance that the store took
	noted   []progress // of written, the oldest first
	clock   clock      // when written was last known to hold
}

func newSession(c *Collector, epoch string) *session {
	now := c.now()
	c.quotas.begin()
	c.marks.begin()
	from, err := c.durable.load(now)
	if err != nil {
		c.opts.Log.Warn("that logs are read from their beginning cannot be noted; the next start may go on behind some lines", "error", err)
	}
	return &session{Collector: c, epoch: epoch, from: from, lines: make(chan core.LogRecord, intake),
		asks: make(chan struct{}, maxAsks), readers: map[string]*instanceReader{}, written: positions{}, clock: now}
}

// read keeps a reader on every instance until ctx ends.
func (s *session) read(ctx context.Context, fail context.CancelCauseFunc) {
	look, note := time.NewTicker(s.opts.Source.opts.Poll), time.NewTicker(noteEvery)
	defer look.Stop()
	defer note.Stop()
	defer s.awaitReaders()
	for {
		instances, err := s.opts.Source.opts.Store.Instances().List(ctx, "")
		if err == nil {
			s.update(ctx, fail, instances)
		} else if ctx.Err() == nil {
			s.opts.Log.Debug("new instances cannot be found; the lines of the known ones are kept", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-look.C:
		case <-note.C:
			if err := s.note(ctx); err != nil {
				fail(err)
			}
		}
	}
}

// update starts readers where something may be to read, and lets go of those whose instance is gone.
func (s *session) update(ctx context.Context, fail context.CancelCauseFunc, instances []core.Instance) {
	exists := make(map[string]bool, len(instances))
	for _, i := range instances {
		exists[i.ID] = true
	}
	if s.older == nil {
		s.older = maps.Clone(exists)
	}
	for _, i := range instances {
		if _, err := s.opts.Source.opts.Engines.Engine(i.HostID); err != nil {
			continue // another process's
		}
		r := s.readers[i.ID]
		if r == nil {
			r = &instanceReader{session: s, instance: i, old: s.older[i.ID], follower: newFollower(s.from[i.ID]), fail: fail}
			s.readers[i.ID] = r
		}
		if r.follower.due(i) {
			r.follower.start(ctx, s.opts.Source, i, func(l core.LogLine) error { return r.take(ctx, l) })
			s.reading.Store(i.ID, r.follower.done)
		}
		r.sayDropped(ctx, time.Now().Add(-sayEvery))
	}
	for id, r := range s.readers {
		if !exists[id] && r.follower.release() {
			r.sayDropped(ctx, time.Now())
			delete(s.readers, id)
			s.reading.Delete(id)
		}
	}
	s.durable.keep(exists)
}

func (s *session) awaitReaders() {
	for id, r := range s.readers {
		<-r.follower.done
		s.reading.Delete(id)
	}
}

// append gives the store what is read until ctx ends or the store fails.
func (s *session) append(ctx context.Context) error {
	for {
		batch, err := s.batch(ctx)
		if err != nil {
			return err
		}
		err = s.opts.Lines.Append(ctx, batch)
		if refused, ok := errors.AsType[*core.LogRefusal](err); ok {
			s.refused(ctx, refused)
		} else if err != nil {
			return err
		}
		s.taking.Store(true)
		s.wrote(batch)
		s.opts.Tap(batch)
	}
}

// wrote notes how far the store has come. A line whose time is still to come follows one from before the clock was set
// back, and so do those behind it, which the engine stamps with earlier times for that long: no time tells where they
// begin, so that the log is read from its first line again.
func (s *session) wrote(batch []core.LogRecord) {
	now := s.opts.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range batch {
		s.marks.keep(r.Instance, r.Time)
		if r.Time.After(now) {
			s.written[r.Instance] = time.Time{}
		} else if r.Time.After(s.written[r.Instance]) {
			s.written[r.Instance] = r.Time
		}
	}
}

// refused counts lines that the store never takes, and says so.
func (s *session) refused(ctx context.Context, r *core.LogRefusal) {
	s.opts.Log.Warn("the log store refuses lines for good", "error", r)
	s.dropped.Add(int64(len(r.Lines)))
	of := map[string]int{}
	for _, l := range r.Lines {
		of[l.AppID]++
	}
	for app, n := range of {
		if err := s.refusals.tell(ctx, app, n); err != nil {
			s.opts.Log.Debug("that lines were refused cannot be told yet", "app", app, "error", err)
		}
	}
}

// batch waits for lines, and a little longer for more of them.
func (s *session) batch(ctx context.Context) ([]core.LogRecord, error) {
	var batch []core.LogRecord
	var wait <-chan time.Time
	for size := 0; len(batch) < maxBatch && size < maxBatchLen; {
		select {
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		case <-wait:
			return batch, nil
		case r := <-s.lines:
			if batch == nil {
				wait = time.After(batchWait)
			}
			batch, size = append(batch, r), size+len(r.Line)
		}
	}
	return batch, nil
}

// note makes what the store took long enough ago the place to which the next session goes back. Errors: the store has
// started anew meanwhile.
func (s *session) note(ctx context.Context) error {
	epoch, err := s.opts.Lines.Epoch(ctx)
	if err != nil {
		return nil // whether it fails shows with the next lines
	}
	if epoch != s.epoch {
		return errEpoch
	}
	now := s.now()
	gone := func(id string, _ time.Time) bool { return s.readers[id] == nil } // a last line may come behind its reader
	s.marks.forget(gone)
	s.mu.Lock()
	maps.DeleteFunc(s.written, gone)
	if now.setBackSince(s.clock) {
		s.written.forget()
	}
	s.clock = now
	s.noted = append(s.noted, progress{maps.Clone(s.written), now})
	var settled progress
	for len(s.noted) > 0 && now.Elapsed-s.noted[0].Clock.Elapsed >= s.opts.Settle {
		settled = s.noted[0]
		s.noted = s.noted[1:]
	}
	s.mu.Unlock()
	maps.DeleteFunc(settled.At, gone)
	if err := s.durable.save(settled); err != nil {
		s.opts.Log.Warn("how far lines are kept cannot be noted; more is read again after the next start", "error", err)
	}
	return nil
}

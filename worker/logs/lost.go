package logs

import (
	"context"
	"errors"
	"sync"
	"time"

	"berth/core"
)

// marks are how far the logs of instances have come, each to the line of a time.
type marks struct {
	mu    sync.Mutex
	given positions // to the session
	kept  positions // in the store
}

func newMarks() *marks { return &marks{given: positions{}, kept: positions{}} }

// begin forgets what was given to the session before: it is given again.
func (m *marks) begin() {
	m.mu.Lock()
	defer m.mu.Unlock()
	clear(m.given)
}

func (m *marks) give(instance string, to time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.given[instance] = to
}

func (m *marks) keep(instance string, to time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if to.After(m.kept[instance]) {
		m.kept[instance] = to
	}
}

func (m *marks) get(instance string) (given, kept time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.given[instance], m.kept[instance]
}

// forget drops the instances that are gone.
func (m *marks) forget(gone func(id string, _ time.Time) bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, p := range []positions{m.given, m.kept} {
		for id, at := range p {
			if gone(id, at) {
				delete(p, id)
			}
		}
	}
}

// readPatience is how long a container that has ended is kept for its last lines.
const readPatience = 3 * time.Second

// AwaitRead waits until the log of an instance whose container has ended is kept, for a few seconds at most, so that the
// container can be removed. Lines that are lost with it then are counted and said.
func (c *Collector) AwaitRead(ctx context.Context, i core.Instance) {
	ctx = core.WithActor(ctx, core.System())
	patient, cancel := context.WithTimeout(ctx, readPatience)
	defer cancel()
	if done, ok := c.reading.Load(i.ID); ok {
		select {
		case <-done.(chan struct{}):
		case <-patient.Done():
		}
	}
	for patient.Err() == nil {
		n, _, err := c.behind(patient, i, c.keptTo(i.ID), 1)
		if patient.Err() == nil && (n == 0 || err != nil) {
			return
		}
		sleep(patient, leastWait)
	}
	if ctx.Err() == nil {
		c.sayLost(ctx, i)
	}
}

// sayLost says that lines are lost which no session has, or one whose store is away.
func (c *Collector) sayLost(ctx context.Context, i core.Instance) {
	patient, cancel := context.WithTimeout(ctx, readPatience)
	defer cancel()
	since := c.keptTo(i.ID)
	if _, ok := c.reading.Load(i.ID); ok && c.taking.Load() {
		given, _ := c.marks.get(i.ID)
		if _, err := c.opts.Lines.Epoch(patient); err == nil && given.After(since) {
			since = given // what waits in this process is not lost
		}
	}
	n, last, err := c.behind(ctx, i, since, 0)
	if err != nil {
		c.opts.Log.Debug("whether lines are lost cannot be seen", "instance", i.ID, "error", err)
	}
	if n == 0 {
		return
	}
	c.opts.Log.Warn("lines are lost: the log store was away until their instance was removed", "app", i.AppID, "instance", i.ID, "lines", n)
	c.marks.keep(i.ID, last) // lest they be counted again if the container stays
	c.dropped.Add(int64(n))
	if err := c.lost.tell(ctx, i.AppID, n); err != nil {
		c.opts.Log.Debug("that lines are lost cannot be told yet", "app", i.AppID, "error", err)
	}
}

// keptTo returns up to where the store has the lines of an instance: what this process saw, or else what was noted.
func (c *Collector) keptTo(instance string) time.Time {
	_, kept := c.marks.get(instance)
	if kept.IsZero() {
		kept = c.durable.of(instance)
	}
	return kept
}

var errEnough = errors.New("enough was seen")

// behind counts the lines of an instance behind that of a time, up to the given number if there is one, and returns the
// time of the last of them.
func (c *Collector) behind(ctx context.Context, i core.Instance, since time.Time, most int) (n int, last time.Time, err error) {
	err = c.opts.Source.read(ctx, i, core.LogQuery{Since: since}, func(l core.LogLine) error {
		n, last = n+1, l.Time
		if n == most {
			return errEnough
		}
		return nil
	})
	if errors.Is(err, errEnough) {
		err = nil
	}
	return n, last, err
}

package fake

import (
	"context"

	"berth/core"
)

// Logs calls f for each line of a container's log.
func (e *Engine) Logs(ctx context.Context, containerID string, q core.LogQuery, f func(core.LogLine) error) error {
	err := e.enter(ctx, "Logs")
	defer func() { e.mu.Unlock() }()
	if err != nil {
		return err
	}
	c, err := e.find(containerID)
	if err != nil {
		return err
	}
	from := 0
	if q.Tail > 0 {
		from = max(0, len(c.log)-q.Tail)
	}
	for {
		lines, running, changed := c.log[from:], c.state.Running, e.changed
		from = len(c.log)
		e.mu.Unlock()
		err := follow(ctx, lines, q, running, changed, f)
		e.mu.Lock()
		switch {
		case err != nil:
			return err
		case from == len(c.log) && (!q.Follow || !c.state.Running):
			return nil
		case e.down:
			return core.Errorf(core.EUNAVAILABLE, "error.engine_unavailable")
		}
	}
}

// follow hands out lines, then waits for more when there may be some.
func follow(ctx context.Context, lines []core.LogLine, q core.LogQuery, running bool, changed <-chan struct{},
	f func(core.LogLine) error) error {
	for _, l := range lines {
		if l.Time.After(q.Since) {
			if err := f(l); err != nil {
				return err
			}
		}
	}
	if !q.Follow || !running {
		return nil
	}
	select {
	case <-changed:
		return nil
	case <-ctx.Done():
		return core.Wrap(ctx.Err(), core.EUNAVAILABLE, "error.engine_unavailable")
	}
}

// write adds lines to a log; their times strictly ascend.
func (e *Engine) write(c *instance, stream string, lines ...string) {
	for _, line := range lines {
		at := e.now()
		if n := len(c.log); n > 0 && !at.After(c.log[n-1].Time) {
			at = c.log[n-1].Time.Add(1)
		}
		c.log = append(c.log, core.LogLine{Time: at, Stream: stream, Line: line})
	}
	e.wake()
}

package fake

import (
	"context"
	"time"

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
	var stamped time.Time // from when on lines are read, as a real engine has them: by its own stamps
	if !q.Since.After(e.now()) {
		stamped = q.Since.Add(-lookBack)
	}
	for {
		lines, running, changed := c.log[from:], c.state.Running, e.changed
		from = len(c.log)
		e.mu.Unlock()
		err := follow(ctx, lines, q, stamped, running, changed, f)
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

// lookBack is how far before Since an engine is asked, for lines that it stamped at the same moment.
const lookBack = 250 * time.Millisecond

// logLine is a line with the engine's stamp, which is earlier than its time once the clock was set back.
type logLine struct {
	core.LogLine
	stamp time.Time
}

// follow hands out lines, then waits for more when there may be some.
func follow(ctx context.Context, lines []logLine, q core.LogQuery, stamped time.Time, running bool, changed <-chan struct{},
	f func(core.LogLine) error) error {
	for _, l := range lines {
		if l.Time.After(q.Since) && !l.stamp.Before(stamped) {
			if err := f(l.LogLine); err != nil {
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
		now := e.now()
		at := now
		if n := len(c.log); n > 0 && !at.After(c.log[n-1].Time) {
			at = c.log[n-1].Time.Add(1)
		}
		c.log = append(c.log, logLine{core.LogLine{Time: at, Stream: stream, Line: line}, now})
	}
	e.wake()
}

package drain

import (
	"context"
	"sync"

	"berth/core"
)

// The most that waits for a server in memory. What is more is read from the store later.
const (
	maxQueued      = 4000
	maxQueuedBytes = 1 << 20
)

// instance is whose lines are read.
type instance struct{ app, id string }

// queue holds lines as they are collected, and names the instances of which some are missing in it.
type queue struct {
	ready chan struct{} // holds one

	mu     sync.Mutex
	lines  []core.LogRecord
	bytes  int
	behind map[instance]bool
}

func newQueue() *queue {
	return &queue{ready: make(chan struct{}, 1), behind: map[instance]bool{}}
}

// push adds a line. Where there is no room, its instance is behind from then on until it is caught up with.
func (q *queue) push(l core.LogRecord) {
	i := instance{l.AppID, l.Instance}
	q.mu.Lock()
	switch {
	case q.behind[i]:
	case len(q.lines) >= maxQueued || q.bytes+len(l.Line) > maxQueuedBytes:
		q.behind[i] = true
	default:
		q.lines, q.bytes = append(q.lines, l), q.bytes+len(l.Line)
	}
	q.mu.Unlock()
	q.wake()
}

// miss says that lines of an instance may be missing.
func (q *queue) miss(i instance) {
	q.mu.Lock()
	q.behind[i] = true
	q.mu.Unlock()
	q.wake()
}

func (q *queue) wake() {
	select {
	case q.ready <- struct{}{}:
	default:
	}
}

// take waits for lines and returns them; or an instance that is behind, once there are no lines. Lines of it that are
// pushed from then on are in the queue again.
func (q *queue) take(ctx context.Context) (lines []core.LogRecord, behind instance, err error) {
	for {
		q.mu.Lock()
		if len(q.lines) > 0 {
			n := min(len(q.lines), maxBatch)
			lines = append(lines, q.lines[:n]...)
			q.lines = append(q.lines[:0], q.lines[n:]...)
			for _, l := range lines {
				q.bytes -= len(l.Line)
			}
			q.mu.Unlock()
			return lines, instance{}, nil
		}
		for i := range q.behind {
			delete(q.behind, i)
			q.mu.Unlock()
			return nil, i, nil
		}
		q.mu.Unlock()
		select {
		case <-ctx.Done():
			return nil, instance{}, ctx.Err()
		case <-q.ready:
		}
	}
}

// idle reports whether nothing waits.
func (q *queue) idle() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.lines) == 0 && len(q.behind) == 0
}

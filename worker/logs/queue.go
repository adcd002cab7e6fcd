package logs

import (
	"sync"

	"berth/core"
)

// The most that waits for a reader. What is more pushes the oldest out.
const (
	maxQueued      = 1000
	maxQueuedBytes = 1 << 20
)

// queue holds lines for one reader. Writers never wait for it.
type queue struct {
	ready chan struct{} // holds one

	mu      sync.Mutex
	lines   []core.LogLine // a ring
	first   int
	count   int
	bytes   int
	dropped int // pushed out since the last line was taken
}

func newQueue() *queue {
	return &queue{ready: make(chan struct{}, 1), lines: make([]core.LogLine, maxQueued)}
}

// push adds a line, at the cost of the oldest if need be.
func (q *queue) push(l core.LogLine) error {
	q.mu.Lock()
	for q.count > 0 && (q.count == maxQueued || q.bytes+len(l.Line) > maxQueuedBytes) {
		q.shift()
		q.dropped++
	}
	q.lines[(q.first+q.count)%maxQueued] = l
	q.count++
	q.bytes += len(l.Line)
	q.mu.Unlock()
	select {
	case q.ready <- struct{}{}:
	default:
	}
	return nil
}

// pop takes the oldest line and notes on it how many were pushed out before it.
func (q *queue) pop() (l core.LogLine, ok bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.count == 0 {
		return core.LogLine{}, false
	}
	l = q.shift()
	l.Dropped, q.dropped = q.dropped, 0
	return l, true
}

func (q *queue) shift() core.LogLine {
	l := q.lines[q.first]
	q.lines[q.first] = core.LogLine{} // lets go of the text
	q.first = (q.first + 1) % maxQueued
	q.count--
	q.bytes -= len(l.Line)
	return l
}

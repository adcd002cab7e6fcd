package gateway

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"berth/core"
)

// AccessSink keeps the lines of the access log.
type AccessSink interface {
	// Write takes whole lines of an app, as core.ParseAccessLine reads them, and says how many more are lost because
	// too many came at once. The bytes are valid during the call only. One goroutine calls it.
	Write(appID string, lines []byte, lost int64)
}

const (
	accessEvery  = 500 * time.Millisecond // lines wait no longer than this for the sink
	accessBlocks = 8                      // of largeBuffer that may wait for it, of one app
	accessBytes  = 64 << 20               // that may wait for it, of all apps
)

// accessLog gathers the lines of all apps for the sink. A request appends to a buffer of its app alone; a goroutine
// takes full ones away, and all of them from time to time. When the sink is too slow, lines are lost, never requests.
type accessLog struct {
	sink    AccessSink // nil keeps nothing
	waiting atomic.Int64
	full    chan struct{} // holds one

	mu    sync.Mutex
	dirty []*app // have lines
}

// accessBuffer is the part of one app.
type accessBuffer struct {
	mu     sync.Mutex
	lines  []byte // nil while there are none
	blocks [][]byte
	last   int64 // time of the last line
	lost   int64
}

func newAccessLog(sink AccessSink) *accessLog {
	return &accessLog{sink: sink, full: make(chan struct{}, 1)}
}

// append writes the line of an exchange.
func (l *accessLog) append(a *app, t *tally, now time.Time) {
	b := &a.access
	b.mu.Lock()
	defer b.mu.Unlock()
	if cap(b.lines)-len(b.lines) < maxLine && !l.room(a) {
		b.lost++
		return
	}
	b.last = max(b.last, now.UnixMicro())
	b.lines = t.note.append(b.lines, t, b.last, now.Sub(t.begun))
}

// room gives an app a buffer: a small one first, large ones when it is busy. mu of the buffer is held.
func (l *accessLog) room(a *app) bool {
	b, size := &a.access, largeBuffer
	if b.lines == nil && len(b.blocks) == 0 {
		size = smallBuffer
	}
	if len(b.blocks) >= accessBlocks || l.waiting.Load() >= accessBytes {
		l.kick()
		return false
	}
	if b.lines == nil && len(b.blocks) == 0 {
		l.mu.Lock()
		l.dirty = append(l.dirty, a)
		l.mu.Unlock()
	}
	if b.lines != nil {
		b.blocks = append(b.blocks, b.lines)
		l.kick()
	}
	b.lines = getBuffer(size)[:0]
	l.waiting.Add(int64(size))
	return true
}

func (l *accessLog) kick() {
	select {
	case l.full <- struct{}{}:
	default:
	}
}

// run passes lines to the sink until ctx ends.
func (l *accessLog) run(ctx context.Context) {
	if l.sink == nil {
		return
	}
	ticker := time.NewTicker(accessEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		case <-l.full:
		}
		l.flush()
	}
}

// flush passes all lines to the sink.
func (l *accessLog) flush() {
	l.mu.Lock()
	dirty := l.dirty
	l.dirty = nil
	l.mu.Unlock()
	for _, a := range dirty {
		blocks, lost := a.access.take()
		for _, b := range blocks {
			l.sink.Write(a.id, b, lost)
			lost = 0
			l.waiting.Add(-int64(cap(b)))
			putBuffer(b)
		}
		runtime.Gosched() // requests go first
	}
}

func (b *accessBuffer) take() (blocks [][]byte, lost int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	blocks, lost = append(b.blocks, b.lines), b.lost
	b.blocks, b.lines, b.lost = nil, nil, 0
	return blocks, lost
}

// Failures returns the last requests of an app that failed, oldest first, as many as are kept.
func (g *Gateway) Failures(appID string) []core.FailedRequest {
	a := g.table.app(appID)
	if a == nil {
		return nil
	}
	a.traffic.mu.Lock()
	defer a.traffic.mu.Unlock()
	return a.traffic.lastFailures()
}

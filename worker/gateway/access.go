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
	accessSoon   = 500 * time.Millisecond // the first line of an app waits no longer than this for the sink
	accessLate   = 2 * time.Second        // those of an app that is busy: fewer and larger writes take less
	accessEarly  = 1 * time.Second        // they may go after this, some at each look, so that not all go at once
	accessPause  = 20 * time.Millisecond  // between two looks at what is due
	accessBlocks = 8                      // of largeBuffer that may wait for the sink, of one app
	accessBytes  = 64 << 20               // that may wait for it, of all apps
)

// accessLog gathers the lines of all apps for the sink. A request appends to a buffer of its app alone; a goroutine
// takes away what is full or has waited long enough, an app at a time, so that no request waits for many. When the
// sink is too slow, lines are lost, never requests.
type accessLog struct {
	sink    AccessSink // nil keeps nothing
	waiting atomic.Int64
	wake    chan struct{} // holds one

	mu         sync.Mutex
	full       []*app // have a block that is full
	soon, late []due  // have lines, in the order of their time
}

// due is an app whose lines go to the sink at a time.
type due struct {
	app *app
	at  time.Time
}

// accessBuffer is the part of one app.
type accessBuffer struct {
	mu     sync.Mutex
	lines  []byte // nil while there are none
	blocks [][]byte
	last   int64 // time of the last line
	lost   int64
	listed bool      // among those that are due
	filled bool      // among those that have a full block
	taken  time.Time // when its lines last went
}

func newAccessLog(sink AccessSink) *accessLog {
	return &accessLog{sink: sink, wake: make(chan struct{}, 1)}
}

// append writes the line of an exchange.
func (l *accessLog) append(a *app, t *tally, now time.Time) {
	b := &a.access
	b.mu.Lock()
	defer b.mu.Unlock()
	if cap(b.lines)-len(b.lines) < maxLine && !l.room(a, now) {
		b.lost++
		return
	}
	b.last = max(b.last, now.UnixMicro())
	b.lines = t.note.append(b.lines, t, b.last, now.Sub(t.begun))
}

// room gives an app a buffer: a small one first, large ones when it is busy. mu of the buffer is held.
func (l *accessLog) room(a *app, now time.Time) bool {
	b, size := &a.access, largeBuffer
	if b.lines == nil && len(b.blocks) == 0 {
		size = smallBuffer
	}
	if len(b.blocks) >= accessBlocks || l.waiting.Load() >= accessBytes {
		return false
	}
	if !b.listed {
		b.listed = true
		l.list(a, now, now.Sub(b.taken) < accessLate+accessSoon)
	}
	if b.lines != nil {
		b.blocks = append(b.blocks, b.lines)
		if !b.filled {
			b.filled = true
			l.filled(a)
		}
	}
	b.lines = getBuffer(size)[:0]
	l.waiting.Add(int64(size))
	return true
}

func (l *accessLog) list(a *app, now time.Time, busy bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.soon)+len(l.late) == 0 {
		l.kick()
	}
	if busy {
		l.late = append(l.late, due{a, now.Add(accessLate)})
	} else {
		l.soon = append(l.soon, due{a, now.Add(accessSoon)})
	}
}

func (l *accessLog) filled(a *app) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.full = append(l.full, a)
	l.kick()
}

func (l *accessLog) kick() {
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// run passes lines to the sink until ctx ends.
func (l *accessLog) run(ctx context.Context) {
	if l.sink == nil {
		return
	}
	timer := time.NewTimer(accessPause)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		case <-l.wake:
		}
		if l.flush(time.Now()) {
			timer.Reset(accessPause)
		}
	}
}

// flush passes the lines that are due to the sink, and reports whether others wait.
func (l *accessLog) flush(now time.Time) bool {
	for early := l.share(); ; early-- {
		a, listed := l.next(now, early > 0)
		if a == nil {
			return listed
		}
		blocks, lost := a.access.take(now, listed)
		for _, b := range blocks {
			l.sink.Write(a.id, b, lost)
			lost = 0
			l.waiting.Add(-int64(cap(b)))
			putBuffer(b)
		}
		runtime.Gosched() // requests go first
	}
}

// share is how many may go early at one look, if all are to have gone by the time that they are due.
func (l *accessLog) share() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.late)/int((accessLate-accessEarly)/accessPause) + 1
}

// next returns an app whose lines are due, or nearly so if early, and whether it was listed for that; or nil, and
// whether others are listed.
func (l *accessLog) next(now time.Time, early bool) (a *app, listed bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if a := take(&l.soon, now); a != nil {
		return a, true
	}
	if a := take(&l.late, now); a != nil {
		return a, true
	}
	if n := len(l.full); n > 0 {
		a, l.full = l.full[0], l.full[1:]
		return a, false
	}
	if early {
		now = now.Add(accessLate - accessEarly)
	}
	if a := take(&l.late, now); a != nil {
		return a, true
	}
	return nil, len(l.soon)+len(l.late) > 0
}

// take takes the first app out of a queue if it is due.
func take(queue *[]due, now time.Time) *app {
	q := *queue
	if len(q) == 0 || q[0].at.After(now) {
		return nil
	}
	*queue = q[1:]
	return q[0].app
}

func (b *accessBuffer) take(now time.Time, listed bool) (blocks [][]byte, lost int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.lines != nil {
		b.blocks = append(b.blocks, b.lines)
	}
	blocks = b.blocks
	if len(blocks) > 0 { // else nobody would be told
		lost, b.lost = b.lost, 0
	}
	b.blocks, b.lines, b.taken = nil, nil, now
	if listed {
		b.listed = false
	} else {
		b.filled = false
	}
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

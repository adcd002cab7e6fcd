package gateway

import (
	"net"
	"os"
	"sync/atomic"
	"time"
)

// side is one of a link's two directions.
type side struct {
	link    *link
	task    *task // that waits here; nil when a goroutine does
	waiting atomic.Bool
	ready   atomic.Bool                   // it may have become ready since the last try
	ended   atomic.Bool                   // by the other end: whatever is tried does not wait
	signal  atomic.Pointer[chan struct{}] // by which a goroutine is told; made when it first waits
	by      atomic.Int64                  // the deadline, since epoch; 0 for none

	due   int64 // when the loop looks whether it is late
	place int   // in the loop's agenda, from 1; 0 when it is not there
}

// epoch is what deadlines are counted from.
var epoch = time.Now()

func (s *side) give(t *task) { s.task = t }

// wake has whoever waits look again. The loop calls it.
func (s *side) wake() {
	s.ready.Store(true)
	s.look()
}

func (s *side) look() {
	if s.task != nil {
		if s.waiting.Load() {
			s.waiting.Store(false)
			s.task.resume()
		}
		return
	}
	if signal := s.signal.Load(); signal != nil {
		select {
		case *signal <- struct{}{}:
		default:
		}
	}
}

// await returns when it is worth to try. Errors: net.ErrClosed, os.ErrDeadlineExceeded.
func (s *side) await() error {
	for {
		switch {
		case s.link.closed.Load():
			return net.ErrClosed
		case s.late():
			return os.ErrDeadlineExceeded
		case s.ready.Load() || s.ended.Load():
			return nil
		case s.task != nil:
			s.pause()
		default:
			s.block()
		}
	}
}

// pause has the task wait. Who moves the deadline meanwhile sees that it does.
func (s *side) pause() {
	s.waiting.Store(true)
	if by := s.by.Load(); by != 0 {
		s.link.loop.agenda.put(s, by)
	}
	s.task.pause()
}

// block has a goroutine wait.
func (s *side) block() {
	signal := s.signal.Load()
	if signal == nil { // and then look once more: it may have become ready meanwhile
		made := make(chan struct{}, 1)
		s.signal.Store(&made)
		return
	}
	s.waiting.Store(true)
	defer s.waiting.Store(false)
	by := s.by.Load()
	if by == 0 {
		<-*signal
		return
	}
	timer := time.NewTimer(time.Duration(by) - time.Since(epoch))
	defer timer.Stop()
	select {
	case <-*signal:
	case <-timer.C:
	}
}

func (s *side) late() bool {
	by := s.by.Load()
	return by != 0 && int64(s.task.clock().Sub(epoch)) >= by
}

func (s *side) deadline(t time.Time) error {
	if s.link.closed.Load() {
		return net.ErrClosed
	}
	by := int64(0)
	if !t.IsZero() {
		by = max(1, int64(t.Sub(epoch)))
	}
	s.by.Store(by)
	if s.waiting.Load() {
		s.link.loop.post(s.moved)
	}
	return nil
}

// moved looks at a deadline that has been moved. The loop calls it.
func (s *side) moved() {
	by := s.by.Load()
	switch {
	case s.task == nil || by == 0 || by <= int64(time.Since(epoch)):
		s.look()
	case s.waiting.Load():
		s.link.loop.agenda.put(s, by)
	}
}

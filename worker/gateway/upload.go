package gateway

import (
	"errors"
	"fmt"
	"net"
	"sync/atomic"
	"time"
)

// upload passes a request's body on beside the response: an instance may answer before it has read all of it.
type upload struct {
	body    body
	limit   time.Duration
	began   time.Time     // zero for a body that may take as long as it likes
	running bool          // until it is seen to be over
	done    chan struct{} // holds one

	stopped  atomic.Bool // nobody wants the rest
	answered atomic.Bool // the response has begun
	// Set by the goroutine that passes the body on.
	complete bool
	ended    time.Time             // when the whole of a body was passed on that did not come with the head
	fault    atomic.Pointer[error] // the client's
}

// beginUpload adds a body that has come with the head to what is sent at first.
func (c *conn) beginUpload() {
	u := &c.upload
	u.running, u.body.seen, u.ended = false, 0, time.Time{}
	if u.fault.Load() != nil { // of an exchange before, on a stream that is used again
		u.fault.Store(nil)
	}
	if u.complete {
		return
	}
	u.body.begin(c.req.framing, c.req.length, true)
	u.body.most = c.maxBody()
	if content, ok := u.body.whole(c.in.bytes()); ok {
		c.forward = append(c.forward, content...)
		c.in.skip(len(content))
		u.body.seen = int64(len(content))
		u.complete = true
	}
}

// startUpload passes the rest of the body on in the background.
func (c *conn) startUpload(up *upstream) {
	u := &c.upload
	if u.complete {
		return
	}
	if u.done == nil {
		u.done = make(chan struct{}, 1)
	}
	u.limit, u.began = c.Timeouts.Body, time.Time{}
	if !c.speaksHTTP2() { // its messages come when there is something to tell
		u.began = time.Now()
	}
	u.answered.Store(false)
	u.running = true
	u.stopped.Store(false)
	if c.task != nil {
		c.lend(up, nil)
	}
	go c.passBody(up)
}

// lend has a goroutine wait for the client's request and to write to the instance, or the task again.
func (c *conn) lend(up *upstream, t *task) {
	if c.link != nil {
		c.link.in.give(t)
	}
	if up.link != nil {
		up.link.out.give(t)
	}
}

func (c *conn) passBody(up *upstream) {
	u := &c.upload
	defer func() {
		if p := recover(); p != nil {
			u.accuse(up, fmt.Errorf("gateway panicked: %v", p))
		}
		u.done <- struct{}{}
	}()
	read, write := relay(&up.out, &c.in, &u.body, c.req.framing == byChunks, u)
	if u.complete = read == nil && write == nil; u.complete {
		u.ended = time.Now()
	}
	if read != nil && !u.stopped.Load() {
		u.accuse(up, read)
	}
}

// accuse notes what the client did wrong and ends the wait for the response.
func (u *upload) accuse(up *upstream, err error) {
	switch {
	case isTimeout(err):
		err = refuseSlow
	case err == errLarge:
		err = refuseLarge
	case errors.Is(err, errMalformed), errors.Is(err, errTooMany), errors.Is(err, errFull):
		err = refusalOf(err)
	default:
		err = errGone
	}
	u.fault.Store(&err)
	up.conn.Close()
}

// blame returns what the client did wrong, if that is why the instance's connection ended, else err.
func (u *upload) blame(err error) error {
	if f := u.fault.Load(); f != nil && errors.Is(err, net.ErrClosed) {
		return *f
	}
	return err
}

// leastRate is how many bytes of a body a client has to send a second while an instance waits for them, on the average
// and with Timeouts.Body on top: else a few bytes now and then would hold the instance for as long as the client likes.
const leastRate = 500

// wait implements waiter.
func (u *upload) wait(src *source) error {
	if u.began.IsZero() || u.answered.Load() {
		return src.fill(u.limit)
	}
	earned := time.Duration(u.body.seen/leastRate) * time.Second
	limit := max(0, min(u.limit, u.limit+earned-time.Since(u.began)))
	err := src.fill(limit)
	if isTimeout(err) && u.answered.Load() && !u.stopped.Load() {
		err = src.fill(u.limit - limit)
	}
	return err
}

// over reports whether nothing more of the body is passed on: the client's side of the connection is the task's again
// to look at.
func (u *upload) over() bool {
	if u.running {
		select {
		case <-u.done:
			u.running = false
		default:
		}
	}
	return !u.running
}

// overdue reports whether an answer that has not come within limit is the instance's fault: it had all that it takes
// for half of the time, or did not take it.
func (u *upload) overdue(limit time.Duration) bool {
	return u.over() && u.fault.Load() == nil && (u.ended.IsZero() || time.Since(u.ended) >= limit/2)
}

// uploaded reports whether the whole body is passed on, with a moment's patience: the response to it may be faster
// than the goroutine that has just sent the end.
func (c *conn) uploaded() bool {
	u := &c.upload
	if !u.over() {
		c.task.await(func() { u.running = !within(u.done, time.Millisecond) })
	}
	return !u.running && u.complete
}

// stopEvery is how often one who passes a body on is told to stop: what is told just before a wait begins is lost, as
// that sets a deadline of its own.
const stopEvery = 10 * time.Millisecond

// endUpload stops passing the body on, and reports whether the whole of it went.
func (c *conn) endUpload(up *upstream) bool {
	u := &c.upload
	if !u.over() {
		u.stopped.Store(true)
		c.task.await(func() {
			for ended := false; !ended; ended = within(u.done, stopEvery) {
				c.net.SetReadDeadline(longAgo)
				up.conn.SetWriteDeadline(longAgo)
			}
		})
		c.in.by, up.out.by = time.Time{}, time.Time{}
		u.running = false
	}
	if c.task != nil {
		c.lend(up, c.task)
	}
	return u.complete
}

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
	running bool
	done    chan struct{} // holds one

	stopped atomic.Bool // nobody wants the rest
	// Set by the goroutine that passes the body on.
	complete bool
	fault    atomic.Pointer[error] // the client's
}

// beginUpload adds a body that has come with the head to what is sent at first.
func (c *conn) beginUpload() {
	u := &c.upload
	u.running, u.body.seen = false, 0
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
	u.limit = c.Timeouts.Body
	u.running = true
	u.stopped.Store(false)
	u.fault.Store(nil)
	go c.passBody(up)
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
	u.complete = read == nil && write == nil
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
	if f := u.fault.Load(); f != nil && u.running && errors.Is(err, net.ErrClosed) {
		return *f
	}
	return err
}

// wait implements waiter.
func (u *upload) wait(src *source) error { return src.fill(u.limit) }

// uploaded reports whether the whole body is passed on, with a moment's patience: the response to it may be faster
// than the goroutine that has just sent the end.
func (c *conn) uploaded() bool {
	u := &c.upload
	if u.running && within(u.done, time.Millisecond) {
		u.running = false
	}
	return !u.running && u.complete
}

// endUpload stops passing the body on, and reports whether the whole of it went.
func (c *conn) endUpload(up *upstream) bool {
	u := &c.upload
	if u.running {
		u.stopped.Store(true)
		select {
		case <-u.done:
		default:
			c.net.SetReadDeadline(longAgo)
			up.conn.SetWriteDeadline(longAgo)
			<-u.done
		}
		c.in.by = time.Time{}
		u.running = false
	}
	return u.complete
}

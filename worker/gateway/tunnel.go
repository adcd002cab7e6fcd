package gateway

import (
	"sync/atomic"
	"time"
)

// tunnel carries a WebSocket. Two goroutines copy, one each way; when the gateway stops, the client is told between
// two frames, and its answer ends the instance's side.
type tunnel struct {
	c      *conn
	up     *upstream
	frames frames
	told   bool         // the client has been told to go away, or by the instance: nothing follows for it
	active atomic.Int64 // when the last byte passed, Unix nanoseconds
	ending atomic.Bool  // one side has ended

	sent     body  // by the client
	received int64 // by the client, bytes
}

// farewell is how long the other side may go on when one has ended.
const farewell = 2 * time.Second

// switchTo makes the connection a tunnel. It begins when the exchange has returned: what that needs of the stack would
// be held for as long as the tunnel lasts.
func (c *conn) switchTo(up *upstream) {
	c.tunnels.Add(1)
	c.state.Store(connStream)
	c.tally.switched(c.res.status)
	c.appendSwitch(up.in.bytes())
	up.in.skip(c.res.pos)
	c.tunnel = &tunnel{c: c, up: up, sent: body{framing: byClose}}
}

// carry copies until both sides have ended.
func (t *tunnel) carry() {
	c, up := t.c, t.up
	defer c.tunnels.Add(-1)
	defer c.ended()
	c.forward, c.text, c.req.fields, c.res.fields = nil, nil, nil, nil
	t.touch()
	done := make(chan struct{})
	go t.fromClient(done)
	t.toClient()
	t.ending.Store(true)
	closeWrite(c.net)
	c.net.SetReadDeadline(time.Now().Add(farewell))
	up.conn.SetWriteDeadline(time.Now().Add(farewell))
	<-done
	c.drop(up)
	c.tally.in, c.tally.out = t.sent.seen, t.received
}

func (c *conn) appendSwitch(b []byte) {
	out := append(append(c.out.room(), "HTTP/1.1 "...), c.res.reason.of(b)...)
	out = c.res.appendFields(append(out, crlf...), b, passesToClient)
	c.out.out = append(out, "Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n"...)
}

func (t *tunnel) touch() { t.active.Store(time.Now().UnixNano()) }

// fromClient copies until the client's side ends.
func (t *tunnel) fromClient(done chan<- struct{}) {
	defer close(done)
	defer t.c.recovered()
	relay(&t.up.out, &t.c.in, &t.sent, false, t)
	closeWrite(t.up.conn)
	t.ending.Store(true)
	t.up.conn.SetReadDeadline(time.Now().Add(farewell))
}

// wait implements waiter for the client's side.
func (t *tunnel) wait(src *source) error { return t.fill(src, &t.up.out) }

// toClient copies until the instance's side ends, or nothing passes either way for too long.
func (t *tunnel) toClient() {
	src := &t.up.in
	for t.pass(src.bytes()) == nil {
		t.received += int64(src.buffered())
		src.skip(src.buffered())
		if err := t.fill(src, &t.c.out); err != nil && err != errDraining {
			return
		}
	}
}

// fill waits for bytes from one side. A tunnel that rests holds as little memory as it can, and ends when nothing has
// passed either way for too long. errDraining asks to look whether the client has been told.
func (t *tunnel) fill(src *source, dst *sink) error {
	wait, limit := src.fill, min(restAfter, tick, t.c.silence())
	for {
		err := wait(limit)
		switch {
		case err == nil:
			t.touch()
			return nil
		case !isTimeout(err) || t.ending.Load() || time.Since(time.Unix(0, t.active.Load())) >= t.c.silence():
			return err
		case src == &t.up.in && t.c.draining.Load() && !t.told:
			return errDraining
		}
		dst.rest()
		wait, limit = src.ready, min(tick, t.c.silence())
	}
}

// pass passes bytes of the instance on, and the gateway's farewell when it is time.
func (t *tunnel) pass(p []byte) error {
	leaving := t.c.draining.Load()
	for !t.told {
		if leaving && t.frames.between() && !t.frames.closed {
			t.told = true
			if err := t.c.out.raw(goingAway); err != nil {
				return err
			}
			break
		}
		if len(p) == 0 {
			break
		}
		n := t.frames.advance(p, leaving)
		if err := t.c.out.raw(p[:n]); err != nil {
			return err
		}
		p = p[n:]
	}
	return t.c.out.flush()
}

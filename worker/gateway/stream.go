package gateway

import (
	"context"
	"net"
	"net/http"
	"time"
)

// stream is an HTTP/2 stream that looks like an HTTP/1.1 connection with one request: its head as text, its body in
// chunks when the length is not known (streamin), and the response turned back (streamout). It implements net.Conn
// for a conn of its own.
type stream struct {
	conn    *conn
	spoilt  bool // the exchange panicked: something may still use it
	w       streamWriter
	r       *http.Request
	request streamIn
	streamOut
}

// streamWriter is what http2 gives its handlers.
type streamWriter interface {
	http.ResponseWriter
	FlushError() error
	SetReadDeadline(time.Time) error
	SetWriteDeadline(time.Time) error
}

func newStream(master *conn) *stream {
	x := &stream{}
	x.conn = &conn{Gateway: master.Gateway, net: x, peer: master.peer, server: master.server}
	x.conn.out = sink{conn: x, limit: master.Timeouts.Body, push: x.push}
	return x
}

// exchange carries a request and its response, and reports whether all of the response is passed on.
func (x *stream) exchange(w http.ResponseWriter, r *http.Request) bool {
	x.w, x.r = w.(streamWriter), r
	defer x.recovered()
	c := x.conn
	c.state.Store(connBusy)
	c.in, c.out.by = source{conn: x}, time.Time{}
	c.req.reset()
	if err := x.takeHead(); err != nil {
		c.refuse(err)
		return x.whole
	}
	stop := context.AfterFunc(r.Context(), c.rouse)
	c.exchange()
	stop()
	return x.whole
}

func (x *stream) recovered() {
	if p := recover(); p != nil {
		x.spoilt = true
		x.conn.panicked(p)
	}
}

// takeHead parses the request's head as that of an HTTP/1.1 request, with all the same checks.
func (x *stream) takeHead() *refusal {
	in := &x.conn.in
	in.buf = getBuffer(headBuffer(x.r))
	head, refused := appendStreamHead(in.buf[:0], x.r)
	if refused == nil && len(head) > len(in.buf) {
		refused = refuseHead
	}
	if refused != nil {
		return refused
	}
	in.w = len(head)
	x.request.begin(x.r)
	err := x.conn.req.parse(head)
	if r, ok := err.(*refusal); ok {
		return r
	}
	if err != nil { // it does not end where it should
		return refuseMalformed
	}
	return nil
}

// rouse ends the wait for an instance when the client has given the stream up. It may come so late that the stream
// serves another request, which waits on.
func (c *conn) rouse() {
	if up := c.up.Load(); up != nil {
		up.conn.SetReadDeadline(longAgo)
	}
}

// gone reports whether the client has given the stream up.
func (x *stream) gone() bool { return x.r.Context().Err() != nil }

// rest prepares for another exchange.
func (x *stream) rest() {
	c := x.conn
	c.in.rest(true)
	c.out.rest()
	if cap(c.forward) > smallBuffer {
		c.forward = nil
	}
	fields, trailer, left := x.res.fields[:0], x.content.chunks.trailer.fields[:0], x.left[:0]
	*x = stream{conn: c}
	x.res.fields, x.content.chunks.trailer.fields, x.left = fields, trailer, left
}

// Read implements net.Conn.
func (x *stream) Read(p []byte) (int, error) { return x.request.read(p) }

// Close implements net.Conn. The stream ends when its handler returns.
func (x *stream) Close() error { return nil }

// LocalAddr implements net.Conn.
func (x *stream) LocalAddr() net.Addr { return nil }

// RemoteAddr implements net.Conn.
func (x *stream) RemoteAddr() net.Addr { return nil }

// SetDeadline implements net.Conn.
func (x *stream) SetDeadline(t time.Time) error {
	x.SetReadDeadline(t)
	return x.SetWriteDeadline(t)
}

// SetReadDeadline implements net.Conn. A request without a body is not waited for.
func (x *stream) SetReadDeadline(t time.Time) error {
	if x.r.ContentLength == 0 {
		return nil
	}
	return x.w.SetReadDeadline(t)
}

// SetWriteDeadline implements net.Conn. It comes into force with what is written next.
func (x *stream) SetWriteDeadline(t time.Time) error {
	x.by, x.armed = t, false
	return nil
}

package gateway

import (
	"bytes"
	"strconv"
)

// reply relays the response, whose head is parsed. It reports whether another exchange may follow.
func (c *conn) reply(r *route, up *upstream) bool {
	if c.res.status == 101 {
		if c.req.upgrade {
			c.switchTo(up)
			return false
		}
		c.drop(up)
		return c.fail(r, errBadResponse)
	}
	c.tally.answered(c.res.status)
	c.upload.answered.Store(true)
	inChunks := !c.req.old && (c.res.framing == byChunks || c.res.framing == byClose)
	if c.squeezes = c.wish.gzip && c.compressible(up.in.bytes()); c.squeezes {
		inChunks = true
	}
	unmarked := c.req.old && (c.res.framing == byChunks || c.res.framing == byClose)
	// After an upgrade that was refused, bytes may follow that are no request.
	closes := c.closes() || !c.uploaded() || c.req.upgrade || unmarked
	c.appendHead(up.in.bytes(), inChunks, closes)
	up.in.skip(c.res.pos)
	c.content.begin(c.res.framing, c.res.length, false)
	c.limit = c.silence()
	read, write := c.relay(up, inChunks)
	if read == errDraining {
		read, write = nil, endRelay(&c.out, &up.in, &body{}, inChunks, 0)
		closes, c.res.close = true, true
	}
	switch {
	case write != nil || isClients(read):
		c.drop(up)
		return false
	case read != nil:
		return c.breakOff(r, up, read)
	}
	return c.finish(up, closes)
}

// finish keeps the connection to the instance if the exchange left it clean.
func (c *conn) finish(up *upstream, closes bool) bool {
	c.noteWell(up.instance)
	whole := c.endUpload(up)
	if whole && !c.res.close && !c.req.upgrade && up.in.buffered() == 0 {
		c.keep(up)
	} else {
		c.drop(up)
	}
	c.linger = closes && !(c.req.close && whole)
	return !closes && whole
}

// breakOff ends a response in the middle, so that the client sees that it is not whole.
func (c *conn) breakOff(r *route, up *upstream, err error) bool {
	c.tally.failed(err)
	c.noteFailure(up.instance)
	c.Log.Debug("response broke off", "app", r.app.id, "address", up.instance.Address.Address, "err", err)
	c.drop(up)
	c.out.flush()
	if t, ok := socketOf(c.net).(interface{ SetLinger(int) error }); ok && c.req.old {
		t.SetLinger(0) // nothing but a reset tells an end from an end
		socketOf(c.net).Close()
	}
	return false
}

// appendHead writes the head of the response as the client gets it; b is what it was parsed from.
func (c *conn) appendHead(b []byte, inChunks, closes bool) {
	r := &c.res
	out := append(append(c.out.room(), "HTTP/1.1 "...), r.reason.of(b)...)
	if out = append(out, crlf...); c.rules == nil {
		out = r.appendFields(out, b, passesToClient)
	} else {
		out = c.appendRuled(out, b)
	}
	switch {
	case inChunks:
		out = append(out, "Transfer-Encoding: chunked\r\n"...)
		c.checkEndless(b)
	case r.sized && r.status != 204:
		out = strconv.AppendInt(append(out, "Content-Length: "...), r.length, 10)
		out = append(out, crlf...)
	}
	c.out.out = append(append(out, c.connectionLine(closes)...), crlf...)
}

// checkEndless finds out whether the response is a stream of events. One whose client connects again by itself ends
// when the gateway stops.
func (c *conn) checkEndless(b []byte) {
	for _, f := range c.res.fields {
		if bytes.EqualFold(f.name.of(b), contentType) && bytes.HasPrefix(f.value.of(b), eventStream) {
			c.endless = true
			c.state.Store(connStream)
		}
	}
}

// passInterim passes a response such as 100 Continue or 103 Early Hints on and prepares for the next.
func (c *conn) passInterim(up *upstream) error {
	b := up.in.bytes()
	if !c.req.old {
		out := append(append(c.out.room(), "HTTP/1.1 "...), c.res.reason.of(b)...)
		out = c.res.appendFields(append(out, crlf...), b, passesToClient)
		c.out.out = append(out, crlf...)
		if err := c.out.flush(); err != nil {
			return errGone
		}
	}
	up.in.skip(c.res.pos)
	c.res.reset()
	return nil
}

var (
	contentType = []byte("Content-Type")
	eventStream = []byte("text/event-stream")
)

package gateway

import (
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"net/netip"
	"runtime/debug"
	"sync/atomic"
	"time"
)

// conn is a client's connection and the exchange that is under way on it.
type conn struct {
	*Gateway
	net     net.Conn
	in      source
	out     sink
	socket  socket
	link    *link // the socket, once a loop has it; nil for a stream
	task    *task // that serves it; nil while a goroutine does
	peer    peer
	server  string // the name that a secure connection was made for
	state   atomic.Int32
	session atomic.Pointer[session]  // of HTTP/2, whose streams have conns of their own
	up      atomic.Pointer[upstream] // of the exchange under way
	linger  bool                     // more may come that nobody reads: let the last response arrive all the same

	req       request
	route     *route   // that the request takes
	rules     *ruleset // of the app that serves the request; nil for none
	wish      wish
	squeezes  bool      // the response is compressed
	charged   *instance // has the request on its account, since chargedAt
	chargedAt time.Time
	text      []byte // the head of the request, while rules ask for fields
	forward   []byte // the head as the instance gets it, and a short body
	domain    [maxDomain]byte
	lang      string
	upload    upload
	res       response
	content   body          // of the response
	limit     time.Duration // of waiting for the instance
	endless   bool          // the response ends when the gateway stops
	tally     tally         // of the exchange under way
	tunnel    *tunnel       // that follows the last exchange; nil for none
}

// What a connection is doing.
const (
	connIdle   = iota // waits for a request
	connBusy          // is in an exchange
	connStream        // is in one that may last: a WebSocket, or server-sent events
)

func newConn(g *Gateway, nc net.Conn, secure bool) *conn {
	from := peerOf(nc.RemoteAddr())
	if secure {
		from.proto = "https"
		nc = tls.Server(&socketBelow{nc}, g.tls)
	}
	return &conn{Gateway: g, net: nc, peer: from, in: source{conn: nc},
		out: sink{conn: nc, limit: g.Timeouts.Body, records: secure}}
}

func peerOf(a net.Addr) peer {
	p := peer{address: "unknown", node: "unknown", proto: "http"}
	if at, err := netip.ParseAddrPort(a.String()); err == nil {
		ip := at.Addr().Unmap().WithZone("")
		p.ip, p.address, p.node = ip, ip.String(), ip.String()
		if ip.Is6() {
			p.node = `"[` + p.node + `]"`
		}
	}
	return p
}

// next carries one exchange and reports whether another may follow.
func (c *conn) next() bool {
	err := c.readHead()
	if r, ok := err.(*refusal); ok {
		return c.refuse(r)
	}
	return err == nil && c.exchange()
}

// recovered keeps a fault of the gateway to the connection on which it shows. Its buffers are not given back: another
// goroutine may still use them.
func (c *conn) recovered() {
	if p := recover(); p != nil {
		c.panicked(p)
	}
}

func (c *conn) panicked(p any) {
	c.Log.Error("gateway panicked", "panic", p, "stack", string(debug.Stack()))
	c.cut()
}

func (c *conn) end() {
	if c.linger {
		c.lingerOn()
	}
	c.net.Close()
	c.in.rest(true)
	c.out.rest()
}

// lingerOn ends the connection for writing and reads on for a moment: closing it with bytes unread would reset it,
// and the client would not get the response.
func (c *conn) lingerOn() {
	w, ok := c.net.(interface{ CloseWrite() error })
	if !ok || w.CloseWrite() != nil {
		return
	}
	c.net.SetReadDeadline(time.Now().Add(lingerTime))
	io.CopyN(io.Discard, c.net, lingerBytes)
}

const (
	lingerTime  = time.Second
	lingerBytes = 1 << 20
)

// readHead waits for a request and parses its head. Errors: a *refusal; any other means that there is none.
func (c *conn) readHead() error {
	c.req.reset()
	if c.in.buffered() == 0 {
		if err := c.awaitRequest(); err != nil {
			return err
		}
	}
	err := c.req.parse(c.in.bytes())
	if err != errMore {
		return err
	}
	return c.readSlowHead(time.Now().Add(c.Timeouts.Head))
}

func (c *conn) readSlowHead(deadline time.Time) error {
	c.in.by = time.Time{}
	for {
		err := c.in.fill(time.Until(deadline))
		switch {
		case err == errFull && !c.req.begun:
			return refuseTarget
		case err == errFull:
			return refuseHead
		case isTimeout(err):
			return refuseSlow
		case err != nil:
			return err
		}
		if err := c.req.parse(c.in.bytes()); err != errMore {
			return err
		}
	}
}

// exchange passes a request on and its response back. It reports whether another may follow.
func (c *conn) exchange() bool {
	b := c.in.bytes()
	c.upload.complete = c.req.framing == noBody
	domain, ok := appendDomain(c.domain[:0], c.req.host.of(b))
	switch {
	case !ok:
		return c.refuse(refuseMalformed)
	case c.misdirected(domain):
		return c.refuse(refuseHost)
	case c.req.isAsterisk(b):
		c.in.skip(c.req.pos)
		return c.answer(http.StatusOK, "Allow: GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS\r\n", nil)
	}
	if auth := c.challenged(domain, b); auth != "" {
		c.in.skip(c.req.pos)
		return c.answer(http.StatusOK, "", []byte(auth))
	}
	c.lang = c.language(b)
	r := c.table.find(domain)
	if r == nil {
		c.in.skip(c.req.pos)
		return c.answerUnknown()
	}
	c.begin(r, domain, b)
	defer func() {
		if c.tunnel == nil {
			c.ended()
		}
	}()
	if to := c.elsewhere(r, domain, b); to != "" {
		c.in.skip(c.req.pos)
		return c.redirectTo(to)
	}
	r, again := c.enter(r, b)
	if r == nil {
		return again
	}
	c.forward = appendForward(c.forward[:0], b, &c.req, &c.peer, c.rules)
	c.in.skip(c.req.pos)
	if c.beginUpload(); c.needsGoroutines() {
		c.apart(func() { again = c.pass(r) })
		return again
	}
	return c.pass(r)
}

// needsGoroutines reports whether the exchange cannot be a task's: an instance that speaks HTTP/2 is not waited for
// through a loop; and over TLS, who reads a body may have to write as well, and wait for who writes.
func (c *conn) needsGoroutines() bool {
	return c.task != nil && (c.speaksHTTP2() || c.secure() && !c.upload.complete)
}

// pass sends the request on, and its response back.
func (c *conn) pass(r *route) bool {
	up, err := c.send(r)
	if err != nil {
		return c.fail(r, err)
	}
	return c.reply(r, up)
}

func (c *conn) language(b []byte) string {
	for _, f := range c.req.fields {
		if f.kind == languageField {
			return languageOf(f.value.of(b))
		}
	}
	return "en"
}

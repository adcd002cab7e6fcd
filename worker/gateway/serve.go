package gateway

import (
	"crypto/tls"
	"net"
	"runtime"

	"golang.org/x/net/http2"
)

// serve serves a connection that was accepted: a loop does, or goroutines where it speaks HTTP/2.
func (g *Gateway) serve(nc net.Conn, secure bool) {
	c := newConn(g, nc, secure)
	g.mu.Lock()
	g.conns[c] = struct{}{}
	g.mu.Unlock()
	if secure {
		g.open.Go(c.greet)
	} else {
		c.enterLoop()
	}
}

// greet makes a connection secure. A handshake needs far more stack than what follows, and more time than others of a
// loop should wait: so it has a goroutine of its own.
func (c *conn) greet() {
	switch c.handshake() {
	case "":
		c.forget()
	case http2.NextProtoTLS:
		c.open.Go(c.runHTTP2)
	default:
		c.enterLoop()
	}
}

func (c *conn) runHTTP2() {
	defer c.forget()
	defer c.recovered()
	c.serveHTTP2()
}

func (c *conn) forget() {
	c.mu.Lock()
	delete(c.conns, c)
	c.mu.Unlock()
}

// enterLoop has a loop serve the connection.
func (c *conn) enterLoop() {
	c.open.Add(1)
	l := c.loops[int(c.turn.Add(1))%len(c.loops)]
	k, err := newLink(l, socketOf(c.net).(*net.TCPConn))
	if err != nil { // no file descriptor is left, and a goroutine needs none
		go c.perform(nil)
		return
	}
	c.take(k)
	l.post(func() {
		if err := l.add(k); err != nil {
			c.Log.Warn("gateway cannot take a connection over", "err", err)
			k.Close()
		}
		l.start(c.perform)
	})
}

// take has the connection go on with another socket. Drain may look at it meanwhile.
func (c *conn) take(k *link) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.link = k
	if t, ok := c.net.(*tls.Conn); ok {
		t.NetConn().(*socketBelow).Conn = k
	} else {
		c.net, c.in.conn, c.out.conn = k, k, k
	}
}

// socketBelow is what is below TLS: first the socket of the handshake, then that of a loop.
type socketBelow struct{ net.Conn }

// NetConn returns the socket.
func (s *socketBelow) NetConn() net.Conn { return s.Conn }

// perform carries one exchange after the other; t is nil where a goroutine does.
func (c *conn) perform(t *task) {
	defer c.performed()
	defer c.recovered()
	c.join(t)
	for c.next() {
	}
	if c.tunnel == nil {
		c.end()
	}
}

// performed goes on with a tunnel. It has goroutines, one for each direction: over TLS, who reads may have to write as
// well, and wait for who writes, which a task must not.
func (c *conn) performed() {
	if c.tunnel == nil {
		c.forget()
		c.open.Done()
		return
	}
	c.leave()
	if k := c.tunnel.up.link; k != nil {
		k.give(nil)
	}
	go func() {
		defer c.open.Done()
		defer c.forget()
		defer c.recovered()
		c.tunnel.carry()
		c.end()
	}()
}

func (c *conn) join(t *task) {
	if c.task = t; t != nil {
		c.link.give(t)
	}
}

func (c *conn) leave() {
	if c.task = nil; c.link != nil {
		c.link.give(nil)
	}
}

// apart runs f, which may use the connection and wait for anything.
func (c *conn) apart(f func()) {
	t := c.task
	if t == nil {
		f()
		return
	}
	c.leave()
	defer c.join(t)
	t.await(f)
}

func (g *Gateway) startLoops() error {
	for n := range runtime.GOMAXPROCS(0) {
		l, err := newLoop(n + 1)
		if err != nil {
			return err
		}
		g.loops = append(g.loops, l)
		go l.run()
	}
	return nil
}

func (g *Gateway) stopLoops() {
	for _, l := range g.loops {
		l.stop()
	}
}

package gateway

import (
	"net"
	"time"

	"golang.org/x/net/http2"
)

const (
	lastCall   = 20 * time.Millisecond // for connections that wait to be accepted when the gateway stops
	idleGrace  = 2 * time.Second       // for a last request on a connection that is kept alive
	nudgeEvery = 100 * time.Millisecond
)

var longAgo = time.Unix(1, 0)

func (g *Gateway) serve(nc net.Conn, secure bool) {
	c := newConn(g, nc, secure)
	g.mu.Lock()
	g.conns[c] = struct{}{}
	g.mu.Unlock()
	if !secure {
		g.open.Go(c.run)
		return
	}
	// A handshake needs far more stack than what follows: on a goroutine of its own, it gives it back.
	g.open.Go(func() {
		switch c.handshake() {
		case "":
			c.forget()
		case http2.NextProtoTLS:
			g.open.Go(c.runHTTP2)
		default:
			g.open.Go(c.run)
		}
	})
}

func (c *conn) run() {
	defer c.forget()
	c.serve()
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

// drain waits for what is under way. What is still open after Timeouts.Drain is cut.
func (g *Gateway) drain() {
	g.eachConn(func(c *conn) {
		if c.state.Load() == connIdle {
			c.net.SetReadDeadline(time.Now().Add(g.grace()))
		}
	})
	done := make(chan struct{})
	go func() {
		g.open.Wait()
		close(done)
	}()
	for end := time.Now().Add(g.Timeouts.Drain); time.Now().Before(end); {
		// Again and again: one that comes just before a wait begins is lost.
		g.multiplexer.drain()
		g.eachConn((*conn).nudge)
		if within(done, nudgeEvery) {
			return
		}
	}
	g.eachConn((*conn).cut)
	within(done, time.Second)
}

// grace is how long a connection that rests may bring one last request.
func (g *Gateway) grace() time.Duration {
	if g.Succeeded != nil && g.Succeeded() {
		return g.Timeouts.Drain * 4 / 5
	}
	return idleGrace
}

func within(done <-chan struct{}, limit time.Duration) bool {
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case <-done:
		return true
	case <-timer.C:
		return false
	}
}

func (g *Gateway) eachConn(f func(*conn)) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for c := range g.conns {
		f(c)
		c.session.Load().each(f)
	}
}

// nudge ends a stream's wait for its instance, so that it sees that the gateway drains. A nudge that comes too late,
// when the connection to the instance serves another client, does no harm: that one waits on.
func (c *conn) nudge() {
	if up := c.up.Load(); up != nil && c.state.Load() == connStream {
		up.conn.SetReadDeadline(longAgo)
	}
}

func (c *conn) cut() {
	socketOf(c.net).Close()
	if up := c.up.Load(); up != nil {
		up.conn.Close()
	}
}

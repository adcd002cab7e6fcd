package gateway

import (
	"time"
)

const (
	lastCall   = 20 * time.Millisecond // for connections that wait to be accepted when the gateway stops
	idleGrace  = 2 * time.Second       // for a last request on a connection that is kept alive
	nudgeEvery = 100 * time.Millisecond
)

var longAgo = time.Unix(1, 0)

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

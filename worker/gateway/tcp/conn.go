package tcp

import (
	"errors"
	"io"
	"net"
	"net/netip"
	"sync/atomic"
	"syscall"
	"time"

	"berth/core"
)

// conn is a client's connection and the one to an instance that belongs to it.
type conn struct {
	port     *port
	client   *net.TCPConn
	from     netip.AddrPort
	route    atomic.Pointer[route] // nil until it is known
	up       atomic.Pointer[net.TCPConn]
	instance *instance
	moved    atomic.Int64 // Unix seconds when something did last
	pumps    atomic.Int32 // that run
	gone     atomic.Bool
}

func newConn(p *port, client *net.TCPConn) *conn {
	c := &conn{port: p, client: client}
	if a, ok := client.RemoteAddr().(*net.TCPAddr); ok {
		c.from = netip.AddrPortFrom(a.AddrPort().Addr().Unmap(), a.AddrPort().Port())
	}
	c.move()
	return c
}

func (c *conn) move() { c.moved.Store(time.Now().Unix()) }

// refuse resets a connection that is not let in; r counts it.
func (c *conn) refuse(r *route) {
	if r != nil {
		r.counts.refused.Add(1)
	}
	c.client.SetLinger(0)
	c.client.Close()
}

// serve finds out where a connection leads and carries it. It has ended long before the connection does: two pumps,
// whose stacks are small, go on.
func (c *conn) serve(t *routing) {
	greeting, r, ok := c.greet(t)
	if !ok {
		c.port.remove(c)
		return
	}
	c.route.Store(r)
	if c.port.routing.Load() != t {
		if now := c.port.routing.Load().byID(r.ID()); now == nil || now.app != r.app || !now.admits(c.from.Addr()) {
			c.refuse(nil) // changed while the name was asked for
			c.port.remove(c)
			return
		}
	}
	client, err := c.client, error(nil)
	side := side(plain{client})
	if r.TLS == core.TCPTerminate {
		if side, err = c.terminate(r, greeting); err != nil {
			r.counts.refused.Add(1)
			c.client.Close()
			c.port.remove(c)
			return
		}
		greeting = hello{}
	}
	up := c.dial(r)
	if up == nil || c.introduce(up, r, greeting) != nil {
		r.counts.failed.Add(1)
		if up != nil {
			up.Close()
			c.instance.open.Add(-1)
		}
		c.client.SetLinger(0)
		c.client.Close()
		c.port.remove(c)
		return
	}
	c.up.Store(up)
	if c.gone.Load() {
		up.Close() // cut meanwhile
	}
	r.counts.total.Add(1)
	r.counts.open.Add(1)
	c.pumps.Store(2)
	go c.pump(plain{up}, side, &r.counts.in)
	go c.pump(side, plain{up}, &r.counts.out)
}

// greet returns the route, and what was read to find it. A connection that leads nowhere is refused.
func (c *conn) greet(t *routing) (hello, *route, bool) {
	if !t.asks() {
		if !t.other.admits(c.from.Addr()) {
			c.refuse(t.other)
			return hello{}, nil, false
		}
		return hello{}, t.other, true
	}
	c.client.SetReadDeadline(time.Now().Add(c.port.server.Timeouts.Hello))
	h, err := readHello(c.client)
	c.client.SetReadDeadline(time.Time{})
	r := t.find(h.name)
	if !h.tls {
		r = t.other
	}
	if err != nil || r == nil || !r.admits(c.from.Addr()) {
		if r == nil {
			r = t.all[0]
		}
		c.refuse(r)
		return hello{}, nil, false
	}
	return h, r, true
}

// dial connects to an instance; one that cannot be reached is left out for a while and another one tried.
func (c *conn) dial(r *route) *net.TCPConn {
	var tried []*instance
	for {
		i := r.app.next(r.Weights, tried, time.Now())
		if i == nil || c.gone.Load() {
			return nil
		}
		i.open.Add(1)
		up, err := net.DialTimeout("tcp", i.Address.Address, c.port.server.Timeouts.Dial)
		if err == nil {
			i.outUntil.Store(0)
			c.instance = i
			return up.(*net.TCPConn)
		}
		i.open.Add(-1)
		if !isLocal(err) {
			i.outUntil.Store(time.Now().Add(outFor).UnixNano())
		}
		c.port.server.Log.Debug("an instance takes no connection", "app", r.AppID, "address", i.Address.Address, "error", err)
		tried = append(tried, i)
	}
}

// isLocal reports whether a connection failed for want of something on this machine.
func isLocal(err error) bool {
	for _, e := range []error{syscall.EMFILE, syscall.ENFILE, syscall.ENOBUFS, syscall.ENOMEM, syscall.EADDRNOTAVAIL} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

// introduce tells an instance who connects, where that is wished for, and what the client has said already.
func (c *conn) introduce(up *net.TCPConn, r *route, greeting hello) error {
	up.SetDeadline(time.Now().Add(c.port.server.Timeouts.Hello))
	defer up.SetDeadline(time.Time{})
	if r.Proxy {
		to, _ := c.client.LocalAddr().(*net.TCPAddr)
		if _, err := up.Write(proxyHeader(c.from, to.AddrPort())); err != nil {
			return err
		}
	}
	if greeting.postgres && r.TLS == core.TCPPassThrough {
		if err := askPostgres(up); err != nil {
			return err
		}
	}
	if len(greeting.read) > 0 {
		r.counts.in.Add(int64(len(greeting.read)))
		if _, err := up.Write(greeting.read); err != nil {
			return err
		}
	}
	return nil
}

// askPostgres asks an instance for TLS, as the client asked the gateway.
func askPostgres(up *net.TCPConn) error {
	var answer [1]byte
	if _, err := up.Write(sslRequest); err != nil {
		return err
	}
	if _, err := io.ReadFull(up, answer[:]); err != nil {
		return err
	}
	if answer[0] != 'S' {
		return errors.New("the instance has no TLS")
	}
	return nil
}

// cut breaks a connection off. It may be called at any time.
func (c *conn) cut() {
	c.gone.Store(true)
	c.client.SetLinger(0)
	c.client.Close()
	if up := c.up.Load(); up != nil {
		up.SetLinger(0)
		up.Close()
	}
}

// pumped ends the connection with the last of its pumps.
func (c *conn) pumped() {
	if c.pumps.Add(-1) > 0 {
		return
	}
	c.client.Close()
	c.up.Load().Close()
	c.instance.open.Add(-1)
	c.route.Load().counts.open.Add(-1)
	c.port.remove(c)
}

package tcp

import (
	"errors"
	"net"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// port is one that is listened on.
type port struct {
	server  *Server
	number  int
	routing atomic.Pointer[routing]

	mu       sync.Mutex
	listener net.Listener
	problem  error
	conns    map[*conn]struct{}
}

// serve has the port lead where routes say. Connections that these would not let in are cut. Server.mu is held.
func (p *port) serve(routes []*route) {
	next := newRouting(routes)
	p.routing.Store(next)
	if len(routes) == 0 {
		p.close()
	} else {
		p.ensure()
	}
	ids := map[string]*route{}
	for _, r := range routes {
		ids[r.ID()] = r
	}
	p.cut(func(c *conn) bool {
		old := c.route.Load()
		if old == nil {
			return len(routes) == 0 // still being asked for its name
		}
		r := ids[old.ID()]
		return r == nil || r.app != old.app || !r.admits(c.from.Addr())
	})
}

// ensure listens unless that is done already. What cannot be now is tried again by Server.look.
func (p *port) ensure() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.listener != nil || p.server.stopped {
		return
	}
	l, err := p.server.Open(net.JoinHostPort(p.server.Pool.Host, strconv.Itoa(p.number)))
	if err != nil && p.problem == nil {
		p.server.Log.Error("nothing can listen on a TCP port; trying again", "port", p.number, "error", err)
	}
	p.listener, p.problem = l, err
	if err == nil {
		go p.accept(l)
	}
}

func (p *port) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.listener != nil {
		p.listener.Close()
		p.listener = nil
	}
}

// state says whether the port is listened on, and why not.
func (p *port) state() (listening bool, problem string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.problem != nil {
		problem = p.problem.Error()
	}
	return p.listener != nil, problem
}

// accept takes connections until the listener is closed.
func (p *port) accept(l net.Listener) {
	for pause := time.Duration(0); ; {
		c, err := l.Accept()
		switch {
		case err == nil:
			pause = 0
			p.begin(c.(*net.TCPConn))
		case errors.Is(err, net.ErrClosed):
			return
		default: // out of file descriptors, most likely: others will be closed
			pause = min(max(2*pause, 5*time.Millisecond), time.Second)
			p.server.Log.Warn("a TCP port cannot accept a connection", "port", p.number, "error", err)
			time.Sleep(pause)
		}
	}
}

// begin serves a connection, unless nobody is let in from there or too many are open.
func (p *port) begin(client *net.TCPConn) {
	c := newConn(p, client)
	t := p.routing.Load()
	if len(t.all) == 0 {
		c.refuse(nil)
		return
	}
	if !t.admitsSome(c.from.Addr()) || !p.add(c) {
		c.refuse(t.all[0])
		return
	}
	p.server.open.Add(1)
	go c.serve(t)
}

func (p *port) add(c *conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.conns) >= p.server.MaxConns {
		return false
	}
	p.conns[c] = struct{}{}
	return true
}

func (p *port) remove(c *conn) {
	p.mu.Lock()
	delete(p.conns, c)
	p.mu.Unlock()
	p.server.open.Done()
}

// cut breaks off the connections that are meant.
func (p *port) cut(meant func(*conn) bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for c := range p.conns {
		if meant(c) {
			c.cut()
		}
	}
}

func (p *port) cutIdle(before time.Time) {
	limit := before.Unix()
	p.cut(func(c *conn) bool { return c.moved.Load() < limit })
}

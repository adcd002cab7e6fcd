package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/gorilla/websocket"
)

const (
	idleConnections = 10_000
	openSockets     = 1000
)

// memory measures what a route, an app, an idle connection and a WebSocket take of Berth's memory.
func (b *bench) memory() error {
	perRoute, err := b.more(*many, 10)
	if err != nil {
		return err
	}
	perApp, err := b.more(*many, *many)
	if err != nil {
		return err
	}
	idle, err := b.grown(idleConnections, openIdle)
	if err != nil {
		return err
	}
	sockets, err := b.grown(openSockets, openSocket)
	if err != nil {
		return err
	}
	fmt.Printf("\nmemory an app with a domain, an instance, rules and counts: %.2f KiB\n", perApp/1024)
	b.figures = append(b.figures, figure{"memory a route, with rules", perRoute / 1024, 1, " KiB"},
		figure{"memory an idle connection", idle / 1024, 8, " KiB"}, figure{"memory a WebSocket", sockets / 1024, 16, " KiB"})
	return nil
}

// more returns how much more memory a Berth takes with so many routes and apps than with ten of each, for each route.
func (b *bench) more(routes, apps int) (float64, error) {
	var rss [2]int64
	for i, n := range [][2]int{{10, 10}, {routes, apps}} {
		p, err := b.startBerth(n[0], n[1], b.pair, "")
		if err != nil {
			return 0, err
		}
		c, err := openIdle(p) // waits until it knows its routes
		if err == nil {
			c.Close()
			for range 3 { // the snapshot is written meanwhile
				time.Sleep(time.Second)
				err = p.settle()
			}
		}
		rss[i] = p.rss()
		p.stop()
		if err != nil {
			return 0, err
		}
	}
	return float64(rss[1]-rss[0]) / float64(routes-10), nil
}

// grown opens connections and returns how much memory of a Berth each takes while nothing moves on it, bytes.
func (b *bench) grown(n int, open func(p *process) (io.Closer, error)) (float64, error) {
	p, err := b.startBerth(10, 10, b.pair, "")
	if err != nil {
		return 0, err
	}
	defer p.stop()
	if err := p.settle(); err != nil {
		return 0, err
	}
	before := p.rss()
	var all []io.Closer
	defer func() {
		for _, c := range all {
			c.Close()
		}
	}()
	for range n {
		c, err := open(p)
		if err != nil {
			return 0, err
		}
		all = append(all, c)
	}
	for range 4 { // one that rests for longer holds less, and stacks shrink by half at a time
		time.Sleep(time.Second)
		if err := p.settle(); err != nil {
			return 0, err
		}
	}
	return float64(p.rss()-before) / float64(n), nil
}

// openIdle makes a connection that has carried a request.
func openIdle(p *process) (io.Closer, error) {
	c, err := net.DialTimeout("tcp", p.address, 10*time.Second)
	if err != nil {
		return nil, err
	}
	c.SetDeadline(time.Now().Add(10 * time.Second))
	fmt.Fprintf(c, "GET / HTTP/1.1\r\nHost: %s\r\n\r\n", domain(0))
	res, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		return nil, err
	}
	if _, err := io.Copy(io.Discard, res.Body); err != nil || res.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s, %w", res.Status, err)
	}
	return c, nil
}

// openSocket makes a WebSocket that has carried a message both ways.
func openSocket(p *process) (io.Closer, error) {
	dialer := websocket.Dialer{HandshakeTimeout: 10 * time.Second, ReadBufferSize: 512, WriteBufferSize: 512}
	c, _, err := dialer.Dial("ws://"+p.address+"/", http.Header{"Host": {"sockets.localhost"}})
	if err != nil {
		return nil, err
	}
	if err := c.WriteMessage(websocket.TextMessage, []byte("hello")); err != nil {
		return nil, err
	}
	_, _, err = c.ReadMessage()
	return c, err
}

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

// memory measures what a route, an idle connection and a WebSocket take of Berth's memory.
func (b *bench) memory() error {
	few, lots := b.find(berth, plain, 10).proxy, b.find(berth, plain, *many).proxy
	few.settle()
	lots.settle()
	perRoute := float64(lots.rss()-few.rss()) / float64(*many-10)
	b.figures = append(b.figures, figure{"memory a route, with its app, instance and rules", perRoute / 1024, 1, " KiB"})
	idle, err := grown(few, idleConnections, openIdle)
	if err != nil {
		return err
	}
	sockets, err := grown(few, openSockets, openSocket)
	if err != nil {
		return err
	}
	b.figures = append(b.figures, figure{"memory an idle connection", idle / 1024, 8, " KiB"}, figure{"memory a WebSocket", sockets / 1024, 16, " KiB"})
	return nil
}

// grown opens connections and returns how much memory of the proxy each takes while nothing moves on it, bytes.
func grown(p *process, n int, open func(p *process) (io.Closer, error)) (float64, error) {
	p.settle()
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
	p.settle()
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

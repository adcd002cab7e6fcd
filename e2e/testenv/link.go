package testenv

import (
	"io"
	"net"
	"sync"
	"testing"
)

// Link is a way to a server that can be cut as a network is: nothing is refused or closed, nothing comes through.
type Link struct {
	to       string
	listener net.Listener

	mu    sync.Mutex
	cut   bool
	ends  []net.Conn
	mends chan struct{} // closed when it is mended
}

// StartLink opens one to an address until the test ends.
func StartLink(t testing.TB, to string) *Link {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	check(t, err)
	l := &Link{to: to, listener: listener}
	go l.accept()
	t.Cleanup(func() { listener.Close(); l.Drop(); l.Mend() })
	return l
}

// Servers is the address to connect to.
func (l *Link) Servers() []string { return []string{l.listener.Addr().String()} }

// Sever has nothing come through any more.
func (l *Link) Sever() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.cut, l.mends = true, make(chan struct{})
}

// Mend lets everything through again, but what both sides have given up meanwhile.
func (l *Link) Mend() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.cut {
		l.cut = false
		close(l.mends)
	}
}

// Drop breaks every connection.
func (l *Link) Drop() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, c := range l.ends {
		c.Close()
	}
	l.ends = nil
}

func (l *Link) accept() {
	for {
		client, err := l.listener.Accept()
		if err != nil {
			return
		}
		go l.join(client)
	}
}

func (l *Link) join(client net.Conn) {
	l.wait()
	server, err := net.Dial("tcp", l.to)
	if err != nil {
		client.Close()
		return
	}
	l.mu.Lock()
	l.ends = append(l.ends, client, server)
	l.mu.Unlock()
	go l.pass(client, server)
	l.pass(server, client)
}

func (l *Link) pass(from, to net.Conn) {
	defer from.Close()
	defer to.Close()
	data := make([]byte, 32*1024)
	for {
		n, err := from.Read(data)
		l.wait()
		if n > 0 {
			if _, err := to.Write(data[:n]); err != nil {
				return
			}
		}
		if err == io.EOF || err != nil {
			return
		}
	}
}

// wait returns when the link is whole.
func (l *Link) wait() {
	l.mu.Lock()
	cut, mends := l.cut, l.mends
	l.mu.Unlock()
	if cut {
		<-mends
	}
}

package zookeeper

import (
	"errors"
	"net"
	"sync"
	"time"

	"github.com/go-zookeeper/zk"
)

// A watcher gathers what one connection says, until the connection is lost. However much happens, it holds at most
// each node's name.
type watcher struct {
	conn  *zk.Conn
	ready chan struct{} // closed when the connection has a session
	lost  chan struct{} // closed when it has it no more
	wake  chan struct{} // holds one

	mu      sync.Mutex
	touched map[string]bool // nodes to read again
}

func newWatcher() *watcher {
	return &watcher{ready: make(chan struct{}), lost: make(chan struct{}), wake: make(chan struct{}, 1),
		touched: map[string]bool{}}
}

// event is called by the library, one event after another, and must not block.
func (w *watcher) event(e zk.Event) {
	switch {
	case e.Type != zk.EventSession:
		if e.Path != "" {
			w.touch(e.Path)
		}
	case e.State == zk.StateHasSession:
		closeOnce(w.ready)
	case isClosed(w.ready):
		closeOnce(w.lost)
	}
}

func (w *watcher) touch(node string) {
	w.mu.Lock()
	w.touched[node] = true
	w.mu.Unlock()
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// dialer connects until there was a session, and never after: a connection is not to be resumed.
func (w *watcher) dialer(c *contact) zk.Dialer {
	dial := dialer(c)
	return func(network, address string, timeout time.Duration) (net.Conn, error) {
		if isClosed(w.ready) {
			return nil, errors.New("the watch goes on with a new connection")
		}
		return dial(network, address, timeout)
	}
}

func isClosed(c chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// closeOnce closes c if it is not; only one goroutine may call it for c.
func closeOnce(c chan struct{}) {
	if !isClosed(c) {
		close(c)
	}
}

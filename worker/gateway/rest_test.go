package gateway

import (
	"io"
	"net/http"
	"testing"
	"time"
)

// A connection that rests gives its buffers back, and serves on when a request comes after all.
func TestAConnectionThatRestsHoldsNoBuffers(t *testing.T) {
	f := start(t, Options{})
	f.app(server(t, func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "ok") }))
	for range 2 {
		c := f.dial()
		for n := range 3 {
			c.send(get)
			if res, content := c.response("GET"); res.StatusCode != 200 || content != "ok" {
				t.Fatalf("%d: %d %s", n, res.StatusCode, content)
			}
			if n < 2 {
				f.restsAll()
			}
		}
		c.Close()
	}
}

// A connection that rests still ends at the time limit, and in order when the gateway stops.
func TestAConnectionThatRestsEnds(t *testing.T) {
	f := start(t, Options{Timeouts: Timeouts{Idle: restAfter + 200*time.Millisecond}})
	c := f.dial()
	began := time.Now()
	c.closed()
	if took := time.Since(began); took < restAfter {
		t.Errorf("it was closed after %s", took)
	}
	f = start(t, Options{})
	f.app(server(t, func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "ok") }))
	c = f.dial()
	c.send(get)
	c.response("GET")
	f.restsAll()
	f.stop()
	eventually(t, "the gateway is stopping", f.gateway.draining.Load)
	c.send(get)
	if res, content := c.response("GET"); content != "ok" || !res.Close {
		t.Errorf("%s, close %v", content, res.Close)
	}
	c.closed()
	<-f.stopped
}

// restsAll waits until every connection rests.
func (f *fixture) restsAll() {
	f.t.Helper()
	eventually(f.t, "all connections rest", func() bool {
		n := f.gateway.resting.Load()
		return n > 0 && n == f.gateway.Totals().Connections
	})
}

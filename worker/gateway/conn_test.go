package gateway

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// trickle sends text a byte at a time until the other side no longer takes it.
func (c *client) trickle(text string, pause time.Duration) {
	go func() {
		for i := range len(text) {
			if _, err := io.WriteString(c.Conn, text[i:i+1]); err != nil {
				return
			}
			time.Sleep(pause)
		}
	}()
}

// A client that sends a byte now and then has as long as every other for its head, and is told.
func TestSlowHead(t *testing.T) {
	f := start(t, Options{Timeouts: Timeouts{Head: 200 * time.Millisecond}})
	f.app(server(t, func(http.ResponseWriter, *http.Request) {}))
	for name, first := range map[string]bool{"first request": true, "later request": false} {
		t.Run(name, func(t *testing.T) {
			f := *f
			f.t = t
			c := f.dial()
			if !first {
				c.send(get)
				c.response("GET")
			}
			began := time.Now()
			c.trickle("GET / HTTP/1.1\r\nHost: app.test\r\nX: "+repeat("y", 10000), 10*time.Millisecond)
			res, _ := c.response("GET")
			wantStatus(t, res, 408)
			if took := time.Since(began); took < 150*time.Millisecond || took > 10*time.Second {
				t.Errorf("answered after %v", took)
			}
			c.closed()
		})
	}
}

func TestHeadInPiecesIsTaken(t *testing.T) {
	f := start(t, Options{})
	f.app(server(t, func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, r.Header.Get("X")) }))
	c := f.dial()
	for range 2 {
		c.trickle("\r\nGET / HTTP/1.1\r\nHost: app.test\r\nX: y\r\n\r\n", time.Millisecond)
		if _, content := c.response("GET"); content != "y" {
			t.Errorf("got %q", content)
		}
	}
}

func TestIdleConnectionIsClosedInSilence(t *testing.T) {
	f := start(t, Options{Timeouts: Timeouts{Idle: 100 * time.Millisecond}})
	f.dial().closed()
}

func TestSlowBodyIsRefused(t *testing.T) {
	f := start(t, Options{Timeouts: Timeouts{Body: 100 * time.Millisecond}})
	f.app(server(t, func(_ http.ResponseWriter, r *http.Request) { io.Copy(io.Discard, r.Body) }))
	c := f.dial()
	c.send("POST / HTTP/1.1\r\nHost: app.test\r\nContent-Length: 10\r\n\r\nabc")
	res, _ := c.response("POST")
	wantStatus(t, res, 408)
	c.closed()
}

func TestPipelinedRequestsAreAnsweredInOrder(t *testing.T) {
	f := start(t, Options{})
	f.app(server(t, func(w http.ResponseWriter, r *http.Request) {
		content, _ := io.ReadAll(r.Body)
		fmt.Fprintf(w, "%s%s", r.URL.Path, content)
	}))
	c := f.dial()
	var all strings.Builder
	for i := range 50 {
		fmt.Fprintf(&all, "GET /%d HTTP/1.1\r\nHost: app.test\r\n\r\n", i)
		fmt.Fprintf(&all, "POST /%d HTTP/1.1\r\nHost: app.test\r\nContent-Length: 1\r\n\r\nx", i)
		fmt.Fprintf(&all, "PUT /%d HTTP/1.1\r\nHost: app.test\r\nTransfer-Encoding: chunked\r\n\r\n1;e\r\ny\r\n1\r\nz\r\n0\r\n\r\n", i)
	}
	c.send(all.String())
	for i := range 50 {
		for _, suffix := range []string{"", "x", "yz"} {
			if _, got := c.response("GET"); got != fmt.Sprintf("/%d%s", i, suffix) {
				t.Fatalf("got %q, want /%d%s", got, i, suffix)
			}
		}
	}
}

func TestHTTP10(t *testing.T) {
	f := start(t, Options{})
	f.app(server(t, func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, "part")
		if r.URL.Path == "/long" {
			w.(http.Flusher).Flush()
			io.WriteString(w, "s")
		}
	}))
	t.Run("closed by default", func(t *testing.T) {
		c := f.dial()
		c.send("GET / HTTP/1.0\r\nHost: app.test\r\n\r\n")
		if res, content := c.response("GET"); content != "part" || !res.Close {
			t.Errorf("%q, close %v", content, res.Close)
		}
		c.closed()
	})
	t.Run("kept when asked", func(t *testing.T) {
		c := f.dial()
		for range 3 {
			c.send("GET / HTTP/1.0\r\nHost: app.test\r\nConnection: keep-alive\r\n\r\n")
			if res, content := c.response("GET"); content != "part" || res.Header.Get("Connection") != "keep-alive" {
				t.Errorf("%q, %v", content, res.Header)
			}
		}
	})
	t.Run("no chunks", func(t *testing.T) {
		c := f.dial()
		c.send("GET /long HTTP/1.0\r\nHost: app.test\r\nConnection: keep-alive\r\n\r\n")
		all, err := io.ReadAll(c.Reader)
		if err != nil || !strings.HasSuffix(string(all), "\r\n\r\nparts") || strings.Contains(string(all), "chunked") {
			t.Errorf("%q, %v", all, err)
		}
	})
}

func TestConnectionCloseIsHonoured(t *testing.T) {
	f := start(t, Options{})
	f.app(server(t, func(http.ResponseWriter, *http.Request) {}))
	for _, options := range []string{"close", "Close", "keep-alive, close", "close, keep-alive"} {
		c := f.dial()
		c.send("GET / HTTP/1.1\r\nHost: app.test\r\nConnection: " + options + "\r\n\r\n" + get)
		if res, _ := c.response("GET"); !res.Close {
			t.Errorf("%s: the connection is not said to be closed", options)
		}
		c.closed()
	}
}

// A client that leaves while its instance works is noticed, and nobody is blamed for it.
func TestClientThatLeavesBlamesNobody(t *testing.T) {
	f := start(t, Options{Timeouts: Timeouts{Response: 400 * time.Millisecond}})
	ended := make(chan error, 16)
	o := tcpOrigin(t, func(c net.Conn, r *bufio.Reader) {
		if head, _ := readHeadText(r); strings.HasPrefix(head, "GET /quick") {
			io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
			return
		}
		_, err := r.ReadByte()
		ended <- err
	})
	f.app(o.address())
	for _, text := range []string{get, "POST / HTTP/1.1\r\nHost: app.test\r\nContent-Length: 1000000\r\n\r\n"} {
		c := f.dial()
		c.send(text)
		eventually(t, "the instance has the request", func() bool { return o.connections.Load() > 0 })
		c.Close()
		<-ended
		o.connections.Store(0)
		eventually(t, "the connection is forgotten", func() bool { return f.gateway.Totals().Connections == 0 })
	}
	if n := f.counts().Failed; n > 1 { // the GET may have run into its short timeout first
		t.Errorf("%d failures counted", n)
	}
	res, _ := f.ask("GET /quick HTTP/1.1\r\nHost: app.test\r\n\r\n")
	wantStatus(t, res, 200)
}

package gateway

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"testing"
	"time"
)

// What was announced as a body is never taken for a request, whatever the method, and whether the instance reads it or
// answers at once (CL.0 and its kin).
func TestABodyIsNeverTakenForARequest(t *testing.T) {
	const smuggled = "GET /smuggled HTTP/1.1\r\nHost: app.test\r\n\r\n"
	var mu sync.Mutex
	heard := map[string]int{}
	f := start(t, Options{})
	f.app(server(t, func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		heard[r.URL.Path]++
		mu.Unlock()
		if r.URL.Path == "/reads" {
			io.Copy(io.Discard, r.Body)
		}
		io.WriteString(w, "ok")
	}))
	for _, method := range []string{"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "BREW"} {
		for _, path := range []string{"/reads", "/ignores"} {
			for name, framing := range map[string]string{
				"length": fmt.Sprintf("Content-Length: %d\r\n\r\n%s", len(smuggled), smuggled),
				"chunks": fmt.Sprintf("Transfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n", len(smuggled), smuggled),
			} {
				c := f.dial()
				c.send(method + " " + path + " HTTP/1.1\r\nHost: app.test\r\n" + framing)
				if res, _ := c.response(method); res.StatusCode != 200 {
					t.Errorf("%s %s %s: %d", method, path, name, res.StatusCode)
				}
				c.SetReadDeadline(time.Now().Add(50 * time.Millisecond))
				if b, err := c.Peek(1); err == nil {
					t.Errorf("%s %s %s: a second answer begins with %q", method, path, name, b)
				} else if e, ok := err.(net.Error); (!ok || !e.Timeout()) && err != io.EOF {
					t.Logf("%s %s %s: %v", method, path, name, err) // closed, which is as good
				}
				c.Close()
			}
		}
	}
	mu.Lock()
	defer mu.Unlock()
	if heard["/smuggled"] > 0 {
		t.Errorf("instances heard %v", heard)
	}
}

// Versions of HTTP without header fields are refused, and what stands behind a refused request is not answered.
func TestOldAndPipelinedRequestsAreRefused(t *testing.T) {
	f := start(t, Options{})
	for _, text := range []string{"GET /\r\n\r\n", "GET / HTTP/0.9\r\n\r\n", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", "\x00\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: app.test\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n" + get + get} {
		c := f.dial()
		c.send(text)
		if res, _ := c.response("GET"); res.StatusCode != 400 && res.StatusCode != 505 || !res.Close {
			t.Errorf("%q: %d, close %v", text, res.StatusCode, res.Close)
		}
		c.closed()
	}
}

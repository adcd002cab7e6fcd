package gateway

import (
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// Every way in which two servers might see different requests in the same bytes is refused, the connection closed, and
// no instance hears of it.
func TestAmbiguousRequestsAreRefused(t *testing.T) {
	var heard atomic.Int64
	f := start(t, Options{})
	f.app(server(t, func(http.ResponseWriter, *http.Request) { heard.Add(1) }))
	const smuggled = "GET /smuggled HTTP/1.1\r\nHost: app.test\r\n\r\n"
	post := func(fields string) string {
		return "POST / HTTP/1.1\r\nHost: app.test\r\n" + fields + "\r\n0\r\n\r\n" + smuggled
	}
	field := func(line string) string { return "GET / HTTP/1.1\r\nHost: app.test\r\n" + line + "\r\n\r\n" + smuggled }
	line := func(text string) string { return text + "\r\nHost: app.test\r\n\r\n" }
	for name, text := range map[string]string{
		"length and chunks":           post("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"),
		"chunks and length":           post("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n"),
		"two lengths":                 post("Content-Length: 5\r\nContent-Length: 6\r\n"),
		"two equal lengths":           post("Content-Length: 5\r\nContent-Length: 5\r\n"),
		"a list of lengths":           post("Content-Length: 5, 5\r\n"),
		"a signed length":             post("Content-Length: +5\r\n"),
		"a negative length":           post("Content-Length: -5\r\n"),
		"a hexadecimal length":        post("Content-Length: 0x5\r\n"),
		"a length with a space":       post("Content-Length: 1 2\r\n"),
		"an empty length":             post("Content-Length:\r\n"),
		"a length past 63 bits":       post("Content-Length: 9223372036854775809\r\n"),
		"a length past 64 bits":       post("Content-Length: 18446744073709551621\r\n"),
		"another coding":              post("Transfer-Encoding: xchunked\r\n"),
		"a list of codings":           post("Transfer-Encoding: gzip, chunked\r\n"),
		"chunked twice":               post("Transfer-Encoding: chunked, chunked\r\n"),
		"two codings":                 post("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n"),
		"chunked in two fields":       post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"),
		"identity":                    post("Transfer-Encoding: identity\r\n"),
		"no coding":                   post("Transfer-Encoding:\r\n"),
		"a coding with a tab inside":  post("Transfer-Encoding: chun\tked\r\n"),
		"a coding behind a form feed": post("Transfer-Encoding: \x0cchunked\r\n"),
		"a coding with parameters":    post("Transfer-Encoding: chunked;q=1\r\n"),
		"a quoted coding":             post("Transfer-Encoding: \"chunked\"\r\n"),
		"a space before the colon":    post("Transfer-Encoding : chunked\r\n"),
		"a tab before the colon":      post("Transfer-Encoding\t: chunked\r\n"),
		"a length, space, colon":      post("Content-Length : 5\r\n"),
		"a folded coding":             post("Transfer-Encoding:\r\n chunked\r\n"),
		"a folded field":              field("X: a\r\n b"),
		"a field folded with a tab":   field("X: a\r\n\tb"),
		"a fold before all fields":    "GET / HTTP/1.1\r\n X: a\r\nHost: app.test\r\n\r\n",
		"a bare LF behind a field":    field("X: a\nY: b"),
		"a bare LF behind the line":   "GET / HTTP/1.1\nHost: app.test\r\n\r\n",
		"bare LF everywhere":          "GET / HTTP/1.1\nHost: app.test\n\n",
		"a bare LF at the end":        "GET / HTTP/1.1\r\nHost: app.test\r\n\n",
		"a bare CR in a value":        field("X: a\rY: b"),
		"a bare CR in a name":         field("X\rY: b"),
		"a bare CR in the target":     line("GET /\r HTTP/1.1"),
		"CR CR LF":                    field("X: a\r"),
		"NUL in a value":              field("X: a\x00b"),
		"NUL in a name":               field("X\x00: b"),
		"DEL in a value":              field("X: a\x7fb"),
		"an empty name":               field(": b"),
		"a line without a colon":      field("X"),
		"a name in parentheses":       field("(X): b"),
		"a name beyond ASCII":         field("\xe9: b"),
		"a space in the target":       line("GET /a b HTTP/1.1"),
		"a tab for a space":           line("GET\t/\tHTTP/1.1"),
		"two spaces":                  line("GET  / HTTP/1.1"),
		"a space before the line":     line(" GET / HTTP/1.1"),
		"a space behind the line":     line("GET / HTTP/1.1 "),
		"a control in the target":     line("GET /\x01 HTTP/1.1"),
		"no version":                  line("GET /"),
		"no target":                   line("GET HTTP/1.1"),
		"an empty target":             line("GET  HTTP/1.1"),
		"a lower-case version":        line("GET / http/1.1"),
		"a version in words":          line("GET / HTTP/one"),
		"a method with a slash":       line("G/T / HTTP/1.1"),
		"a target without a slash":    line("GET app HTTP/1.1"),
		"an asterisk for GET":         line("GET * HTTP/1.1"),
		"a URL of another host":       line("GET http://other.test/ HTTP/1.1"),
		"a URL with a user":           line("GET http://me@app.test/ HTTP/1.1"),
		"a URL of another scheme":     line("GET ftp://app.test/ HTTP/1.1"),
		"a URL without a host":        line("GET http:///x HTTP/1.1"),
		"chunks in HTTP/1.0":          "POST / HTTP/1.0\r\nHost: app.test\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + smuggled,
		"no host":                     "GET / HTTP/1.1\r\n\r\n",
		"no host in HTTP/1.0":         "GET / HTTP/1.0\r\n\r\n",
		"an empty host":               "GET / HTTP/1.1\r\nHost:\r\n\r\n",
		"two hosts":                   field("Host: other.test"),
		"two equal hosts":             field("Host: app.test"),
		"a list of hosts":             "GET / HTTP/1.1\r\nHost: app.test, other.test\r\n\r\n",
		"a host with a path":          "GET / HTTP/1.1\r\nHost: app.test/x\r\n\r\n",
		"a host with a user":          "GET / HTTP/1.1\r\nHost: me@app.test\r\n\r\n",
		"a host with a space":         "GET / HTTP/1.1\r\nHost: app.test x\r\n\r\n",
		"a host with a quote":         "GET / HTTP/1.1\r\nHost: app.test\"\r\n\r\n",
		"a host with port letters":    "GET / HTTP/1.1\r\nHost: app.test:80a\r\n\r\n",
		"two empty lines before":      "\r\n\r\n" + get,
	} {
		t.Run(name, func(t *testing.T) {
			f := *f
			f.t = t
			c := f.dial()
			c.send(text)
			res, _ := c.response("GET")
			wantStatus(t, res, 400)
			if !res.Close {
				t.Error("the connection is not said to be closed")
			}
			c.closed()
		})
	}
	if n := heard.Load(); n > 0 {
		t.Errorf("the instance heard %d requests", n)
	}
}

// A body whose chunks are ambiguous never reaches its end at the instance, nor does what follows it.
func TestMalformedChunksAreRefused(t *testing.T) {
	for name, content := range map[string]string{
		"no size":                     "\r\nabc\r\n0\r\n\r\n",
		"a signed size":               "+3\r\nabc\r\n0\r\n\r\n",
		"a size with 0x":              "0x3\r\nabc\r\n0\r\n\r\n",
		"a size past 60 bits":         "ffffffffffffffff\r\nabc\r\n0\r\n\r\n",
		"a size past 64 bits":         "10000000000000003\r\nabc\r\n0\r\n\r\n",
		"a bare LF behind the size":   "3\nabc\r\n0\r\n\r\n",
		"a bare LF in the extension":  "3;x\nabc\r\n0\r\n\r\n",
		"a bare CR in the extension":  "3;x\ry\r\nabc\r\n0\r\n\r\n",
		"an endless extension":        "3;" + repeat("x", 1000) + "\r\nabc\r\n0\r\n\r\n",
		"more data than said":         "3\r\nabcd\r\n0\r\n\r\n",
		"a bare LF behind the data":   "3\r\nabc\n0\r\n\r\n",
		"a bare LF behind the end":    "3\r\nabc\r\n0\r\n\n",
		"a malformed trailer":         "3\r\nabc\r\n0\r\nX : y\r\n\r\n",
		"a folded trailer":            "3\r\nabc\r\n0\r\nX: y\r\n z\r\n\r\n",
		"a space before the size":     " 3\r\nabc\r\n0\r\n\r\n",
		"too many trailer fields":     "3\r\nabc\r\n0\r\n" + repeat("X: y\r\n", 101) + "\r\n",
		"a trailer that is too large": "3\r\nabc\r\n0\r\nX: " + repeat("y", 64<<10) + "\r\n\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			f := start(t, Options{})
			whole := make(chan bool, 1)
			f.app(server(t, func(w http.ResponseWriter, r *http.Request) {
				content := make([]byte, 1<<10)
				for {
					if _, err := r.Body.Read(content); err != nil {
						whole <- err.Error() == "EOF"
						return
					}
				}
			}))
			c := f.dial()
			c.send("POST / HTTP/1.1\r\nHost: app.test\r\nTransfer-Encoding: chunked\r\n\r\n" + content)
			res, _ := c.response("POST")
			if res.StatusCode != 400 && res.StatusCode != 431 {
				t.Errorf("status %d", res.StatusCode)
			}
			c.closed()
			select {
			case all := <-whole:
				if all {
					t.Error("the instance took the body for whole")
				}
			case <-time.After(50 * time.Millisecond): // it never heard of the request
			}
			if n := f.counts().Failed; n != 0 {
				t.Errorf("%d failures counted for what the client did", n)
			}
		})
	}
}

func TestLimitsOfTheHead(t *testing.T) {
	f := start(t, Options{})
	f.app(server(t, func(w http.ResponseWriter, r *http.Request) {}))
	var many strings.Builder
	for i := range 100 {
		fmt.Fprintf(&many, "X-%d: y\r\n", i)
	}
	for name, c := range map[string]struct {
		text   string
		status int
	}{
		"100 fields":        {"GET / HTTP/1.1\r\nHost: app.test\r\n" + repeat("X: y\r\n", 99) + "\r\n", 200},
		"101 fields":        {"GET / HTTP/1.1\r\nHost: app.test\r\n" + many.String() + "\r\n", 431},
		"31 KiB of fields":  {"GET / HTTP/1.1\r\nHost: app.test\r\nX: " + repeat("y", 31<<10) + "\r\n\r\n", 200},
		"64 KiB of fields":  {"GET / HTTP/1.1\r\nHost: app.test\r\nX: " + repeat("y", 64<<10) + "\r\n\r\n", 431},
		"64 KiB of target":  {"GET /" + repeat("y", 64<<10) + " HTTP/1.1\r\nHost: app.test\r\n\r\n", 414},
		"CONNECT":           {"CONNECT app.test:80 HTTP/1.1\r\nHost: app.test\r\n\r\n", 405},
		"TRACE":             {"TRACE / HTTP/1.1\r\nHost: app.test\r\n\r\n", 405},
		"HTTP/2 in the raw": {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505},
		"HTTP/1.2":          {"GET / HTTP/1.2\r\nHost: app.test\r\n\r\n", 505},
		"OPTIONS *":         {"OPTIONS * HTTP/1.1\r\nHost: app.test\r\n\r\n", 200},
		"another method":    {"BREW / HTTP/1.1\r\nHost: app.test\r\n\r\n", 200},
	} {
		t.Run(name, func(t *testing.T) {
			f := *f
			f.t = t
			client := f.dial()
			client.send(c.text)
			res, _ := client.response("GET")
			wantStatus(t, res, c.status)
			if c.status != 200 {
				client.closed()
			}
		})
	}
}

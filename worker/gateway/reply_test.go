package gateway

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// Responses that have no body are over with their head, whatever it says.
func TestResponsesWithoutABody(t *testing.T) {
	for name, c := range map[string]struct{ method, response, length string }{
		"HEAD":             {"HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", "5"},
		"HEAD of chunks":   {"HEAD", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", ""},
		"HEAD of nothing":  {"HEAD", "HTTP/1.1 200 OK\r\n\r\n", ""},
		"204":              {"GET", "HTTP/1.1 204 No Content\r\n\r\n", ""},
		"204 with length":  {"GET", "HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n", ""},
		"304":              {"GET", "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\nETag: \"x\"\r\n\r\n", "5"},
		"304 of chunks":    {"GET", "HTTP/1.1 304 Not Modified\r\nTransfer-Encoding: chunked\r\n\r\n", ""},
		"empty":            {"GET", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "0"},
		"without a reason": {"GET", "HTTP/1.1 299\r\nContent-Length: 0\r\n\r\n", "0"},
		"bare LF":          {"GET", "HTTP/1.1 200 OK\nContent-Length: 0\n\n", "0"},
	} {
		t.Run(name, func(t *testing.T) {
			f := start(t, Options{})
			o := tcpOrigin(t, always(c.response))
			f.app(o.address())
			client := f.dial()
			for range 3 {
				client.send(c.method + " / HTTP/1.1\r\nHost: app.test\r\n\r\n")
				res, content := client.response(c.method)
				if content != "" || res.Header.Get("Content-Length") != c.length || res.Header.Get("Transfer-Encoding") != "" {
					t.Errorf("%q, %v", content, res.Header)
				}
			}
			if n := o.connections.Load(); n != 1 {
				t.Errorf("%d connections to the instance, want 1", n)
			}
		})
	}
}

// A response that leaves two readings is not passed on, and its connection not used again.
func TestMalformedResponses(t *testing.T) {
	for name, response := range map[string]string{
		"length and chunks":  "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		"two lengths":        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!",
		"a list of lengths":  "HTTP/1.1 200 OK\r\nContent-Length: 5, 5\r\n\r\nhello",
		"a negative length":  "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
		"another coding":     "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
		"chunks in HTTP/1.0": "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		"a folded field":     "HTTP/1.1 200 OK\r\nX: a\r\n b\r\nContent-Length: 0\r\n\r\n",
		"a space in a name":  "HTTP/1.1 200 OK\r\nX : a\r\nContent-Length: 0\r\n\r\n",
		"a bare CR":          "HTTP/1.1 200 OK\r\nX: a\rY: b\r\nContent-Length: 0\r\n\r\n",
		"NUL":                "HTTP/1.1 200 O\x00K\r\nContent-Length: 0\r\n\r\n",
		"no status":          "HTTP/1.1 OK\r\n\r\n",
		"a status of 99":     "HTTP/1.1 099 Low\r\n\r\n",
		"a status of 1000":   "HTTP/1.1 1000 High\r\n\r\n",
		"HTTP/2":             "HTTP/2.0 200 OK\r\n\r\n",
		"another protocol":   "SSH-2.0-OpenSSH_9.2p1 Debian\r\n",
		"a huge head":        "HTTP/1.1 200 OK\r\nX: " + repeat("y", 64<<10) + "\r\n\r\n",
		"too many fields":    "HTTP/1.1 200 OK\r\n" + repeat("X: y\r\n", 101) + "\r\n",
		"101 nobody wanted":  "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
		"half a head":        "HTTP/1.1 200 OK\r\nX: ",
	} {
		t.Run(name, func(t *testing.T) {
			f := start(t, Options{})
			o := tcpOrigin(t, func(c net.Conn, r *bufio.Reader) {
				if _, err := readHeadText(r); err == nil {
					io.WriteString(c, response)
				}
			})
			f.app(o.address())
			c := f.dial()
			for want := int64(1); want <= 2; want++ {
				c.send(get)
				res, _ := c.response("GET")
				wantStatus(t, res, 502)
				if n := o.connections.Load(); n != want { // neither used again nor asked again
					t.Errorf("%d connections, want %d", n, want)
				}
			}
		})
	}
}

// A body that ends too early reaches the client as broken off, in whatever way it is framed.
func TestBodyThatBreaksOff(t *testing.T) {
	for name, response := range map[string]string{
		"short of its length":  "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhello",
		"in a chunk":           "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n64\r\nhello",
		"between chunks":       "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
		"with a malformed one": "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nwhat\r\n",
		"before the trailer":   "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX: y\r\n",
	} {
		for _, reset := range []bool{false, true} {
			t.Run(name, func(t *testing.T) {
				f := start(t, Options{})
				f.app(tcpOrigin(t, func(c net.Conn, r *bufio.Reader) {
					readHeadText(r)
					io.WriteString(c, response)
					if reset {
						time.Sleep(20 * time.Millisecond) // so that the bytes go before the reset
						c.(*net.TCPConn).SetLinger(0)
					}
				}).address())
				c := f.dial()
				c.send(get)
				res, err := http.ReadResponse(c.Reader, nil)
				if err != nil {
					t.Fatal(err)
				}
				content, err := io.ReadAll(res.Body)
				if err == nil || string(content) != "hello" {
					t.Errorf("got %q as if it were whole", content)
				}
				eventually(t, "a failure is counted", func() bool { return f.counts().Failed == 1 })
			})
		}
	}
}

// An instance that sends more than it said spoils only its own connection.
func TestBytesBehindTheResponseGoNowhere(t *testing.T) {
	f := start(t, Options{})
	o := tcpOrigin(t, always("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil"))
	f.app(o.address())
	c := f.dial()
	for want := int64(1); want <= 3; want++ {
		c.send(get)
		if _, content := c.response("GET"); content != "ok" {
			t.Fatalf("got %q", content)
		}
		if n := o.connections.Load(); n != want {
			t.Errorf("%d connections, want %d", n, want)
		}
	}
}

func TestBodyUntilTheEndBecomesChunks(t *testing.T) {
	f := start(t, Options{})
	f.app(tcpOrigin(t, func(c net.Conn, r *bufio.Reader) {
		readHeadText(r)
		io.WriteString(c, "HTTP/1.0 200 OK\r\n\r\nhello")
	}).address())
	c := f.dial()
	for range 2 {
		c.send(get)
		if res, content := c.response("GET"); content != "hello" || len(res.TransferEncoding) != 1 {
			t.Errorf("%q, %v", content, res.TransferEncoding)
		}
	}
}

func TestTrailersPass(t *testing.T) {
	f := start(t, Options{})
	f.app(server(t, func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		w.Header().Set("Trailer", "X-Sum")
		io.WriteString(w, r.Trailer.Get("X-Sum")+r.Trailer.Get("X-Forwarded-For")+r.Trailer.Get("Content-Length"))
		w.Header().Set("X-Sum", "2")
	}))
	res, content := f.ask("POST / HTTP/1.1\r\nHost: app.test\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum, X-Forwarded-For\r\n\r\n" +
		"1\r\nx\r\n0\r\nX-Sum: 1\r\nX-Forwarded-For: 6.6.6.6\r\nContent-Length: 6\r\n\r\n")
	if content != "1" || res.Trailer.Get("X-Sum") != "2" {
		t.Errorf("the instance saw %q, the client %v", content, res.Trailer)
	}
}

func TestInterimResponsesPass(t *testing.T) {
	f := start(t, Options{})
	f.app(tcpOrigin(t, always("HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\nConnection: x\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n"+
		"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")).address())
	c := f.dial()
	c.send(get)
	want := "HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\nHTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
	got := make([]byte, len(want))
	if _, err := io.ReadFull(c.Reader, got); err != nil || string(got) != want {
		t.Errorf("got %q, %v", got, err)
	}
	if res, content := f.ask("GET / HTTP/1.0\r\nHost: app.test\r\n\r\n"); res.StatusCode != 200 || content != "ok" {
		t.Errorf("HTTP/1.0 got %d %q", res.StatusCode, content)
	}
}

// Interim responses are passed on, but not for ever.
func TestEndlessInterimResponses(t *testing.T) {
	f := start(t, Options{})
	f.app(tcpOrigin(t, func(c net.Conn, r *bufio.Reader) {
		readHeadText(r)
		for {
			if _, err := io.WriteString(c, "HTTP/1.1 102 Processing\r\n\r\n"); err != nil {
				return
			}
		}
	}).address())
	c := f.dial()
	c.send("GET / HTTP/1.1\r\nHost: app.test\r\nConnection: close\r\n\r\n")
	all, err := io.ReadAll(c.Reader)
	if err != nil || !strings.Contains(string(all), "HTTP/1.1 502") || len(all) > 1<<20 {
		t.Errorf("%d bytes, %v", len(all), err)
	}
}

func TestExpectContinue(t *testing.T) {
	f := start(t, Options{})
	f.app(server(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/no" {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		content, _ := io.ReadAll(r.Body)
		w.Write(content)
	}))
	ask := func(path string) *client {
		c := f.dial()
		c.send("POST " + path + " HTTP/1.1\r\nHost: app.test\r\nExpect: 100-Continue\r\nContent-Length: 5\r\n\r\n")
		return c
	}
	t.Run("yes", func(t *testing.T) {
		c := ask("/")
		if head, err := readHeadText(c.Reader); err != nil || head != "HTTP/1.1 100 Continue\r\n\r\n" {
			t.Fatalf("%q, %v", head, err)
		}
		c.send("hello")
		if _, content := c.response("POST"); content != "hello" {
			t.Errorf("got %q", content)
		}
	})
	t.Run("no", func(t *testing.T) {
		c := ask("/no")
		res, _ := c.response("POST")
		wantStatus(t, res, 403)
		if !res.Close {
			t.Error("the connection is kept, though nobody knows whether the body comes")
		}
		c.closed()
	})
	t.Run("impatient", func(t *testing.T) {
		c := ask("/")
		c.send("hello")
		readHeadText(c.Reader)
		if _, content := c.response("POST"); content != "hello" {
			t.Errorf("got %q", content)
		}
	})
}

// Events reach the client as they come.
func TestServerSentEvents(t *testing.T) {
	f := start(t, Options{})
	next := make(chan string)
	f.app(server(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		w.(http.Flusher).Flush()
		for text := range next {
			io.WriteString(w, text)
			w.(http.Flusher).Flush()
		}
	}))
	c := f.dial()
	c.send(get)
	res, err := http.ReadResponse(c.Reader, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, event := range []string{"data: 1\n\n", "data: 2\n\n", "data: three\n\n"} {
		next <- event
		got := make([]byte, len(event))
		if _, err := io.ReadFull(res.Body, got); err != nil || string(got) != event {
			t.Fatalf("%q, %v", got, err)
		}
	}
	close(next)
	if rest, err := io.ReadAll(res.Body); err != nil || len(rest) > 0 {
		t.Errorf("%q, %v", rest, err)
	}
}

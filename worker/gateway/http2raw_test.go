package gateway

import (
	"bytes"
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

// rawHTTP2 is a client of HTTP/2 that sends what it is told.
type rawHTTP2 struct {
	t testing.TB
	*tls.Conn
	*http2.Framer
	block   bytes.Buffer
	encoder *hpack.Encoder
}

func (s *secured) rawHTTP2(settings ...http2.Setting) *rawHTTP2 {
	s.t.Helper()
	c, err := tls.Dial("tcp", s.gateway.SecureAddr().String(), s.clientTLS("app.test", http2.NextProtoTLS))
	if err != nil {
		s.t.Fatal(err)
	}
	c.SetDeadline(time.Now().Add(time.Minute))
	s.t.Cleanup(func() { c.Close() })
	r := &rawHTTP2{t: s.t, Conn: c, Framer: http2.NewFramer(c, c)}
	r.ReadMetaHeaders = hpack.NewDecoder(4096, nil)
	r.encoder = hpack.NewEncoder(&r.block)
	io.WriteString(c, http2.ClientPreface)
	r.WriteSettings(settings...)
	return r
}

// ask sends the head of a request: names and values in turn, those of pseudo fields first.
func (r *rawHTTP2) ask(stream uint32, ends bool, fields ...string) {
	r.block.Reset()
	for i := 0; i < len(fields); i += 2 {
		r.encoder.WriteField(hpack.HeaderField{Name: fields[i], Value: fields[i+1]})
	}
	rest := r.block.Bytes()
	first := min(len(rest), 16<<10)
	r.WriteHeaders(http2.HeadersFrameParam{StreamID: stream, BlockFragment: rest[:first], EndStream: ends, EndHeaders: first == len(rest)})
	for rest = rest[first:]; len(rest) > 0; {
		n := min(len(rest), 16<<10)
		r.WriteContinuation(stream, n == len(rest), rest[:n])
		rest = rest[n:]
	}
}

// outcome returns the status of a stream, or what ended it or the connection.
func (r *rawHTTP2) outcome(stream uint32) string {
	for {
		frame, err := r.ReadFrame()
		if err != nil {
			return err.Error()
		}
		switch f := frame.(type) {
		case *http2.MetaHeadersFrame:
			if f.StreamID == stream {
				return f.PseudoValue("status")
			}
		case *http2.RSTStreamFrame:
			if f.StreamID == stream {
				return f.ErrCode.String()
			}
		case *http2.GoAwayFrame:
			return "GOAWAY " + f.ErrCode.String()
		}
	}
}

// get is the pseudo fields of a request.
func getFields(more ...string) []string {
	return append([]string{":method", "GET", ":scheme", "https", ":authority", "app.test", ":path", "/"}, more...)
}

// Rows 37, 38 and 40 over HTTP/2: what HTTP/1.1 would read differently never reaches an instance.
func TestHTTP2Malformed(t *testing.T) {
	s := startSecure(t, Options{}, "app.test")
	s.app(server(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/fine" || len(r.Header["X-Forwarded-For"]) != 1 || strings.Contains(fmt.Sprint(r.Header), "evil") {
			t.Errorf("an instance got %s %s %v", r.Method, r.RequestURI, r.Header)
		}
	}))
	var many, long []string
	for i := range 17 {
		long = append(long, fmt.Sprintf("x-%d", i), repeat("y", 2<<10))
	}
	for i := range 101 {
		many = append(many, fmt.Sprintf("x-%d", i), "y")
	}
	pseudo := func(method, authority, path string, more ...string) []string {
		return append([]string{":method", method, ":scheme", "https", ":authority", authority, ":path", path}, more...)
	}
	for name, x := range map[string]struct {
		fields []string
		open   bool // a body is announced
		want   string
	}{
		"fine":                       {fields: pseudo("GET", "app.test", "/fine"), want: "200"},
		"forged":                     {fields: pseudo("GET", "app.test", "/fine", "x-forwarded-for", "evil", "x_forwarded_for", "evil", "forwarded", "evil"), want: "200"},
		"CR LF in a value":           {fields: getFields("x", "a\r\nevil: b"), want: "PROTOCOL_ERROR"},
		"LF in a path":               {fields: pseudo("GET", "app.test", "/a\nevil: b"), want: "PROTOCOL_ERROR"},
		"space in a path":            {fields: pseudo("GET", "app.test", "/a HTTP/1.1"), want: "400"},
		"space in a method":          {fields: pseudo("GET /x HTTP/1.1", "app.test", "/"), want: "400"},
		"no path":                    {fields: pseudo("GET", "app.test", ""), want: "PROTOCOL_ERROR"},
		"path without a slash":       {fields: pseudo("GET", "app.test", "evil"), want: "PROTOCOL_ERROR"},
		"upper case":                 {fields: getFields("X-Evil", "y"), want: "PROTOCOL_ERROR"},
		"space in a name":            {fields: getFields("x evil", "y"), want: "PROTOCOL_ERROR"},
		"colon in a name":            {fields: getFields("x:evil", "y"), want: "PROTOCOL_ERROR"},
		"user in the host":           {fields: pseudo("GET", "evil@app.test", "/"), want: "PROTOCOL_ERROR"},
		"space in the host":          {fields: pseudo("GET", "app.test evil", "/"), want: "PROTOCOL_ERROR"},
		"another host":               {fields: getFields("host", "evil.test"), want: "PROTOCOL_ERROR"},
		"host of another connection": {fields: pseudo("GET", "other.test", "/"), want: "421"},
		"transfer-encoding":          {fields: getFields("transfer-encoding", "chunked"), open: true, want: "400"},
		"connection":                 {fields: getFields("connection", "x-evil"), want: "400"},
		"upgrade":                    {fields: getFields("upgrade", "websocket"), want: "400"},
		"two lengths":                {fields: getFields("content-length", "1", "content-length", "2"), open: true, want: "400"},
		"a signed length":            {fields: getFields("content-length", "+1"), open: true, want: "400"},
		"a length without a body":    {fields: getFields("content-length", "5"), want: "400"},
		"101 fields":                 {fields: getFields(many...), want: "431"},
		"34 KiB":                     {fields: getFields(long...), want: "431"},
		"64 KiB in one":              {fields: getFields("x", repeat("y", 64<<10)), want: "GOAWAY COMPRESSION_ERROR"},
		"TRACE":                      {fields: pseudo("TRACE", "app.test", "/"), want: "405"},
		"CONNECT":                    {fields: []string{":method", "CONNECT", ":authority", "app.test:80"}, want: "405"},
		"a WebSocket":                {fields: []string{":method", "CONNECT", ":protocol", "websocket", ":scheme", "https", ":authority", "app.test", ":path", "/"}, want: "PROTOCOL_ERROR"},
	} {
		t.Run(name, func(t *testing.T) {
			r := s.rawHTTP2()
			r.ask(1, !x.open, x.fields...)
			if got := r.outcome(1); got != x.want {
				t.Errorf("%s, want %s", got, x.want)
			}
		})
	}
}

// HTTP/2 is spoken over TLS alone.
func TestPriorKnowledgeIsRefused(t *testing.T) {
	f := start(t, Options{})
	c := f.dial()
	c.send(http2.ClientPreface)
	res, _ := c.response("GET")
	wantStatus(t, res, 505)
	c.closed()
}

// A client that asks and resets as fast as it can has no more requests at instances than streams it may have.
func TestHTTP2RapidResets(t *testing.T) {
	s := startSecure(t, Options{}, "app.test")
	var open, most atomic.Int32
	s.app(server(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/well" {
			return
		}
		n := open.Add(1)
		for old := most.Load(); n > old && !most.CompareAndSwap(old, n); old = most.Load() {
		}
		<-r.Context().Done()
		open.Add(-1)
	}))
	r := s.rawHTTP2()
	go func() {
		for i := range uint32(20000) {
			r.ask(2*i+1, true, getFields()...)
			if r.WriteRSTStream(2*i+1, http2.ErrCodeCancel) != nil {
				return
			}
		}
	}()
	r.outcome(1 << 30)
	res, _ := s.do(s.http2Client(), newRequest(t, "GET", "https://app.test/well", nil))
	wantStatus(t, res, 200)
	if n := most.Load(); n > 2*maxStreams {
		t.Errorf("%d requests were at the instance at once", n)
	}
	eventually(t, "no request is left", func() bool { return open.Load() == 0 })
}

// A client that takes nothing of a response loses its stream; one that sends nothing of a body is told.
func TestHTTP2SlowClients(t *testing.T) {
	s := startSecure(t, Options{Timeouts: Timeouts{Body: 300 * time.Millisecond}}, "app.test")
	s.app(server(t, func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		io.WriteString(w, repeat("x", len(r.URL.Path)*1000))
	}))
	for _, path := range []string{"/", "/long" + repeat("g", 200)} {
		r := s.rawHTTP2(http2.Setting{ID: http2.SettingInitialWindowSize, Val: 0})
		r.ask(1, true, ":method", "GET", ":scheme", "https", ":authority", "app.test", ":path", path)
		if got := r.outcome(1); got != "200" {
			t.Fatal(got)
		}
		if got := r.outcome(1); got == "200" || strings.Contains(got, "timeout") {
			t.Errorf("%d bytes: %s", len(path)*1000, got)
		}
	}
	r := s.rawHTTP2()
	r.ask(1, false, ":method", "POST", ":scheme", "https", ":authority", "app.test", ":path", "/")
	if got := r.outcome(1); got != "408" {
		t.Errorf("no body: %s, want 408", got)
	}
	eventually(t, "all are forgotten", func() bool {
		n := 0
		s.gateway.eachConn(func(c *conn) {
			if c.session.Load() == nil {
				n++
			}
		})
		return n == 0
	})
}

// When the gateway stops, what is under way ends, a stream of events too, and clients are told to go elsewhere.
func TestHTTP2Drain(t *testing.T) {
	s := startSecure(t, Options{}, "app.test")
	var waiting atomic.Int32
	release := make(chan struct{})
	s.app(server(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/events" {
			w.Header().Set("Content-Type", "text/event-stream")
			io.WriteString(w, "data: 1\n\n")
			w.(http.Flusher).Flush()
			waiting.Add(1)
			<-r.Context().Done()
			return
		}
		waiting.Add(1)
		<-release
		content, _ := io.ReadAll(r.Body)
		fmt.Fprintf(w, "%d", len(content))
	}))
	const requests = 50
	c := s.http2Client()
	outcomes := make(chan string, requests+1)
	ask := func(method, path, body string) {
		r, _ := http.NewRequest(method, "https://app.test"+path, strings.NewReader(body))
		res, err := c.Do(r)
		if err != nil {
			outcomes <- err.Error()
			return
		}
		defer res.Body.Close()
		content, err := io.ReadAll(res.Body)
		outcomes <- fmt.Sprintf("%d %s %v", res.StatusCode, content, err)
	}
	go ask("GET", "/events", "")
	for range requests {
		go ask("POST", "/", repeat("x", 100<<10))
	}
	eventually(t, "all are under way", func() bool { return waiting.Load() == requests+1 })
	s.stop()
	if got := <-outcomes; got != "200 data: 1\n\n <nil>" {
		t.Errorf("events: %s", got)
	}
	close(release)
	for range requests {
		if got := <-outcomes; got != "200 102400 <nil>" {
			t.Errorf("a request: %s", got)
		}
	}
	if !within(s.stopped, 10*time.Second) {
		t.Error("the gateway goes on")
	}
}

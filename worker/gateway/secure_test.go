package gateway

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"berth/core"
)

func (s *secured) tryTLS(config *tls.Config) (*client, error) {
	c, err := tls.Dial("tcp", s.gateway.SecureAddr().String(), config)
	if err != nil {
		return nil, err
	}
	c.SetDeadline(time.Now().Add(time.Minute))
	s.t.Cleanup(func() { c.Close() })
	return &client{s.t, c, bufio.NewReader(c)}, nil
}

func (s *secured) askTLS(name, host string) (*http.Response, string) {
	s.t.Helper()
	c := s.dialTLS(name)
	defer c.Close()
	c.send("GET / HTTP/1.1\r\nHost: " + host + "\r\n\r\n")
	return c.response("GET")
}

func sayProto(w http.ResponseWriter, r *http.Request) {
	io.WriteString(w, r.Header.Get("X-Forwarded-Proto")+" "+r.Header.Get("Forwarded"))
}

func TestHTTPS(t *testing.T) {
	s := startSecure(t, Options{}, "app.test", "*.wild.test")
	s.app(server(t, sayProto))
	s.route(core.Route{Domain: "*.wild.test", AppID: "app"})
	for name, host := range map[string]string{"app.test": "APP.test.:443", "a.wild.test": "a.wild.test"} {
		res, said := s.askTLS(name, host)
		if res.StatusCode != 200 || !strings.HasPrefix(said, "https for=127.0.0.1;") || !strings.HasSuffix(said, "proto=https") {
			t.Errorf("%s: %d %q", name, res.StatusCode, said)
		}
	}
	if _, said := s.ask(get); !strings.HasPrefix(said, "http for=") {
		t.Errorf("plain: %q", said)
	}
}

// Row 39: a connection that was made for one name leads to no other.
func TestSecureConnectionOfAnotherName(t *testing.T) {
	s := startSecure(t, Options{}, "app.test", "other.test", "*.wild.test")
	s.app(server(t, sayProto))
	s.route(core.Route{Domain: "*.wild.test", AppID: "app"})
	for _, x := range []struct {
		name, host string
		status     int
	}{
		{"other.test", "app.test", 421},
		{"a.wild.test", "b.wild.test", 421}, // one certificate, but perhaps two customers
		{"other.test", "other.test", 404},
		{"app.test", "127.0.0.1", 421},
	} {
		if res, said := s.askTLS(x.name, x.host); res.StatusCode != x.status || strings.Contains(said, "https") {
			t.Errorf("%s for %s: %d %q, want %d", x.name, x.host, res.StatusCode, said, x.status)
		}
	}
}

// A client that names no server, or one without a certificate, is presented nothing.
func TestUnknownServerNameIsRefused(t *testing.T) {
	s := startSecure(t, Options{}, "app.test", "*.wild.test")
	for _, name := range []string{"unknown.test", "wild.test", "a.b.wild.test", "", "x.app.test"} {
		config := &tls.Config{ServerName: name, InsecureSkipVerify: true}
		if c, err := s.tryTLS(config); err == nil || !strings.Contains(err.Error(), "unrecognized name") {
			t.Errorf("%q: %v, %v", name, c, err)
		}
	}
	eventually(t, "they are counted", func() bool { return s.gateway.Totals().BadHandshakes == 5 })
}

func TestOldTLSIsRefused(t *testing.T) {
	s := startSecure(t, Options{}, "app.test")
	config := s.clientTLS("app.test")
	config.MinVersion, config.MaxVersion = tls.VersionTLS10, tls.VersionTLS11
	if _, err := s.tryTLS(config); err == nil {
		t.Error("TLS 1.1 is spoken")
	}
	config.MinVersion, config.MaxVersion = tls.VersionTLS12, tls.VersionTLS12
	if _, err := s.tryTLS(config); err != nil {
		t.Error("TLS 1.2 is not spoken:", err)
	}
}

// A session is resumed for the name it was made for, and only while that has a certificate.
func TestResumption(t *testing.T) {
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		t.Run(tls.VersionName(version), func(t *testing.T) {
			s := startSecure(t, Options{}, "app.test")
			s.app(server(t, sayProto))
			cache := &oneSession{}
			ask := func(name string) (resumed bool, err error) {
				config := s.clientTLS(name)
				config.ClientSessionCache, config.MaxVersion = cache, version
				config.InsecureSkipVerify = name != "app.test"
				c, err := s.tryTLS(config)
				if err != nil {
					return false, err
				}
				c.send("GET / HTTP/1.1\r\nHost: app.test\r\n\r\n")
				c.response("GET") // the ticket comes before it
				return c.Conn.(*tls.Conn).ConnectionState().DidResume, nil
			}
			if resumed, err := ask("app.test"); resumed || err != nil {
				t.Fatal("first:", resumed, err)
			}
			if resumed, err := ask("app.test"); !resumed || err != nil {
				t.Error("again:", resumed, err)
			}
			if _, err := ask("other.test"); err == nil {
				t.Error("resumed for another name")
			}
			s.gateway.apply(core.RegistryChange{RemovedCertificates: []string{"ca"}})
			if _, err := ask("app.test"); err == nil {
				t.Error("resumed for a name without a certificate")
			}
		})
	}
}

// oneSession gives the last session out for every name.
type oneSession struct{ last *tls.ClientSessionState }

func (c *oneSession) Get(string) (*tls.ClientSessionState, bool) { return c.last, c.last != nil }
func (c *oneSession) Put(_ string, s *tls.ClientSessionState) {
	if s != nil {
		c.last = s
	}
}

// A client that says nothing, or a byte now and then, does not keep its connection.
func TestSlowHandshake(t *testing.T) {
	s := startSecure(t, Options{Timeouts: Timeouts{Head: 200 * time.Millisecond}}, "app.test")
	for name, first := range map[string]string{"silent": "", "slow": repeat("\x16", 10000)} {
		c, err := net.Dial("tcp", s.gateway.SecureAddr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		c.SetDeadline(time.Now().Add(time.Minute))
		(&client{t, c, nil}).trickle(first, 10*time.Millisecond)
		if _, err := io.Copy(io.Discard, c); isTimeout(err) {
			t.Errorf("%s: the connection is kept", name)
		}
	}
	c, err := net.Dial("tcp", s.gateway.SecureAddr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	io.WriteString(c, get)
	c.SetDeadline(time.Now().Add(time.Minute))
	if got, err := io.ReadAll(c); isTimeout(err) || strings.Contains(string(got), "200") {
		t.Errorf("plain HTTP on the secure port: %q, %v", got, err)
	}
}

func TestCertificateChanges(t *testing.T) {
	s := startSecure(t, Options{})
	presented := func(name string) string {
		c, err := s.tryTLS(s.clientTLS(name))
		if err != nil {
			return ""
		}
		defer c.Close()
		return c.Conn.(*tls.Conn).ConnectionState().PeerCertificates[0].Subject.CommonName
	}
	want := func(name, id string) {
		t.Helper()
		if got := presented(name); got != id {
			t.Errorf("%s: %q is presented, want %q", name, got, id)
		}
	}
	short, long := s.authority.issue("short", time.Hour, "app.test", "b.test"), s.authority.issue("long", 2*time.Hour, "app.test")
	wild := s.authority.issue("wild", 3*time.Hour, "*.test")
	s.certify(short, wild)
	want("app.test", "short")
	want("other.test", "wild")
	s.certify(long)
	want("app.test", "long")
	want("b.test", "short")
	s.gateway.apply(core.RegistryChange{RemovedCertificates: []string{"long", "absent"}})
	want("app.test", "short")
	renamed := s.authority.issue("short", time.Hour, "c.test")
	s.certify(renamed)
	want("app.test", "wild")
	want("c.test", "short")
	s.gateway.apply(core.RegistryChange{Reset: true, Certificates: []core.PublishedCertificate{long}})
	want("app.test", "long")
	want("other.test", "")
	if n := s.gateway.Totals().Certificates; n != 1 {
		t.Errorf("%d certificates are kept, want 1", n)
	}
}

// An entry that cannot be used is reported; what was there before, and all others, serve.
func TestMalformedCertificateIsLeftOut(t *testing.T) {
	var log bytes.Buffer
	s := startSecure(t, Options{Log: slog.New(slog.NewTextHandler(&log, nil))})
	good, other := s.authority.issue("good", time.Hour, "app.test"), s.authority.issue("other", time.Hour, "x.test")
	s.certify(good)
	for what, spoil := range map[string]func(c *core.PublishedCertificate){
		"no names":        func(c *core.PublishedCertificate) { c.Names = nil },
		"a bad name":      func(c *core.PublishedCertificate) { c.Names = []string{"*.*.test"} },
		"no chain":        func(c *core.PublishedCertificate) { c.Chain = "" },
		"a broken chain":  func(c *core.PublishedCertificate) { c.Chain = c.Chain[:100] },
		"no key":          func(c *core.PublishedCertificate) { c.SealedKey = nil },
		"a broken key":    func(c *core.PublishedCertificate) { c.SealedKey = append([]byte{}, c.SealedKey[1:]...) },
		"another's key":   func(c *core.PublishedCertificate) { c.SealedKey = other.SealedKey },
		"another's chain": func(c *core.PublishedCertificate) { c.Chain = other.Chain },
		"an unusable key": func(c *core.PublishedCertificate) { c.SealedKey, _ = s.authority.seal.Seal("good", []byte("x")) },
	} {
		log.Reset()
		bad := good
		spoil(&bad)
		fresh := s.authority.issue("fresh", time.Hour, "fresh.test")
		s.certify(bad, fresh)
		if !strings.Contains(log.String(), "/caas/gateway/certificate/good") {
			t.Errorf("%s: not reported: %s", what, log.String())
		}
		for _, name := range []string{"app.test", "fresh.test"} {
			if _, err := s.tryTLS(s.clientTLS(name)); err != nil {
				t.Errorf("%s: %s: %v", what, name, err)
			}
		}
	}
}

func TestHTTPSWithoutKeyIsOff(t *testing.T) {
	var log bytes.Buffer
	f := start(t, Options{ListenSecure: "127.0.0.1:0", Log: slog.New(slog.NewTextHandler(&log, nil))})
	if f.gateway.SecureAddr() != nil {
		t.Error("it listens")
	}
	f.stop()
	<-f.stopped
	if !strings.Contains(log.String(), "HTTPS is off") {
		t.Errorf("nothing is said: %s", log.String())
	}
}

// A response larger than every buffer arrives whole over TLS, and so does a request.
func TestLargeBodiesOverTLS(t *testing.T) {
	s := startSecure(t, Options{}, "app.test")
	s.app(server(t, func(w http.ResponseWriter, r *http.Request) {
		content, _ := io.ReadAll(r.Body)
		w.Write(content)
	}))
	for _, size := range []int{1, smallBuffer, largeBuffer + 1, 3 << 20} {
		for _, form := range []string{"Content-Length: %d\r\n\r\n%s", "Transfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n"} {
			content := repeat("0123456789abcdef", size/16+1)[:size]
			c := s.dialTLS("app.test")
			go fmt.Fprintf(c.Conn, "POST / HTTP/1.1\r\nHost: app.test\r\n"+form, size, content)
			if _, got := c.response("POST"); got != content {
				t.Errorf("%d bytes: %d came back", size, len(got))
			}
		}
	}
}

// A client that leaves says so in a record that nobody reads while its instance works; it is seen all the same.
func TestSecureClientThatLeavesIsSeen(t *testing.T) {
	a, l := newAuthority(t), listen(t)
	defer l.Close()
	certificates := newCertificates(a.seal)
	certificates.apply(core.RegistryChange{Certificates: []core.PublishedCertificate{a.issue("a", time.Hour, "app.test")}})
	secured, left, done := make(chan struct{}), make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		c, err := tls.Dial("tcp", l.Addr().String(), &tls.Config{ServerName: "app.test", RootCAs: a.pool})
		if err != nil {
			t.Error(err)
			return
		}
		<-secured
		io.WriteString(c, "more")
		<-left
		c.Close()
	}()
	raw, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer raw.Close()
	c := tls.Server(raw, newTLS(certificates))
	if err := c.Handshake(); err != nil {
		t.Fatal(err)
	}
	close(secured)
	var s socket
	s.open(c)
	eventually(t, "bytes have come", func() bool { return s.peek() == socketReady })
	close(left)
	<-done
	eventually(t, "the client has left", func() bool { return s.peek() == socketEnded })
}

// A connection that rests after a request holds little, TLS or not.
func TestIdleSecureConnectionsTakeLittleMemory(t *testing.T) {
	const connections = 500
	s := startSecure(t, Options{}, "app.test")
	s.app(server(t, func(http.ResponseWriter, *http.Request) {}))
	ask := func() net.Conn {
		c, err := tls.Dial("tcp", s.gateway.SecureAddr().String(), s.clientTLS("app.test"))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		io.WriteString(c, get)
		if _, err := http.ReadResponse(bufio.NewReaderSize(c, 512), nil); err != nil {
			t.Fatal(err)
		}
		return c
	}
	ask()
	before := inUse()
	for range connections {
		ask()
	}
	each := (inUse() - before) / connections
	t.Logf("%d bytes for a connection, the client's end included", each)
	if each > 48<<10 {
		t.Errorf("an idle connection takes %d bytes", each)
	}
}

// inUse is the memory of heap and stacks, after what is not needed was given back.
func inUse() int {
	for range 4 { // stacks shrink by half each time
		runtime.GC()
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int(m.HeapInuse + m.StackInuse)
}

// WebSockets come over HTTP/1.1, which a client chooses in the handshake, and are told when the gateway stops.
func TestSecureWebSocket(t *testing.T) {
	s := startSecure(t, Options{}, "app.test")
	s.app(echo(t))
	d := websocket.Dialer{TLSClientConfig: s.clientTLS("app.test", "http/1.1"),
		NetDial: func(string, string) (net.Conn, error) { return net.Dial("tcp", s.gateway.SecureAddr().String()) }}
	c, _, err := d.Dial("wss://app.test/socket", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for _, size := range []int{0, 126, 65536, 1 << 20} {
		sent := repeat("x", size)
		written := make(chan error)
		go func() { written <- c.WriteMessage(websocket.TextMessage, []byte(sent)) }()
		if _, got, err := c.ReadMessage(); err != nil || string(got) != sent {
			t.Fatalf("%d bytes came back as %d, %v", size, len(got), err)
		}
		if err := <-written; err != nil {
			t.Fatal(err)
		}
	}
	s.stop()
	if _, _, err := c.ReadMessage(); !websocket.IsCloseError(err, websocket.CloseGoingAway) {
		t.Errorf("the farewell is %v", err)
	}
	if !within(s.stopped, 10*time.Second) {
		t.Error("the gateway goes on")
	}
}

package tcp

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"math/big"
	"net"
	"testing"
	"time"

	"berth/core"
)

// certificateOf makes one that its own key has signed.
func certificateOf(t testing.TB, name string) *tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	leaf := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{name}, NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, leaf, leaf, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

func dialTLS(c net.Conn, name string) (*tls.Conn, string, error) {
	t := tls.Client(c, &tls.Config{ServerName: name, InsecureSkipVerify: true})
	if err := t.Handshake(); err != nil {
		return nil, "", err
	}
	return t, t.ConnectionState().PeerCertificates[0].DNSNames[0], nil
}

func TestTLSEndsHere(t *testing.T) {
	certificate := certificateOf(t, "db.example.com")
	h := newHouse(t, func(o *Options) {
		o.Certificate = func(name string) *tls.Certificate {
			if name == "db.example.com" {
				return certificate
			}
			return nil
		}
	})
	h.instance("db", "1.0", shout("one"))
	r := h.route(core.TCPRoute{AppID: "db", TLS: core.TCPTerminate, ServerName: "db.example.com"})
	c, shown, err := dialTLS(h.dial(r.Port), "DB.example.com")
	h.ok(err)
	if got := h.ask(c, "hello"); got != "one: hello" || shown != "db.example.com" {
		t.Errorf("got %q by %s", got, shown)
	}
	h.ok(c.CloseWrite())
	if rest, err := io.ReadAll(c); string(rest) != "one: bye\n" || err != nil {
		t.Errorf("after the half was closed: %q, %v", rest, err)
	}
	if _, _, err := dialTLS(h.dial(r.Port), "other.example.com"); err == nil {
		t.Error("an unknown name is let in")
	}
	without := h.route(core.TCPRoute{AppID: "db", Port: r.Port + 1, TLS: core.TCPTerminate, ServerName: "bare.example.com"})
	if _, _, err := dialTLS(h.dial(without.Port), "bare.example.com"); err == nil || !h.countsOf(without).NoCertificate {
		t.Error("a name without a certificate is let in, or nobody says what is missing")
	}

	// As PostgreSQL's clients begin.
	p := h.dial(r.Port)
	p.Write(gssRequest)
	answer := make([]byte, 1)
	if _, err := io.ReadFull(p, answer); err != nil || answer[0] != 'N' {
		t.Fatalf("%q, %v", answer, err)
	}
	p.Write(sslRequest)
	if _, err := io.ReadFull(p, answer); err != nil || answer[0] != 'S' {
		t.Fatalf("%q, %v", answer, err)
	}
	c, _, err = dialTLS(p, "db.example.com")
	h.ok(err)
	h.ask(c, "hello")
}

// Two names share a port; each instance shows its own certificate, and the gateway has none.
func TestTwoNamesOnOnePort(t *testing.T) {
	h := newHouse(t, nil)
	for _, name := range []string{"a.example.com", "b.example.com"} {
		config := &tls.Config{Certificates: []tls.Certificate{*certificateOf(t, name)}}
		h.instance(name[:1]+"-app", "1.0", func(c net.Conn) { shout(name)(tls.Server(c, config)) })
		h.route(core.TCPRoute{AppID: name[:1] + "-app", TLS: core.TCPPassThrough, ServerName: name})
	}
	for _, name := range []string{"a.example.com", "b.example.com"} {
		c, shown, err := dialTLS(h.dial(h.Pool.From), name)
		h.ok(err)
		if got := h.ask(c, "hello"); got != name+": hello" || shown != name {
			t.Errorf("%s: got %q by %s", name, got, shown)
		}
	}
	for name, say := range map[string]string{"another name": "", "no TLS": "GET / HTTP/1.0\r\n\r\n"} {
		c := h.dial(h.Pool.From)
		if say == "" {
			if _, _, err := dialTLS(c, "c.example.com"); err == nil {
				t.Errorf("%s is let in", name)
			}
			continue
		}
		c.Write([]byte(say))
		h.isRefused(c)
	}
}

func TestHelloHasATime(t *testing.T) {
	h := newHouse(t, func(o *Options) { o.Timeouts.Hello = 300 * time.Millisecond })
	h.instance("db", "1.0", shout("one"))
	r := h.route(core.TCPRoute{AppID: "db", TLS: core.TCPPassThrough, ServerName: "db.example.com"})
	c := h.dial(r.Port)
	c.Write([]byte{22, 3, 1})
	began := time.Now()
	h.isRefused(c)
	if took := time.Since(began); took > 3*time.Second {
		t.Errorf("it took %s", took)
	}
}

func TestProxyProtocol(t *testing.T) {
	h := newHouse(t, nil)
	heads := make(chan []byte, 1)
	h.instance("db", "1.0", func(c net.Conn) {
		head := make([]byte, 28)
		io.ReadFull(c, head)
		heads <- head
		shout("one")(c)
	})
	r := h.route(core.TCPRoute{AppID: "db", Proxy: true})
	c := h.dial(r.Port)
	if got := h.ask(c, "hello"); got != "one: hello" {
		t.Errorf("got %q", got)
	}
	head := <-heads
	local := c.LocalAddr().(*net.TCPAddr)
	want := append([]byte("\r\n\r\n\x00\r\nQUIT\n\x21\x11\x00\x0c\x7f\x00\x00\x01\x7f\x00\x00\x01"), byte(local.Port>>8), byte(local.Port), byte(r.Port>>8), byte(r.Port))
	if !bytes.Equal(head, want) {
		t.Errorf("% x\nwant % x", head, want)
	}
}

// helloFor is what a client of crypto/tls sends first.
func helloFor(t testing.TB, name string) []byte {
	t.Helper()
	client, server := net.Pipe()
	go tls.Client(client, &tls.Config{ServerName: name, InsecureSkipVerify: true}).Handshake()
	defer client.Close()
	b := make([]byte, maxHello)
	n, err := server.Read(b)
	if err != nil {
		t.Fatal(err)
	}
	return b[:n]
}

func TestServerName(t *testing.T) {
	whole := helloFor(t, "db.example.com")
	for cut := range whole {
		if _, err := serverName(whole[:cut]); err != errShort {
			t.Fatalf("%d of %d bytes: %v", cut, len(whole), err)
		}
	}
	if name, err := serverName(whole); name != "db.example.com" || err != nil {
		t.Errorf("%q, %v", name, err)
	}
	var split []byte // the same in records of a few bytes
	for rest := whole[5:]; len(rest) > 0; {
		n := min(7, len(rest))
		split = append(append(split, 22, 3, 1, 0, byte(n)), rest[:n]...)
		rest = rest[n:]
	}
	if name, err := serverName(split); name != "db.example.com" || err != nil {
		t.Errorf("in small records: %q, %v", name, err)
	}
}

func FuzzServerName(f *testing.F) {
	f.Add(helloFor(f, "db.example.com"))
	f.Add(helloFor(f, ""))
	f.Add([]byte{22, 3, 1, 0, 4, 1, 0, 0, 0})
	f.Fuzz(func(t *testing.T, sent []byte) {
		name, err := serverName(sent)
		if err != nil && name != "" {
			t.Error("a name beside an error")
		}
		if err == nil { // what more comes changes nothing
			if again, err := serverName(append(bytes.Clone(sent), 1, 2, 3)); err != nil || again != name {
				t.Errorf("%q, then %q, %v", name, again, err)
			}
		}
	})
}

func BenchmarkBulk(b *testing.B) {
	const size = 64 << 20
	l, _ := net.Listen("tcp", "127.0.0.1:0")
	defer l.Close()
	block := make([]byte, 1<<20)
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				for range size >> 20 {
					c.Write(block)
				}
			}()
		}
	}()
	s := New(Options{Pool: core.TCPPool{Host: "127.0.0.1", From: 20999, To: 20999}})
	s.Apply(core.RegistryChange{Apps: map[string][]core.Address{"db": {{AppID: "db", Address: l.Addr().String()}}},
		TCPRoutes: []core.TCPRoute{{AppID: "db", Port: 20999}}})
	b.SetBytes(size)
	for b.Loop() {
		c, err := net.Dial("tcp", fmt.Sprint("127.0.0.1:", 20999))
		if err != nil {
			b.Fatal(err)
		}
		if n, _ := io.Copy(io.Discard, c); n != size {
			b.Fatal(n)
		}
		c.Close()
	}
}

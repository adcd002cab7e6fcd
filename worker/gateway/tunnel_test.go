package gateway

import (
	"bufio"
	"bytes"
	"crypto/rand"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

const upgrade = "GET /socket HTTP/1.1\r\nHost: app.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
	"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"

// echo is a WebSocket server that sends every message back.
func echo(t testing.TB) string {
	return server(t, func(w http.ResponseWriter, r *http.Request) {
		c, err := (&websocket.Upgrader{EnableCompression: true}).Upgrade(w, r, nil)
		if err != nil {
			return
		}
		defer c.Close()
		for {
			kind, content, err := c.ReadMessage()
			if err != nil || c.WriteMessage(kind, content) != nil {
				return
			}
		}
	})
}

func (f *fixture) socket() *websocket.Conn {
	f.t.Helper()
	d := websocket.Dialer{NetDial: func(string, string) (net.Conn, error) { return net.Dial("tcp", f.address) }}
	c, _, err := d.Dial("ws://app.test/socket", nil)
	if err != nil {
		f.t.Fatal(err)
	}
	f.t.Cleanup(func() { c.Close() })
	return c
}

func TestWebSocket(t *testing.T) {
	f := start(t, Options{})
	f.app(echo(t))
	c := f.socket()
	for _, size := range []int{0, 1, 125, 126, 65535, 65536, 1 << 20} {
		sent := make([]byte, size)
		rand.Read(sent)
		written := make(chan error)
		go func() { written <- c.WriteMessage(websocket.BinaryMessage, sent) }()
		if _, got, err := c.ReadMessage(); err != nil || !bytes.Equal(got, sent) {
			t.Fatalf("%d bytes came back as %d, %v", size, len(got), err)
		}
		if err := <-written; err != nil {
			t.Fatal(err)
		}
	}
	if n := f.gateway.Totals().Tunnels; n != 1 {
		t.Errorf("%d tunnels counted", n)
	}
	c.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(4000, "bye"), time.Now().Add(time.Second))
	if _, _, err := c.ReadMessage(); !websocket.IsCloseError(err, 4000) {
		t.Errorf("the instance's farewell is %v", err)
	}
	c.Close()
	eventually(t, "the tunnel ends", func() bool { return f.gateway.Totals().Tunnels == 0 })
}

// Bytes that either side sends right behind its head belong to the tunnel.
func TestBytesBehindTheSwitch(t *testing.T) {
	f := start(t, Options{})
	f.app(tcpOrigin(t, func(c net.Conn, r *bufio.Reader) {
		readHeadText(r)
		io.WriteString(c, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: x\r\n\r\n\x81\x02hi")
		got := make([]byte, 8)
		io.ReadFull(r, got)
		c.Write(append([]byte{0x82, 8}, got...))
	}).address())
	c := f.dial()
	c.send(upgrade + "\x81\x82abcdhi")
	head, err := readHeadText(c.Reader)
	want := "HTTP/1.1 101 Switching Protocols\r\nSec-WebSocket-Accept: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
	if err != nil || head != want {
		t.Errorf("%q, %v", head, err)
	}
	if rest, err := io.ReadAll(c.Reader); err != nil || string(rest) != "\x81\x02hi\x82\x08\x81\x82abcdhi" {
		t.Errorf("%q, %v", rest, err)
	}
}

// An instance that answers an upgrade with 200 gets no tunnel, and what the client sends behind it goes nowhere.
func TestUpgradeThatIsRefused(t *testing.T) {
	f := start(t, Options{})
	heard := make(chan string, 4)
	o := tcpOrigin(t, func(c net.Conn, r *bufio.Reader) {
		for {
			head, err := readHeadText(r)
			heard <- head
			if err != nil {
				return
			}
			io.WriteString(c, "HTTP/1.1 200 OK\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nContent-Length: 2\r\n\r\nno")
		}
	})
	f.app(o.address())
	c := f.dial()
	c.send(upgrade + "GET /smuggled HTTP/1.1\r\nHost: app.test\r\n\r\n")
	res, content := c.response("GET")
	if res.StatusCode != 200 || content != "no" || res.Header.Get("Upgrade") != "" || !res.Close {
		t.Errorf("%d %q %v, close %v", res.StatusCode, content, res.Header, res.Close)
	}
	c.closed()
	if head := <-heard; !strings.Contains(head, "Connection: Upgrade\r\nUpgrade: websocket\r\n") {
		t.Errorf("the instance got %q", head)
	}
	if rest := <-heard; rest != "" {
		t.Errorf("the instance got %q on the same connection", rest)
	}
	f.ask(get)
	if n := o.connections.Load(); n != 2 {
		t.Errorf("%d connections, want 2", n)
	}
}

// Only a GET without a body becomes a WebSocket.
func TestUpgradeThatIsNone(t *testing.T) {
	f := start(t, Options{})
	address, heads := received(t)
	f.app(address)
	for _, text := range []string{
		"POST / HTTP/1.1\r\nHost: app.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nContent-Length: 0\r\n\r\n",
		"GET / HTTP/1.0\r\nHost: app.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: app.test\r\nUpgrade: websocket\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: app.test\r\nConnection: Upgrade\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: app.test\r\nConnection: Upgrade\r\nUpgrade: h2c, websocket\r\n\r\n",
	} {
		f.ask(text)
		if head := strings.ToLower(<-heads); strings.Contains(head, "upgrade") {
			t.Errorf("%q became %q", text, head)
		}
	}
}

// A WebSocket whose client vanishes without a word does not stay.
func TestSilentTunnelEnds(t *testing.T) {
	f := start(t, Options{Timeouts: Timeouts{Silence: 100 * time.Millisecond}})
	f.app(echo(t))
	c := f.socket()
	c.SetReadDeadline(time.Now().Add(time.Minute))
	if _, _, err := c.ReadMessage(); !websocket.IsUnexpectedCloseError(err) {
		t.Errorf("the socket ended with %v", err)
	}
	c.Close()
	eventually(t, "the tunnel ends", func() bool { return f.gateway.Totals().Tunnels == 0 })
}

// When the instance ends a tunnel, a client that does not end its side is not waited for.
func TestTunnelEndsWithTheInstance(t *testing.T) {
	f := start(t, Options{})
	f.app(tcpOrigin(t, func(c net.Conn, r *bufio.Reader) {
		readHeadText(r)
		io.WriteString(c, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
	}).address())
	c := f.dial()
	c.send(upgrade)
	readHeadText(c.Reader)
	c.closed()
	eventually(t, "the tunnel ends", func() bool { return f.gateway.Totals().Tunnels == 0 })
}

func TestFrames(t *testing.T) {
	var stream []byte
	var ends []int
	add := func(frame ...byte) {
		stream = append(stream, frame...)
		ends = append(ends, len(stream))
	}
	add(0x81, 0)
	add(append([]byte{0x01, 3}, "abc"...)...)
	add(append([]byte{0x80, 0x83, 1, 2, 3, 4}, "abc"...)...)
	add(append([]byte{0x82, 126, 0, 200}, make([]byte, 200)...)...)
	add(append([]byte{0x82, 127, 0, 0, 0, 0, 0, 1, 0, 0}, make([]byte, 1<<16)...)...)
	add(0x88, 2, 3, 0xe8)
	for _, step := range []int{1, 2, 7, 1000, len(stream)} {
		var f frames
		var got []int
		for at := 0; at < len(stream); {
			at += f.advance(stream[at:min(at+step, len(stream))], true)
			if f.between() {
				got = append(got, at)
			}
		}
		if len(got) != len(ends) || !f.closed {
			t.Fatalf("steps of %d: ends at %v, want %v", step, got, ends)
		}
		for i := range got {
			if got[i] != ends[i] {
				t.Fatalf("steps of %d: ends at %v, want %v", step, got, ends)
			}
		}
	}
}

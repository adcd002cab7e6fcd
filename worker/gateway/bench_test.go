package gateway

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"testing"

	"berth/core"
)

// browser is the head of a request as a browser sends it.
const browser = "GET /a/page?with=query HTTP/1.1\r\nHost: app.test\r\nConnection: keep-alive\r\n" +
	"User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36\r\n" +
	"Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\nAccept-Encoding: gzip, deflate, br\r\n" +
	"Accept-Language: en-US,en;q=0.9\r\nCookie: session=0123456789abcdef0123456789abcdef\r\n\r\n"

const okay = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nok"

// One request after the other through the gateway; the origin's share is in it.
func BenchmarkExchange(b *testing.B) {
	f := start(b, Options{})
	f.app(tcpOrigin(b, always(okay)).address())
	c := f.dial()
	answer := make([]byte, len(okay))
	b.ReportAllocs()
	for b.Loop() {
		io.WriteString(c.Conn, browser)
		if _, err := io.ReadFull(c.Reader, answer); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkHead(b *testing.B) {
	var r request
	var domain [maxDomain]byte
	from, text, out := peerOf(&net.TCPAddr{IP: net.IPv4(1, 2, 3, 4)}), []byte(browser), make([]byte, 0, smallBuffer)
	b.ReportAllocs()
	for b.Loop() {
		r.reset()
		if err := r.parse(text); err != nil {
			b.Fatal(err)
		}
		appendDomain(domain[:0], r.host.of(text))
		appendForward(out, text, &r, &from, nil)
	}
}

func BenchmarkFind(b *testing.B) {
	for _, n := range []int{10, 1000, 100_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			t := newTable()
			var all core.RegistryChange
			for i := range n {
				all.Routes = append(all.Routes, core.Route{Domain: fmt.Sprintf("app%d.test", i), AppID: "app", State: core.RouteOnline})
			}
			t.apply(all)
			domain := []byte("app7.test")
			b.ReportAllocs()
			for b.Loop() {
				t.find(domain)
			}
		})
	}
}

// A head allocates nothing, and neither does a whole exchange, once a connection has found its size.
func TestExchangeDoesNotAllocate(t *testing.T) {
	f := start(t, Options{})
	f.app(tcpOrigin(t, func(c net.Conn, r *bufio.Reader) {
		buffer := make([]byte, smallBuffer)
		for {
			if _, err := c.Read(buffer); err != nil {
				return
			}
			c.Write([]byte(okay))
		}
	}).address())
	c := f.dial()
	request, answer := []byte(browser), make([]byte, len(okay))
	allocations := testing.AllocsPerRun(500, func() {
		c.Conn.Write(request)
		if _, err := io.ReadFull(c.Reader, answer); err != nil {
			t.Fatal(err)
		}
	})
	if allocations > 1 { // a pool may be emptied meanwhile
		t.Errorf("a request allocates %v times", allocations)
	}
}

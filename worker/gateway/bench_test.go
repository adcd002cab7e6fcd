package gateway

import (
	"bufio"
	"bytes"
	"fmt"
	"net"
	"strings"
	"testing"

	"berth/core"
)

// browser is the head of a request as a browser sends it.
const browser = "GET /a/page?with=query HTTP/1.1\r\nHost: app.test\r\nConnection: keep-alive\r\n" +
	"User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36\r\n" +
	"Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\nAccept-Encoding: gzip, deflate, br\r\n" +
	"Accept-Language: en-US,en;q=0.9\r\nCookie: session=0123456789abcdef0123456789abcdef\r\n\r\n"

const okay = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nok"

// everyRule is what can be on for an ordinary request: it passes them all.
var everyRule = core.Rules{
	Allow: append(manyNetworks(100), "127.0.0.1"), Deny: manyNetworks(100), Rate: core.RateLimit{Requests: 1_000_000},
	RequestHeaders:  []core.HeaderRule{{Name: "X-Team", Value: "blue"}, {Name: "X-Debug"}},
	ResponseHeaders: []core.HeaderRule{{Name: "X-Frame-Options", Value: "DENY"}, {Name: "Server"}},
	MaxBody:         core.MiB, Redirects: []core.Redirect{{From: "/old", To: "/new"}},
	Balance: core.BalanceLeastRequests, Affinity: true, StickyVersion: true, VersionHeader: "X-Version",
}

// One request after the other through the gateway; the origin's share is in it.
func BenchmarkExchange(b *testing.B) {
	for name, rules := range map[string]*core.Rules{"free": nil, "ruled": &everyRule} {
		b.Run(name, func(b *testing.B) {
			f := start(b, Options{})
			f.publish("app", "1", tcpOrigin(b, okays).address())
			f.route(core.Route{Domain: "app.test", AppID: "app", Weights: map[string]int{"1": 100}, Rules: rules})
			ask := asking(b, f)
			b.ReportAllocs()
			for b.Loop() {
				ask()
			}
		})
	}
}

// BenchmarkEnter is what rules cost by themselves.
func BenchmarkEnter(b *testing.B) {
	for name, rules := range map[string]*core.Rules{"free": nil, "ruled": &everyRule} {
		b.Run(name, func(b *testing.B) {
			t := newTable()
			t.apply(core.RegistryChange{Apps: map[string][]core.Address{"app": {{AppID: "app", Version: "1", ContainerID: "c"}}},
				Routes: []core.Route{{Domain: "app.test", AppID: "app", State: core.RouteOnline, Weights: map[string]int{"1": 100}, Rules: rules}}})
			r, text := t.find([]byte("app.test")), []byte(browser)
			c := &conn{Gateway: &Gateway{table: t}, peer: peerOf(&net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})}
			c.req.reset()
			if err := c.req.parse(text); err != nil {
				b.Fatal(err)
			}
			out := make([]byte, 0, smallBuffer)
			b.ReportAllocs()
			for b.Loop() {
				to, _ := c.enter(r, text)
				appendForward(out, text, &c.req, &c.peer, c.rules)
				c.charge(c.pick(to, nil))
			}
		})
	}
}

// okays answers as always(okay) does, and allocates nothing.
func okays(c net.Conn, _ *bufio.Reader) {
	buffer, answer := make([]byte, smallBuffer), []byte(okay)
	for {
		if _, err := c.Read(buffer); err != nil {
			return
		}
		c.Write(answer)
	}
}

// asking returns what asks once as a browser does that has been there before.
func asking(t testing.TB, f *fixture) func() {
	i := f.gateway.table.app("app").instances.Load().all.list[0]
	cookie := fmt.Sprintf("Cookie: berth_i_%x=%016x; session=", tagOf("app")>>32, i.tag)
	request := []byte(strings.Replace(browser, "Cookie: session=", cookie, 1))
	c := f.dial()
	buffer := make([]byte, smallBuffer)
	return func() {
		c.Conn.Write(request)
		n, err := c.Conn.Read(buffer)
		if err != nil || !bytes.HasPrefix(buffer[:n], []byte("HTTP/1.1 200 OK")) {
			t.Fatalf("%q, %v", buffer[:n], err)
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

// A head allocates nothing, and neither does a whole exchange, once a connection has found its size; with all rules or
// with none.
func TestExchangeDoesNotAllocate(t *testing.T) {
	for name, rules := range map[string]*core.Rules{"free": nil, "ruled": &everyRule} {
		f := start(t, Options{})
		f.publish("app", "1", tcpOrigin(t, okays).address())
		f.route(core.Route{Domain: "app.test", AppID: "app", Weights: map[string]int{"1": 100}, Rules: rules})
		ask := asking(t, f)
		if n := testing.AllocsPerRun(500, ask); n > 1 { // a pool may be emptied meanwhile
			t.Errorf("%s: a request allocates %v times", name, n)
		}
	}
}

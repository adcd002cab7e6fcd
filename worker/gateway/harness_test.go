package gateway

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"berth/core"
	"berth/worker/registry/memory"
)

// fixture is a gateway that runs, and the registry it watches.
type fixture struct {
	t        testing.TB
	gateway  *Gateway
	registry *memory.Registry
	address  string
	stop     context.CancelFunc
	stopped  chan struct{}
}

// start runs a gateway on a free port until the test ends.
func start(t testing.TB, options Options) *fixture {
	t.Helper()
	f := &fixture{t: t, registry: memory.New(), stopped: make(chan struct{})}
	if options.Listener == nil {
		options.Listener = listen(t)
	}
	options.Registry = f.registry
	f.gateway = New(options)
	var ctx context.Context
	ctx, f.stop = context.WithCancel(context.Background())
	go func() {
		defer close(f.stopped)
		if err := f.gateway.Run(ctx); err != nil {
			t.Error(err)
		}
	}()
	t.Cleanup(func() {
		f.stop()
		<-f.stopped
	})
	eventually(t, "the gateway is ready", f.gateway.Ready)
	f.address = f.gateway.Addr().String()
	return f
}

func listen(t testing.TB) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func eventually(t testing.TB, what string, is func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !is(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("did not come true: %s", what)
		}
	}
}

// publish registers an address as an instance of a version.
func (f *fixture) publish(app, version, address string) core.Address {
	f.t.Helper()
	a := core.Address{AppID: app, Version: version, ContainerID: "c" + strings.NewReplacer(":", "-", ".", "-").Replace(address), Address: address}
	if err := f.registry.Register(context.Background(), a); err != nil {
		f.t.Fatal(err)
	}
	eventually(f.t, "an address is known", func() bool { return f.knows(a) })
	return a
}

func (f *fixture) knows(a core.Address) bool {
	if app := f.gateway.table.app(a.AppID); app != nil {
		for _, i := range app.instances.Load().all.list {
			if i.Address == a {
				return true
			}
		}
	}
	return false
}

func (f *fixture) withdraw(a core.Address) {
	f.t.Helper()
	if err := f.registry.Deregister(context.Background(), a); err != nil {
		f.t.Fatal(err)
	}
	eventually(f.t, "an address is forgotten", func() bool { return !f.knows(a) })
}

func (f *fixture) route(r core.Route) {
	f.t.Helper()
	if r.State == "" {
		r.State = core.RouteOnline
	}
	if err := f.registry.PutRoute(context.Background(), r); err != nil {
		f.t.Fatal(err)
	}
	eventually(f.t, "a route is known", func() bool {
		at := f.gateway.table.find([]byte(r.Domain))
		return at != nil && at.app.id == r.AppID && at.state == r.State && fmt.Sprint(at.order) == fmt.Sprint(mix(weighted(r.Weights), r.Weights)) &&
			(r.Rules == nil && at.rules == nil || r.Rules != nil && at.rules != nil && at.rules.source.Equal(*r.Rules))
	})
}

// app publishes instances of one version at "app.test" and returns their app.
func (f *fixture) app(addresses ...string) string {
	f.t.Helper()
	for _, a := range addresses {
		f.publish("app", "1", a)
	}
	f.route(core.Route{Domain: "app.test", AppID: "app", Weights: map[string]int{"1": 100}})
	return "app"
}

func (f *fixture) counts() core.TrafficCounts { return f.gateway.App("app") }

// server starts an HTTP server and returns its address.
func server(t testing.TB, h http.HandlerFunc) string {
	s := httptest.NewServer(h)
	t.Cleanup(func() {
		s.CloseClientConnections()
		s.Close()
	})
	return s.Listener.Addr().String()
}

// origin is a TCP server that does as told with every connection.
type origin struct {
	net.Listener
	connections atomic.Int64
}

func tcpOrigin(t testing.TB, serve func(c net.Conn, r *bufio.Reader)) *origin {
	o := &origin{Listener: listen(t)}
	t.Cleanup(func() { o.Close() })
	go func() {
		for {
			c, err := o.Accept()
			if err != nil {
				return
			}
			o.connections.Add(1)
			go func() {
				defer c.Close()
				c.SetDeadline(time.Now().Add(time.Minute))
				serve(c, bufio.NewReader(c))
			}()
		}
	}()
	return o
}

func (o *origin) address() string { return o.Addr().String() }

// readHeadText reads one head as it came.
func readHeadText(r *bufio.Reader) (string, error) {
	var head strings.Builder
	for {
		line, err := r.ReadString('\n')
		head.WriteString(line)
		if err != nil || line == "\r\n" {
			return head.String(), err
		}
	}
}

// always answers every request without a body with the same bytes.
func always(response string) func(net.Conn, *bufio.Reader) {
	return func(c net.Conn, r *bufio.Reader) {
		for {
			if _, err := readHeadText(r); err != nil {
				return
			}
			if _, err := io.WriteString(c, response); err != nil {
				return
			}
		}
	}
}

// client is a raw connection to the gateway.
type client struct {
	t testing.TB
	net.Conn
	*bufio.Reader
}

func (f *fixture) dial() *client {
	f.t.Helper()
	c, err := net.Dial("tcp", f.address)
	if err != nil {
		f.t.Fatal(err)
	}
	c.SetDeadline(time.Now().Add(time.Minute))
	f.t.Cleanup(func() { c.Close() })
	return &client{f.t, c, bufio.NewReader(c)}
}

func (c *client) send(text string) {
	c.t.Helper()
	if _, err := io.WriteString(c.Conn, text); err != nil {
		c.t.Fatal(err)
	}
}

// response reads one response and its body.
func (c *client) response(method string) (*http.Response, string) {
	c.t.Helper()
	res, err := http.ReadResponse(c.Reader, &http.Request{Method: method})
	if err != nil {
		c.t.Fatalf("no response: %v", err)
	}
	content, err := io.ReadAll(res.Body)
	if err != nil {
		c.t.Fatalf("no whole body: %v", err)
	}
	return res, string(content)
}

// closed checks that nothing follows but the end.
func (c *client) closed() {
	c.t.Helper()
	if rest, err := io.ReadAll(c.Reader); err != nil || len(rest) > 0 {
		c.t.Fatalf("the connection is not closed: %q, %v", rest, err)
	}
}

// ask sends a request on a new connection and reads its response.
func (f *fixture) ask(text string) (*http.Response, string) {
	f.t.Helper()
	c := f.dial()
	defer c.Close()
	c.send(text)
	return c.response(text[:strings.IndexByte(text, ' ')])
}

const get = "GET / HTTP/1.1\r\nHost: app.test\r\n\r\n"

// httpClient sends every request to the gateway.
func (f *fixture) httpClient() *http.Client {
	transport := &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "tcp", f.address)
		},
		MaxIdleConnsPerHost: 100,
	}
	f.t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport, Timeout: time.Minute}
}

// askUntil asks for the app until stop is closed, and counts.
func askUntil(stop <-chan struct{}, c *http.Client, asked, failed *atomic.Int64) {
	for {
		select {
		case <-stop:
			return
		default:
		}
		res, err := c.Get("http://app.test/")
		asked.Add(1)
		if err != nil || res.StatusCode != 200 {
			failed.Add(1)
		}
		closeBody(res)
	}
}

func wantStatus(t testing.TB, res *http.Response, status int) {
	t.Helper()
	if res.StatusCode != status {
		t.Fatalf("status %d, want %d", res.StatusCode, status)
	}
}

func repeat(text string, n int) string { return string(bytes.Repeat([]byte(text), n)) }

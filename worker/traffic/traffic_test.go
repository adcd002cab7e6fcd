package traffic_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"berth/core"
	"berth/e2e/testenv"
	"berth/worker/access"
	"berth/worker/gateway"
	"berth/worker/gateway/tcp"
	"berth/worker/registry/zookeeper"
	"berth/worker/traffic"
)

var quiet = slog.New(slog.DiscardHandler)

// tcpPort is the one TCP port of every gateway, each of which has an address of its own.
const tcpPort = 24790

var hosts atomic.Int64

// node is a gateway as a process of its own would run it: its own session, its own log, its own counts.
type node struct {
	address string
	host    string // of its TCP ports
	local   *traffic.Local
	silence func() // ends its stats, not the gateway
	stop    func()
}

func startNode(t *testing.T, servers []string, id, secret string) *node {
	t.Helper()
	registry, err := zookeeper.New(zookeeper.Options{Servers: servers, Log: quiet})
	if err != nil {
		t.Fatal(err)
	}
	listen := func() net.Listener {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	n := &node{}
	plain, stats := listen(), listen()
	log := access.New(access.Options{Dir: filepath.Join(t.TempDir(), "access")})
	n.host = fmt.Sprintf("127.0.0.%d", 2+hosts.Add(1)%200)
	ports := tcp.New(tcp.Options{Pool: core.TCPPool{Host: n.host, From: tcpPort, To: tcpPort}, Timeouts: tcp.Timeouts{Drain: time.Second}})
	g := gateway.New(gateway.Options{Also: ports.Apply, Registry: registry, Listener: plain, ID: id, Stats: stats.Addr().String(), Access: log,
		Timeouts: gateway.Timeouts{Drain: time.Second}})
	n.address, n.local = plain.Addr().String(), traffic.NewLocal(id, g, log, ports)
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { g.Run(ctx) })
	running.Go(func() { ports.Run(ctx) })
	telling, silence := context.WithCancel(ctx)
	n.silence = silence
	running.Go(func() { (&traffic.Server{Local: n.local, Secret: secret, Log: quiet}).Serve(telling, stats) })
	n.stop = sync.OnceFunc(func() {
		cancel()
		running.Wait()
	})
	t.Cleanup(n.stop)
	eventually(t, "the gateway is ready", g.Ready)
	return n
}

func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !is(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("did not come true: %s", what)
		}
	}
}

// ask sends n requests at once through a gateway; every tenth is for what is not there.
func (n *node) ask(t *testing.T, count int) {
	t.Helper()
	client := &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "tcp", n.address)
	}}}
	defer client.CloseIdleConnections()
	for i := range count {
		path := "/ok"
		if i%10 == 0 {
			path = "/absent"
		}
		res, err := client.Get("http://shop.test" + path)
		if err != nil {
			t.Error(err)
			return
		}
		io.Copy(io.Discard, res.Body)
		res.Body.Close()
	}
}

// Two gateways share nothing but ZooKeeper, and their counts are summed: while both run, when one starts anew, and
// when one falls silent.
func TestTwoGatewaysAreSummed(t *testing.T) {
	servers := testenv.StartZooKeeper(t).Servers()
	registry, err := zookeeper.New(zookeeper.Options{Servers: servers, Log: quiet})
	if err != nil {
		t.Fatal(err)
	}
	origin := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/absent" {
			http.NotFound(w, r)
		}
	}))
	t.Cleanup(origin.Close)
	ctx := t.Context()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(registry.Register(ctx, core.Address{AppID: "shop", Version: "1.0", ContainerID: "c1", Address: origin.Listener.Addr().String()}))
	must(registry.PutRoute(ctx, core.Route{Domain: "shop.test", AppID: "shop", Weights: map[string]int{"1.0": 100}, State: core.RouteOnline}))
	one, two := startNode(t, servers, "one", "secret"), startNode(t, servers, "two", "secret")
	reader := traffic.NewReader(traffic.Options{Registry: registry, Secret: "secret", Log: quiet})
	known := func(want string) func() bool {
		return func() bool {
			reader.Read(ctx)
			states := ""
			for _, g := range reader.Gateways() {
				states += fmt.Sprintf("%s:%v ", g.ID, g.Away)
			}
			return states == want
		}
	}
	eventually(t, "both gateways are read", known("one:false two:false "))

	sum := func(want int64) {
		t.Helper()
		eventually(t, fmt.Sprintf("%d requests are counted", want), func() bool {
			reader.Read(ctx)
			return reader.App("shop").Total.Requests == want
		})
	}
	for _, n := range []*node{one, two} {
		for range 3 {
			if n.ask(t, 50); t.Failed() {
				return
			}
		}
	}
	sum(300)
	c := reader.App("shop")
	if v := c.Versions["1.0"]; v.Requests != 300 || v.Classes != [5]int64{0, 270, 0, 30, 0} || c.Domains["shop.test"].Requests != 300 || c.Failed != 0 {
		t.Errorf("%+v", c)
	}
	if len(reader.Processes("shop")) != 2 {
		t.Errorf("%+v", reader.Processes("shop"))
	}

	var page core.AccessPage
	eventually(t, "all lines of both are found", func() bool {
		page, err = reader.Search(ctx, "shop", core.AccessQuery{Limit: 1000})
		must(err)
		return len(page.Lines) == 300
	})
	page, err = reader.Search(ctx, "shop", core.AccessQuery{Status: "404", Limit: 20})
	must(err)
	if len(page.Lines) < 20 || page.Until.IsZero() || len(page.Away) > 0 {
		t.Errorf("%d lines, until %v, away %v", len(page.Lines), page.Until, page.Away)
	}
	rest, err := reader.Search(ctx, "shop", core.AccessQuery{Status: "404", Limit: 20, Before: page.Until})
	must(err)
	if len(page.Lines)+len(rest.Lines) != 30 {
		t.Errorf("%d and %d lines", len(page.Lines), len(rest.Lines))
	}

	two.stop()
	again := startNode(t, servers, "two", "secret")
	eventually(t, "the new process is read", known("one:false two:false "))
	if again.ask(t, 50); t.Failed() {
		return
	}
	sum(350) // what the process before it counted is still in it

	again.silence()
	eventually(t, "the one that is silent is shown", known("one:false two:true "))
	if one.ask(t, 10); t.Failed() {
		return
	}
	sum(360)
	page, err = reader.Search(ctx, "shop", core.AccessQuery{Limit: 1})
	must(err)
	if fmt.Sprint(page.Away) != "[two]" {
		t.Errorf("away: %v", page.Away)
	}

	stranger := traffic.NewReader(traffic.Options{Registry: registry, Secret: "guess", Log: quiet})
	stranger.Read(ctx)
	if c := stranger.App("shop"); c.Total.Requests != 0 {
		t.Errorf("without the secret: %+v", c.Total)
	}
}

// What was under way at a gateway that has gone is under way no longer: rules would count it, and nothing would sleep.
func TestNothingIsUnderWayAtAGatewayThatHasGone(t *testing.T) {
	servers := testenv.StartZooKeeper(t).Servers()
	registry, err := zookeeper.New(zookeeper.Options{Servers: servers, Log: quiet})
	if err != nil {
		t.Fatal(err)
	}
	origin := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }))
	t.Cleanup(origin.Close)
	ctx := t.Context()
	for _, err := range []error{
		registry.Register(ctx, core.Address{AppID: "shop", Version: "1.0", ContainerID: "c1", Address: origin.Listener.Addr().String()}),
		registry.PutRoute(ctx, core.Route{Domain: "shop.test", AppID: "shop", Weights: map[string]int{"1.0": 100}, State: core.RouteOnline}),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	one := startNode(t, servers, "one", "secret")
	reader := traffic.NewReader(traffic.Options{Registry: registry, Secret: "secret", Log: quiet})
	asked, leave := context.WithCancel(ctx)
	req, err := http.NewRequestWithContext(asked, http.MethodGet, "http://"+one.address, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Host = "shop.test"
	var asking sync.WaitGroup
	asking.Go(func() {
		if res, err := http.DefaultClient.Do(req); err == nil {
			res.Body.Close()
		}
	})
	defer asking.Wait()
	defer leave()
	underWay := func() string {
		c := reader.App("shop")
		return fmt.Sprint(c.Total.Active, c.Versions["1.0"].Active, c.Domains["shop.test"].Active)
	}
	eventually(t, "a request is under way", func() bool {
		reader.Read(ctx)
		return underWay() == "1 1 1"
	})
	one.stop()
	eventually(t, "the gateway is gone", func() bool {
		reader.Read(ctx)
		return len(reader.Gateways()) == 0
	})
	if got := underWay(); got != "0 0 0" || reader.App("shop").Total.Requests != 1 {
		t.Errorf("under way: %s of %d requests", got, reader.App("shop").Total.Requests)
	}
}

// The connections of a TCP port are summed as requests are, also when a gateway starts anew.
func TestTCPPortsAreSummed(t *testing.T) {
	servers := testenv.StartZooKeeper(t).Servers()
	registry, err := zookeeper.New(zookeeper.Options{Servers: servers, Log: quiet})
	if err != nil {
		t.Fatal(err)
	}
	origin, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { origin.Close() })
	go func() {
		for {
			c, err := origin.Accept()
			if err != nil {
				return
			}
			go func() { defer c.Close(); io.Copy(c, c) }()
		}
	}()
	ctx := t.Context()
	address := core.Address{AppID: "db", Version: "1.0", ContainerID: "c1", Address: origin.Addr().String()}
	route := core.TCPRoute{Port: tcpPort, AppID: "db"}
	for _, err := range []error{registry.Register(ctx, address), registry.PutTCPRoute(ctx, route)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	one, two := startNode(t, servers, "one", "secret"), startNode(t, servers, "two", "secret")
	reader := traffic.NewReader(traffic.Options{Registry: registry, Secret: "secret", Log: quiet})
	counts := func(what string, right func(core.TCPCounts) bool) {
		t.Helper()
		var last core.TCPCounts
		eventually(t, what, func() bool {
			reader.Read(ctx)
			last = reader.TCP("db")[route.ID()]
			return right(last)
		})
		if len(reader.TCP("other")) > 0 {
			t.Error("another app has counts")
		}
	}
	counts("both listen", func(c core.TCPCounts) bool { return c.Listening })
	one.connect(t, 3)
	two.connect(t, 4)
	counts("seven connections are counted", func(c core.TCPCounts) bool {
		return c == core.TCPCounts{Listening: true, Total: 7, BytesIn: 35, BytesOut: 35}
	})
	two.stop()
	two = startNode(t, servers, "two", "secret")
	two.connect(t, 1)
	counts("what the process before it counted is still in it", func(c core.TCPCounts) bool {
		return c == core.TCPCounts{Listening: true, Total: 8, BytesIn: 40, BytesOut: 40}
	})
	if err := registry.DeleteTCPRoute(ctx, route.ID()); err != nil {
		t.Fatal(err)
	}
	eventually(t, "a port that is closed has no counts", func() bool {
		reader.Read(ctx)
		return len(reader.TCP("db")) == 0
	})
	if err := registry.PutTCPRoute(ctx, route); err != nil {
		t.Fatal(err)
	}
	counts("one that is opened again begins anew", func(c core.TCPCounts) bool { return c == core.TCPCounts{Listening: true} })
}

// connect makes so many connections to the TCP port, one after the other, which say five bytes and hear them again.
func (n *node) connect(t *testing.T, count int) {
	t.Helper()
	for range count {
		var c net.Conn
		eventually(t, "the port takes a connection", func() (ok bool) {
			var err error
			c, err = net.Dial("tcp", net.JoinHostPort(n.host, strconv.Itoa(tcpPort)))
			return err == nil
		})
		c.SetDeadline(time.Now().Add(time.Minute))
		heard := make([]byte, 5)
		_, err := io.WriteString(c, "hello")
		if err == nil {
			_, err = io.ReadFull(c, heard)
		}
		if err != nil || string(heard) != "hello" {
			t.Fatalf("%q, %v", heard, err)
		}
		c.Close()
	}
}

// Requests are followed at every gateway.
func TestFollowOverGateways(t *testing.T) {
	servers := testenv.StartZooKeeper(t).Servers()
	registry, err := zookeeper.New(zookeeper.Options{Servers: servers, Log: quiet})
	if err != nil {
		t.Fatal(err)
	}
	if err := registry.PutRoute(t.Context(), core.Route{Domain: "shop.test", AppID: "shop", State: core.RouteOnline}); err != nil {
		t.Fatal(err)
	}
	one, two := startNode(t, servers, "one", "secret"), startNode(t, servers, "two", "secret")
	reader := traffic.NewReader(traffic.Options{Registry: registry, Secret: "secret", Every: 50 * time.Millisecond, Log: quiet})
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	var mu sync.Mutex
	seen := 0
	running.Go(func() { reader.Run(ctx) })
	running.Go(func() {
		reader.Follow(ctx, "shop", core.AccessQuery{Status: "503"}, func(l core.AccessLine, _ int) error {
			mu.Lock()
			defer mu.Unlock()
			seen++
			return nil
		})
	})
	for _, n := range []*node{one, two} {
		eventually(t, "a request at the gateway is seen", func() bool {
			n.ask(t, 1)
			mu.Lock()
			defer mu.Unlock()
			got := seen > 0
			return got
		})
		mu.Lock()
		seen = 0
		mu.Unlock()
	}
	cancel()
	running.Wait()
}

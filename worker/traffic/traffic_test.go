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
	"sync"
	"testing"
	"time"

	"berth/core"
	"berth/e2e/testenv"
	"berth/worker/access"
	"berth/worker/gateway"
	"berth/worker/registry/zookeeper"
	"berth/worker/traffic"
)

var quiet = slog.New(slog.DiscardHandler)

// node is a gateway as a process of its own would run it: its own session, its own log, its own counts.
type node struct {
	address string
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
	g := gateway.New(gateway.Options{Registry: registry, Listener: plain, ID: id, Stats: stats.Addr().String(), Access: log,
		Timeouts: gateway.Timeouts{Drain: time.Second}})
	n.address, n.local = plain.Addr().String(), traffic.NewLocal(id, g, log)
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { g.Run(ctx) })
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

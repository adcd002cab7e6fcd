package discovery

import (
	"context"
	"testing"
	"time"

	"berth/core"
	"berth/e2e/testenv"
	"berth/worker/registry/memory"
	"berth/worker/registry/registrytest"
	"berth/worker/registry/zookeeper"
)

// run runs d until the test ends.
func run(t *testing.T, d *Discovery) {
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = d.Run(ctx) // ends with ctx only
	}()
	t.Cleanup(func() { cancel(); <-ended })
}

func routeTo(app string, version string) core.Route {
	return registrytest.Route(app+".localhost", app, map[string]int{version: 100})
}

func TestRunFollowsWakes(t *testing.T) {
	h := newHouseOn(t, memory.New())
	h.app("shop")
	h.serve("shop", map[string]int{"1.0": 100})
	v := registrytest.Watch(t, h.reg)
	run(t, h.d)
	v.WaitRoute(routeTo("shop", "1.0"))
	h.instance("shop", "1.0", core.InstanceReady, 25700)
	h.d.Wake("shop")
	v.WaitAddresses("shop", registrytest.Address("shop", "1.0", "c25700", 25700))
}

func TestRunResyncs(t *testing.T) {
	h := newHouse(t)
	h.d.opts.Resync = 20 * time.Millisecond
	h.app("shop")
	v := registrytest.Watch(t, h.reg)
	run(t, h.d)
	h.serve("shop", map[string]int{"1.0": 100}) // without a wake
	v.WaitRoute(routeTo("shop", "1.0"))
	must(t, h.reg.Registry.DeleteRoute(h.ctx, "shop.localhost")) // somebody else
	v.WaitRoute(routeTo("shop", "1.0"))
}

// F6: while ZooKeeper is down the last known routes stay, changes queue, and all is caught up 10 s after it is back.
func TestRunOutlivesZooKeeper(t *testing.T) {
	server := testenv.StartZooKeeper(t)
	h := newHouseOn(t, openZooKeeper(t, server))
	h.app("shop")
	h.serve("shop", map[string]int{"1.0": 100})
	h.instance("shop", "1.0", core.InstanceReady, 25700)
	v := registrytest.Watch(t, openZooKeeper(t, server))
	run(t, h.d)
	old := registrytest.Address("shop", "1.0", "c25700", 25700)
	v.WaitRoute(routeTo("shop", "1.0"))
	v.WaitAddresses("shop", old)

	server.Kill()
	h.instance("shop", "1.1", core.InstanceReady, 25701)
	h.serve("shop", map[string]int{"1.1": 100})
	h.d.Wake("shop")
	h.app("tea")
	h.d.Wake("tea")
	time.Sleep(2 * time.Second) // nothing may happen meanwhile, so there is nothing to wait for
	if got := v.Routes()["shop.localhost"].Weights["1.0"]; got != 100 {
		t.Errorf("the last known routes are gone: %v", v.Routes())
	}

	server.Start()
	v.WaitRoute(routeTo("shop", "1.1"))
	v.WaitAddresses("shop", old, registrytest.Address("shop", "1.1", "c25701", 25701))
	v.WaitRoute(core.Route{Domain: "tea.localhost", AppID: "tea", State: core.RouteStarting})
}

// A ZooKeeper that comes back without its data has everything registered again, nothing doubled.
func TestRunRegistersAgainWhatZooKeeperLost(t *testing.T) {
	server := testenv.StartZooKeeper(t)
	reg := openZooKeeper(t, server)
	h := newHouseOn(t, reg)
	h.app("shop")
	h.serve("shop", map[string]int{"1.0": 100})
	h.instance("shop", "1.0", core.InstanceReady, 25700)
	v := registrytest.Watch(t, openZooKeeper(t, server))
	run(t, h.d)
	address := registrytest.Address("shop", "1.0", "c25700", 25700)
	v.WaitAddresses("shop", address)
	server.Kill()
	server.Wipe()
	server.Start()
	eventually(t, "everything again", func() bool {
		all, err := reg.Addresses(h.ctx)
		routes, err2 := reg.Routes(h.ctx)
		return err == nil && err2 == nil && len(all) == 1 && len(routes) == 1
	})
	v.WaitAddresses("shop", address)
	v.WaitRoute(routeTo("shop", "1.0"))
}

func openZooKeeper(t *testing.T, server *testenv.ZooKeeper) *zookeeper.Registry {
	t.Helper()
	r, err := zookeeper.New(zookeeper.Options{Servers: server.Servers(), Timeout: 2 * time.Second})
	must(t, err)
	t.Cleanup(r.Close)
	return r
}

func eventually(t *testing.T, what string, cond func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); !cond(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%s: not within 10s", what)
		}
	}
}

package zookeeper

import (
	"context"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"sync"
	"testing"
	"time"

	"berth/core"
	"berth/e2e/testenv"
	"berth/worker/registry/registrytest"
)

var (
	address = registrytest.Address
	must    = registrytest.Must
)

func routeTo(app, version string) core.Route {
	return registrytest.Route(app+".localhost", app, map[string]int{version: 100})
}

// F7: after a partition that outlasts the session everything is there again in 5 s, read in full, and nothing twice.
func TestSessionExpired(t *testing.T) {
	t.Parallel()
	server := testenv.StartZooKeeper(t)
	other := open(t, server.Servers())
	link := testenv.StartLink(t, server.Servers()[0])
	reg := open(t, link.Servers())
	ctx := t.Context()
	a := address("shop", "1.0", "c1", 25700)
	must(t, reg.Register(ctx, a))
	must(t, reg.PutRoute(ctx, routeTo("shop", "1.0")))
	must(t, reg.Announce(ctx, core.GatewayNode{ID: "g1", Stats: "127.0.0.1:9000"}))
	v := registrytest.Watch(t, reg)
	announced := func() bool { return slices.Equal(list(t, other, gateways.root), []string{"g1"}) }
	within(t, time.Minute, "announced", announced)

	link.Sever()
	within(t, time.Minute, "the session has expired", func() bool { return !announced() })
	began := time.Now()
	if err := reg.Register(ctx, a); core.ErrorCode(err) != core.EUNAVAILABLE || time.Since(began) > 20*time.Second {
		t.Errorf("Register returned %v after %s", err, time.Since(began))
	}
	if age := time.Since(reg.Contact()); age < time.Second {
		t.Errorf("last contact %s ago", age)
	}
	b := address("shop", "1.1", "c2", 25701)
	must(t, other.Register(ctx, b))
	must(t, other.DeleteRoute(ctx, "shop.localhost"))
	if len(v.Apps()["shop"]) != 1 || len(v.Routes()) != 1 {
		t.Errorf("the last known is gone: %v %v", v.Apps(), v.Routes())
	}

	link.Mend()
	within(t, time.Minute, "announced again", announced)
	v.WaitAddresses("shop", a, b)
	v.WaitNoRoute("shop.localhost")
	must(t, reg.Register(ctx, a))
	all, err := reg.Addresses(ctx)
	must(t, err)
	if !slices.Equal(all, []core.Address{a, b}) {
		t.Errorf("addresses %v", all)
	}
	if age := time.Since(reg.Contact()); age > 20*time.Second {
		t.Errorf("last contact %s ago", age)
	}
}

func TestDroppedConnections(t *testing.T) {
	server := testenv.StartZooKeeper(t)
	other := open(t, server.Servers())
	link := testenv.StartLink(t, server.Servers()[0])
	reg := open(t, link.Servers())
	v := registrytest.Watch(t, reg)
	for port := 25700; port < 25710; port++ {
		link.Drop()
		must(t, other.Register(t.Context(), address("shop", "1.0", "c1", port)))
		must(t, reg.Register(t.Context(), address("tea", "1.0", "c2", port)))
		v.WaitAddresses("shop", address("shop", "1.0", "c1", port))
		v.WaitAddresses("tea", address("tea", "1.0", "c2", port))
	}
}

// Whatever is written side by side, by whom and while connections break, in the end a watch shows what is there.
func TestWatchConverges(t *testing.T) {
	server := testenv.StartZooKeeper(t)
	link := testenv.StartLink(t, server.Servers()[0])
	v := registrytest.Watch(t, open(t, link.Servers()))
	var writers sync.WaitGroup
	for range 4 {
		reg := open(t, server.Servers())
		writers.Go(func() { scribble(t, reg, 400) })
	}
	for range 20 {
		time.Sleep(20 * time.Millisecond)
		link.Drop()
	}
	writers.Wait()
	reg := open(t, server.Servers())
	all, err := reg.Addresses(t.Context())
	must(t, err)
	routes, err := reg.Routes(t.Context())
	must(t, err)
	apps := map[string][]core.Address{}
	for _, a := range all {
		apps[a.AppID] = append(apps[a.AppID], a)
	}
	domains := map[string]core.Route{}
	for _, r := range routes {
		domains[r.Domain] = r
	}
	v.Wait("what is there", func() bool {
		return reflect.DeepEqual(v.Apps(), apps) && reflect.DeepEqual(v.Routes(), domains)
	})
}

// scribble makes, changes, spoils and removes entries at random, in few places so that writers meet.
func scribble(t *testing.T, reg *Registry, n int) {
	ctx := t.Context()
	for range n {
		app, version := fmt.Sprintf("app%d", rand.N(3)), fmt.Sprintf("1.%d", rand.N(2))
		a := address(app, version, fmt.Sprintf("c%d", rand.N(3)), 25700+rand.N(9))
		var err error
		switch rand.N(10) {
		case 0:
			err = reg.session.put(ctx, addressPath(a), []byte("rubbish"))
		case 1, 2, 3:
			err = reg.Register(ctx, a)
		case 4, 5, 6:
			err = reg.Deregister(ctx, a)
		case 7:
			err = reg.session.remove(ctx, addressRoot+"/"+app, addressRoot)
		case 8:
			err = reg.PutRoute(ctx, routeTo(app, version))
		case 9:
			err = reg.DeleteRoute(ctx, app+".localhost")
		}
		if err != nil {
			t.Error(err)
		}
	}
}

// A server that hangs is the worst kind of away: connections stand, and nothing answers.
func TestFrozenServer(t *testing.T) {
	t.Parallel()
	server := testenv.StartZooKeeper(t)
	reg := open(t, server.Servers())
	v := registrytest.Watch(t, reg)
	must(t, reg.PutRoute(t.Context(), routeTo("shop", "1.0")))
	v.WaitRoute(routeTo("shop", "1.0"))
	server.Freeze()
	calls := map[string]func() error{
		"PutRoute":  func() error { return reg.PutRoute(t.Context(), routeTo("shop", "1.1")) },
		"Routes":    func() error { _, err := reg.Routes(t.Context()); return err },
		"Addresses": func() error { _, err := reg.Addresses(t.Context()); return err },
	}
	for name, call := range calls {
		began := time.Now()
		if err := call(); core.ErrorCode(err) != core.EUNAVAILABLE || time.Since(began) > 20*time.Second {
			t.Errorf("%s returned %v after %s", name, err, time.Since(began))
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	began := time.Now()
	if err := reg.DeleteRoute(ctx, "shop.localhost"); err == nil || time.Since(began) > callTimeout-100*time.Millisecond {
		t.Errorf("DeleteRoute outlived its context: %v after %s", err, time.Since(began))
	}
	server.Thaw()
	within(t, time.Minute, "written again", func() bool {
		return reg.PutRoute(t.Context(), routeTo("shop", "1.2")) == nil
	})
	v.WaitRoute(routeTo("shop", "1.2"))
}

func TestServerRestarted(t *testing.T) {
	t.Parallel()
	server := testenv.StartZooKeeper(t)
	reg := open(t, server.Servers())
	v := registrytest.Watch(t, reg)
	must(t, reg.PutRoute(t.Context(), routeTo("shop", "1.0")))
	v.WaitRoute(routeTo("shop", "1.0"))
	for _, end := range []func(){server.Stop, server.Kill, func() { server.Kill(); server.Wipe() }} {
		end()
		server.Start()
		within(t, time.Minute, "written again", func() bool {
			return reg.PutRoute(t.Context(), routeTo("tea", "1.0")) == nil
		})
		v.WaitRoute(routeTo("tea", "1.0"))
		must(t, reg.DeleteRoute(t.Context(), "tea.localhost"))
		v.WaitNoRoute("tea.localhost")
	}
}

// New and Watch need no ZooKeeper at their start.
func TestStartsWithoutServer(t *testing.T) {
	t.Parallel()
	server := testenv.StartZooKeeper(t)
	server.Kill()
	reg := open(t, server.Servers())
	began := time.Now()
	if _, err := reg.Routes(t.Context()); core.ErrorCode(err) != core.EUNAVAILABLE || time.Since(began) > 20*time.Second {
		t.Errorf("Routes returned %v after %s", err, time.Since(began))
	}
	if !reg.Contact().IsZero() {
		t.Error("there was no contact yet")
	}
	server.Start()
	registrytest.Watch(t, reg).Wait("everything", func() bool { return true })
}

func TestEmptyParentsGo(t *testing.T) {
	server := testenv.StartZooKeeper(t)
	reg := open(t, server.Servers())
	a, b, c := address("shop", "1.0", "c1", 1), address("shop", "1.1", "c2", 2), address("shop", "1.1", "c3", 3)
	for _, x := range []core.Address{a, b, c} {
		must(t, reg.Register(t.Context(), x))
	}
	must(t, reg.Deregister(t.Context(), c))
	must(t, reg.Deregister(t.Context(), a))
	if got := list(t, reg, addressRoot+"/shop"); !slices.Equal(got, []string{"1.1"}) {
		t.Errorf("versions %v", got)
	}
	must(t, reg.Deregister(t.Context(), b))
	if got := list(t, reg, addressRoot); len(got) > 0 {
		t.Errorf("apps %v", got)
	}
}

// The contract with other tools, to the letter.
func TestNodesAreAsDocumented(t *testing.T) {
	server := testenv.StartZooKeeper(t)
	reg := open(t, server.Servers())
	must(t, reg.Register(t.Context(), address("shop", "1.0", "c1", 25700)))
	must(t, reg.PutRoute(t.Context(), routeTo("shop", "1.0")))
	must(t, reg.PutConfig(t.Context(), "shop", []byte(`{"port":80}`)))
	must(t, reg.Announce(t.Context(), core.GatewayNode{ID: "g1", Stats: "127.0.0.1:9000"}))
	for node, want := range map[string]string{
		"/caas/service/address/shop/1.0/c1":  "172.17.0.1:25700",
		"/caas/service/config/shop":          `{"port":80}`,
		"/caas/gateway/route/shop.localhost": `{"domain":"shop.localhost","appId":"shop","weights":{"1.0":100},"state":"online"}`,
		"/caas/gateway/node/g1":              `{"id":"g1","stats":"127.0.0.1:9000"}`,
	} {
		within(t, time.Minute, node, func() bool { return string(get(t, reg, node)) == want })
	}
}

func within(t *testing.T, d time.Duration, what string, cond func() bool) {
	t.Helper()
	for end := time.Now().Add(d); !cond(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%s: not within %s", what, d)
		}
	}
}

package registrytest

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"berth/core"
)

func watchBeginsWithEverything(t *testing.T, p Parts) {
	ctx := t.Context()
	a, r := Address("shop", "1.0", "c1", 25700), Route("shop.localhost", "shop", map[string]int{"1.0": 100})
	Must(t, p.Writer.Register(ctx, a))
	Must(t, p.Writer.PutRoute(ctx, r))
	v := Watch(t, p.Reader)
	v.WaitAddresses("shop", a)
	v.WaitRoute(r)
	if v.Resets() != 1 {
		t.Errorf("everything came %d times", v.Resets())
	}
}

func watchTellsChanges(t *testing.T, p Parts) {
	ctx := t.Context()
	v := Watch(t, p.Reader)
	a, b := Address("shop", "1.0", "c1", 25700), Address("shop", "1.1", "c2", 25701)
	r := Route("shop.localhost", "shop", map[string]int{"1.0": 100})
	Must(t, p.Writer.Register(ctx, a))
	v.WaitAddresses("shop", a)
	Must(t, p.Writer.PutRoute(ctx, r))
	v.WaitRoute(r)
	Must(t, p.Writer.Register(ctx, b))
	v.WaitAddresses("shop", a, b)
	r.Weights = map[string]int{"1.1": 100}
	Must(t, p.Writer.PutRoute(ctx, r))
	v.WaitRoute(r)
	Must(t, p.Writer.Deregister(ctx, a))
	v.WaitAddresses("shop", b)
	b.Address = "172.17.0.1:25999"
	Must(t, p.Writer.Register(ctx, b))
	v.WaitAddresses("shop", b)
	Must(t, p.Writer.Deregister(ctx, b))
	v.WaitAddresses("shop")
	Must(t, p.Writer.DeleteRoute(ctx, r.Domain))
	v.WaitNoRoute(r.Domain)
	Must(t, p.Writer.Register(ctx, a)) // what was empty is watched again
	v.WaitAddresses("shop", a)
	if v.Resets() != 1 {
		t.Errorf("everything came %d times; changes are to come one by one", v.Resets())
	}
}

func watchEndsWithItsContext(t *testing.T, p Parts) {
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	begun := make(chan struct{}, 100)
	go func() { ended <- p.Reader.Watch(ctx, func(core.RegistryChange) { begun <- struct{}{} }) }()
	<-begun
	cancel()
	select {
	case <-ended:
	case <-time.After(time.Minute):
		t.Fatal("the watch goes on")
	}
}

// A release switches by registering the new address, leading requests to it, and removing the old one. Whenever a
// gateway looks, its route leads to an address that it knows.
func switchIsSeenInOrder(t *testing.T, p Parts) {
	ctx := t.Context()
	version := func(n int) string { return fmt.Sprintf("1.%d", n) }
	address := func(n int) core.Address { return Address("shop", version(n), fmt.Sprintf("c%d", n), 25700+n%100) }
	route := func(n int) core.Route { return Route("shop.localhost", "shop", map[string]int{version(n): 100}) }
	Must(t, p.Writer.Register(ctx, address(0)))
	Must(t, p.Writer.PutRoute(ctx, route(0)))
	watching, cancel := context.WithCancel(ctx)
	v := &View{t: t, changed: make(chan struct{}), refused: map[string]string{}}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = p.Reader.Watch(watching, func(c core.RegistryChange) {
			v.apply(c)
			at := v.Routes()["shop.localhost"].Weights
			if !slices.ContainsFunc(v.Apps()["shop"], func(a core.Address) bool { return at[a.Version] > 0 }) {
				t.Errorf("requests are led to %v, of which only %v is known", at, v.Apps()["shop"])
			}
		})
	}()
	const switches = 100
	for n := 1; n <= switches; n++ {
		Must(t, p.Writer.Register(ctx, address(n)))
		Must(t, p.Writer.PutRoute(ctx, route(n)))
		Must(t, p.Writer.Deregister(ctx, address(n-1)))
	}
	v.WaitRoute(route(switches))
	cancel()
	<-ended
}

func slowWatcherBlocksNobody(t *testing.T, p Parts) {
	const writes = 200
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	hold, begun := make(chan struct{}), make(chan struct{})
	changes, ended := 0, make(chan struct{})
	v := &View{t: t, changed: make(chan struct{}), refused: map[string]string{}}
	go func() {
		defer close(ended)
		_ = p.Reader.Watch(ctx, func(c core.RegistryChange) {
			if c.Reset {
				close(begun)
				<-hold
			} else {
				changes++
			}
			v.apply(c)
		})
	}()
	<-begun
	var last core.Route
	for i := range writes {
		last = Route("shop.localhost", "shop", map[string]int{fmt.Sprintf("1.%d", i): 100})
		Must(t, p.Writer.PutRoute(ctx, last))
	}
	close(hold)
	v.WaitRoute(last)
	cancel()
	<-ended
	if changes > writes/10 {
		t.Errorf("%d changes for %d writes of one route: they were queued", changes, writes)
	}
}

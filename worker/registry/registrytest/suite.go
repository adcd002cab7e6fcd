// Package registrytest is the suite that every core.Registry must pass.
package registrytest

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"berth/core"
)

// Parts is a registry under test.
type Parts struct {
	Writer   core.Registry             // empty
	Reader   core.Registry             // sees what Writer writes; the same one where there is but one process
	Config   func(appID string) []byte // nil when none is published
	Gateways func() []string           // ids of the announced gateways
}

// Run runs the suite, but for the parts that do not concern a reader alone; open returns an empty registry each time.
func Run(t *testing.T, open func(t *testing.T) Parts, without ...string) {
	tests := map[string]func(*testing.T, Parts){
		"AddressesComeAndGo":         addressesComeAndGo,
		"RoutesComeAndGo":            routesComeAndGo,
		"WildcardsAreRoutes":         wildcardsAreRoutes,
		"RulesAreKept":               rulesAreKept,
		"PublishedComesAndGoes":      publishedComesAndGoes,
		"PublishedIsWatched":         publishedIsWatched,
		"PublishedIsChecked":         publishedIsChecked,
		"ConfigComesAndGoes":         configComesAndGoes,
		"TwiceIsOnce":                twiceIsOnce,
		"WatchBeginsWithEverything":  watchBeginsWithEverything,
		"WatchTellsChanges":          watchTellsChanges,
		"WatchEndsWithItsContext":    watchEndsWithItsContext,
		"SlowWatcherBlocksNobody":    slowWatcherBlocksNobody,
		"SwitchIsSeenInOrder":        switchIsSeenInOrder,
		"ManyWritersConverge":        manyWritersConverge,
		"InvalidIsRefused":           invalidIsRefused,
		"AnnouncedWhileContextLasts": announcedWhileContextLasts,
		"ContactIsRecent":            contactIsRecent,
	}
	for name, test := range tests {
		if slices.Contains(without, name) {
			continue
		}
		t.Run(name, func(t *testing.T) { test(t, open(t)) })
	}
}

// Address makes the address of a container of an app.
func Address(app, version, container string, port int) core.Address {
	return core.Address{AppID: app, Version: version, ContainerID: container, Address: fmt.Sprintf("172.17.0.1:%d", port)}
}

// Route makes a route that is online.
func Route(domain, app string, weights map[string]int) core.Route {
	return core.Route{Domain: domain, AppID: app, Weights: weights, State: core.RouteOnline}
}

// Must fails the test on an error.
func Must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func addressesComeAndGo(t *testing.T, p Parts) {
	ctx := t.Context()
	a, b := Address("shop", "1.0", "c1", 25700), Address("shop", "1.1", "c2", 25701)
	c := Address("tea", "1.0", "c3", 25702)
	for _, x := range []core.Address{c, b, a} {
		Must(t, p.Writer.Register(ctx, x))
	}
	wantAddresses(t, p.Writer, a, b, c)
	Must(t, p.Writer.Deregister(ctx, b))
	Must(t, p.Writer.Deregister(ctx, core.Address{AppID: "tea", Version: "1.0", ContainerID: "c3"}))
	wantAddresses(t, p.Writer, a)
	moved := a
	moved.Address = "172.17.0.1:25800"
	Must(t, p.Writer.Register(ctx, moved))
	wantAddresses(t, p.Writer, moved)
}

func routesComeAndGo(t *testing.T, p Parts) {
	ctx := t.Context()
	shop := Route("shop.localhost", "shop", map[string]int{"1.0": 90, "1.1": 10})
	tea := Route("tea.localhost", "tea", map[string]int{"1.0": 100})
	Must(t, p.Writer.PutRoute(ctx, tea))
	Must(t, p.Writer.PutRoute(ctx, shop))
	wantRoutes(t, p.Writer, shop, tea)
	shop.State, shop.Weights = core.RouteStopped, nil
	Must(t, p.Writer.PutRoute(ctx, shop))
	Must(t, p.Writer.DeleteRoute(ctx, tea.Domain))
	wantRoutes(t, p.Writer, shop)
}

func configComesAndGoes(t *testing.T, p Parts) {
	ctx := t.Context()
	Must(t, p.Writer.PutConfig(ctx, "shop", []byte(`{"port":80}`)))
	Must(t, p.Writer.PutConfig(ctx, "shop", []byte(`{"port":81}`)))
	if got := string(p.Config("shop")); got != `{"port":81}` {
		t.Errorf("config %q", got)
	}
	Must(t, p.Writer.DeleteConfig(ctx, "shop"))
	if got := p.Config("shop"); got != nil {
		t.Errorf("config %q is still there", got)
	}
}

func twiceIsOnce(t *testing.T, p Parts) {
	ctx := t.Context()
	a, r := Address("shop", "1.0", "c1", 25700), Route("shop.localhost", "shop", nil)
	for range 2 {
		Must(t, p.Writer.Register(ctx, a))
		Must(t, p.Writer.PutRoute(ctx, r))
		Must(t, p.Writer.PutConfig(ctx, "shop", []byte(`{}`)))
	}
	wantAddresses(t, p.Writer, a)
	wantRoutes(t, p.Writer, r)
	for range 2 {
		Must(t, p.Writer.Deregister(ctx, a))
		Must(t, p.Writer.DeleteRoute(ctx, r.Domain))
		Must(t, p.Writer.DeleteConfig(ctx, "shop"))
	}
	wantAddresses(t, p.Writer)
	wantRoutes(t, p.Writer)
}

func invalidIsRefused(t *testing.T, p Parts) {
	ctx := t.Context()
	good := Address("shop", "1.0", "c1", 25700)
	for _, broken := range []func(*core.Address){
		func(a *core.Address) { a.AppID = "" },
		func(a *core.Address) { a.AppID = "../route" },
		func(a *core.Address) { a.Version = "1/0" },
		func(a *core.Address) { a.Version = ".." },
		func(a *core.Address) { a.ContainerID = "c\x00" },
		func(a *core.Address) { a.Address = "shop:80" },
		func(a *core.Address) { a.Address = "10.0.0.1:0" },
		func(a *core.Address) { a.Address = "10.0.0.1" },
	} {
		a := good
		broken(&a)
		wantInvalid(t, p.Writer.Register(ctx, a))
	}
	for _, broken := range []func(*core.Route){
		func(r *core.Route) { r.Domain = "" },
		func(r *core.Route) { r.Domain = "a/b" },
		func(r *core.Route) { r.Domain = ".." },
		func(r *core.Route) { r.Domain = "Shop.localhost" },
		func(r *core.Route) { r.AppID = "a b" },
		func(r *core.Route) { r.State = "odd" },
		func(r *core.Route) { r.Weights = map[string]int{"1.0": -1} },
	} {
		r := Route("shop.localhost", "shop", nil)
		broken(&r)
		wantInvalid(t, p.Writer.PutRoute(ctx, r))
	}
	wantInvalid(t, p.Writer.PutConfig(ctx, "../shop", []byte(`{}`)))
	wantAddresses(t, p.Writer)
	wantRoutes(t, p.Writer)
}

func announcedWhileContextLasts(t *testing.T, p Parts) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	for range 2 {
		Must(t, p.Writer.Announce(ctx, core.GatewayNode{ID: "g1", Stats: "127.0.0.1:9000"}))
	}
	eventually(t, "announced", func() bool { return slices.Equal(p.Gateways(), []string{"g1"}) })
	all, err := p.Reader.Gateways(ctx)
	Must(t, err)
	if !slices.Equal(all, []core.GatewayNode{{ID: "g1", Stats: "127.0.0.1:9000"}}) {
		t.Errorf("gateways %v", all)
	}
	cancel()
	eventually(t, "gone", func() bool { return len(p.Gateways()) == 0 })
	if all, err = p.Reader.Gateways(t.Context()); err != nil || len(all) > 0 {
		t.Errorf("gateways %v, %v", all, err)
	}
}

func contactIsRecent(t *testing.T, p Parts) {
	_, err := p.Writer.Routes(t.Context())
	Must(t, err)
	if age := time.Since(p.Writer.Contact()); age < 0 || age > 20*time.Second {
		t.Errorf("last contact %s ago", age)
	}
}

func manyWritersConverge(t *testing.T, p Parts) {
	ctx := t.Context()
	v := Watch(t, p.Reader)
	var writers sync.WaitGroup
	for w := range 8 {
		writers.Go(func() {
			for i := range 20 { // all writers come and go in the same versions, so parents come and go too
				a := Address("shop", fmt.Sprintf("1.%d", i%2), fmt.Sprintf("c%d", w), 25700+i)
				if err := p.Writer.Register(ctx, a); err != nil {
					t.Error(err)
				}
				if err := p.Writer.Deregister(ctx, a); err != nil {
					t.Error(err)
				}
			}
			last := Address("tea", "2.0", fmt.Sprintf("c%d", w), 26000+w)
			if err := p.Writer.Register(ctx, last); err != nil {
				t.Error(err)
			}
		})
	}
	writers.Wait()
	want := make([]core.Address, 8)
	for w := range want {
		want[w] = Address("tea", "2.0", fmt.Sprintf("c%d", w), 26000+w)
	}
	wantAddresses(t, p.Writer, want...)
	v.WaitAddresses("tea", want...)
	v.WaitAddresses("shop")
}

func wantAddresses(t *testing.T, r core.Registry, want ...core.Address) {
	t.Helper()
	got, err := r.Addresses(t.Context())
	Must(t, err)
	if !slices.Equal(got, want) {
		t.Errorf("addresses %v, want %v", got, want)
	}
}

func wantRoutes(t *testing.T, r core.Registry, want ...core.Route) {
	t.Helper()
	got, err := r.Routes(t.Context())
	Must(t, err)
	if !slices.EqualFunc(got, want, core.Route.Equal) {
		t.Errorf("routes %v, want %v", got, want)
	}
}

func wantInvalid(t *testing.T, err error) {
	t.Helper()
	if core.ErrorCode(err) != core.EINVALID {
		t.Errorf("got %v, want EINVALID", err)
	}
}

func eventually(t *testing.T, what string, cond func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); !cond(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%s: not within a minute", what)
		}
	}
}

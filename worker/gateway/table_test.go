package gateway

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"berth/core"
)

// Whatever changes come, in whatever order, the table holds what it would hold had it been told everything at once.
func TestTableFollowsTheRegistry(t *testing.T) {
	names := rapid.SampledFrom([]string{"a", "b", "c", "d"})
	rapid.Check(t, func(t *rapid.T) {
		table := newTable()
		routes, apps := map[string]core.Route{}, map[string][]core.Address{}
		for range rapid.IntRange(1, 40).Draw(t, "changes") {
			var c core.RegistryChange
			app, domain := names.Draw(t, "app"), names.Draw(t, "domain")
			switch rapid.IntRange(0, 4).Draw(t, "kind") {
			case 0:
				r := core.Route{Domain: domain, AppID: app, State: core.RouteOnline}
				routes[domain], c.Routes = r, []core.Route{r}
			case 1:
				delete(routes, domain)
				c.RemovedRoutes = []string{domain}
			case 2, 3:
				var addresses []core.Address
				for n := range rapid.IntRange(0, 3).Draw(t, "addresses") {
					addresses = append(addresses, core.Address{AppID: app, Version: "1", ContainerID: fmt.Sprint(n)})
				}
				apps[app], c.Apps = addresses, map[string][]core.Address{app: addresses}
			default:
				routes, apps = map[string]core.Route{}, map[string][]core.Address{}
				r := core.Route{Domain: domain, AppID: app, State: core.RouteStopped}
				routes[domain], c = r, core.RegistryChange{Reset: true, Routes: []core.Route{r}}
			}
			table.apply(c)
			checkTable(t, table, routes, apps)
		}
	})
}

func checkTable(t *rapid.T, table *table, routes map[string]core.Route, apps map[string][]core.Address) {
	alive := map[string]bool{}
	for domain, r := range routes {
		alive[r.AppID] = true
		at := table.find([]byte(domain))
		if at == nil || at.app != table.app(r.AppID) || at.state != r.State {
			t.Fatalf("%s leads to %+v, want %+v", domain, at, r)
		}
	}
	for id, addresses := range apps {
		if len(addresses) == 0 {
			continue
		}
		alive[id] = true
		var got []core.Address
		for _, i := range table.app(id).instances.Load().all.list {
			got = append(got, i.Address)
		}
		if !slices.Equal(got, addresses) {
			t.Fatalf("%s is at %v, want %v", id, got, addresses)
		}
	}
	if n, m := table.size(); n != len(routes) || m != len(alive) {
		t.Fatalf("%d routes and %d apps, want %d and %d", n, m, len(routes), len(alive))
	}
}

// An instance that stays keeps its counts and its connections.
func TestInstanceStaysTheSame(t *testing.T) {
	table := newTable()
	a := core.Address{AppID: "a", Version: "1", ContainerID: "x", Address: "127.0.0.1:1"}
	b := core.Address{AppID: "a", Version: "2", ContainerID: "y", Address: "127.0.0.1:2"}
	table.apply(core.RegistryChange{Reset: true, Apps: map[string][]core.Address{"a": {a}}})
	before := table.app("a").instances.Load().all.list[0]
	table.apply(core.RegistryChange{Apps: map[string][]core.Address{"a": {b, a}}})
	if got := table.app("a").instances.Load().versions["1"].list[0]; got != before {
		t.Error("it was made anew by a change")
	}
	table.apply(core.RegistryChange{Reset: true, Apps: map[string][]core.Address{"a": {a}}})
	if got := table.app("a").instances.Load().all.list[0]; got != before || got.gone {
		t.Error("it was made anew by a reset")
	}
}

// A change costs what changes, however many routes there are; so does a look-up.
func TestHundredThousandRoutes(t *testing.T) {
	const n = 100_000
	all := core.RegistryChange{Reset: true, Apps: map[string][]core.Address{}}
	for i := range n {
		id := fmt.Sprintf("app%d", i)
		all.Routes = append(all.Routes, core.Route{Domain: id + ".test", AppID: id, State: core.RouteOnline, Weights: map[string]int{"1": 100}})
		all.Apps[id] = []core.Address{{AppID: id, Version: "1", ContainerID: "c", Address: "127.0.0.1:1"}}
	}
	table := newTable()
	table.apply(all)
	if routes, apps := table.size(); routes != n || apps != n {
		t.Fatalf("%d routes, %d apps", routes, apps)
	}
	allocations := testing.AllocsPerRun(100, func() {
		table.apply(core.RegistryChange{Routes: []core.Route{{Domain: "app5.test", AppID: "app5", State: core.RouteOnline}}})
	})
	if allocations > 20 {
		t.Errorf("a change allocates %v times", allocations)
	}
	domain := []byte("app99999.test")
	if allocations := testing.AllocsPerRun(100, func() { table.find(domain) }); allocations > 0 {
		t.Errorf("a look-up allocates %v times", allocations)
	}
}

// F15: entries that cannot be read are left out, reported and harmless.
func TestRefusedEntriesAreLeftOut(t *testing.T) {
	f := start(t, Options{})
	f.app(saying(t, "ok"))
	f.gateway.apply(core.RegistryChange{
		Refused: []core.RefusedEntry{{Path: "/caas/gateway/route/x", Reason: "no JSON"}},
		Routes:  []core.Route{{Domain: "other.test", AppID: "app", State: core.RouteOnline}},
	})
	if res, content := f.ask("GET / HTTP/1.1\r\nHost: other.test\r\n\r\n"); res.StatusCode != 200 || content != "ok" {
		t.Errorf("%d %q", res.StatusCode, content)
	}
}

func TestTraffic(t *testing.T) {
	var traffic traffic
	now := time.Unix(1_800_000_000, 0)
	if got := traffic.lastMinute(now); len(got) != window || slices.Max(got) > 0 {
		t.Errorf("%v", got)
	}
	for second := range 130 {
		for range second {
			traffic.count(now.Add(time.Duration(second) * time.Second))
		}
	}
	for i, n := range traffic.lastMinute(now.Add(129 * time.Second)) {
		if n != int64(70+i) {
			t.Fatalf("second %d: %d requests, want %d", i, n, 70+i)
		}
	}
	later := traffic.lastMinute(now.Add(139 * time.Second))
	if later[0] != 80 || later[49] != 129 || later[50] != 0 || later[59] != 0 {
		t.Errorf("%v", later)
	}
	if later = traffic.lastMinute(now.Add(time.Hour)); slices.Max(later) > 0 {
		t.Errorf("%v", later)
	}
}

// Counts of an app live while anything of it is published, and go with it.
func TestCountsGoWithTheApp(t *testing.T) {
	f := start(t, Options{})
	if c := f.gateway.App("nobody"); c.Requests != 0 || len(c.Recent) != window {
		t.Errorf("counts of nobody: %+v", c)
	}
	address := f.publish("app", "1", saying(t, "ok"))
	f.route(core.Route{Domain: "app.test", AppID: "app"})
	f.tally(7)
	c := f.counts()
	if c.Requests != 7 || c.Instances[address.Address].Requests != 7 {
		t.Errorf("counts: %+v", c)
	}
	recent := func() (sum int64) {
		for _, n := range f.counts().Recent {
			sum += n
		}
		return sum
	}
	eventually(t, "seven in the last minute", func() bool { return recent() == 7 })
	if all := f.gateway.Traffic(time.Time{}); len(all) != 1 || all[0].AppID != "app" || all[0].Requests != 7 {
		t.Errorf("all counts: %+v", all)
	}
	f.withdraw(address)
	if n := f.counts().Requests; n != 7 {
		t.Errorf("%d requests counted, want 7", n)
	}
	if err := f.registry.DeleteRoute(context.Background(), "app.test"); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the app is forgotten", func() bool { return len(f.gateway.Traffic(time.Time{})) == 0 })
}

// A wildcard stands for one label more; a route of the name itself comes first.
func TestWildcards(t *testing.T) {
	table := newTable()
	put := func(domain, app string) {
		table.setRoute(core.Route{Domain: domain, AppID: app, State: core.RouteOnline})
	}
	want := func(domain, app string) {
		t.Helper()
		got := ""
		if r := table.find([]byte(domain)); r != nil {
			got = r.app.id
		}
		if got != app {
			t.Errorf("%s leads to %q, want %q", domain, got, app)
		}
	}
	put("*.example.test", "wild")
	put("a.example.test", "exact")
	put("*.example.test", "wild")
	want("a.example.test", "exact")
	want("b.example.test", "wild")
	for _, domain := range []string{"example.test", "a.b.example.test", "x.a.example.test", "test", ".example.test", "b.example.test."} {
		want(domain, "")
	}
	table.removeRoute("a.example.test")
	want("a.example.test", "wild")
	table.removeRoute("*.example.test")
	table.removeRoute("*.example.test")
	want("b.example.test", "")
	if n := table.wild.Load(); n != 0 {
		t.Errorf("%d wildcards are counted", n)
	}
}

package zookeeper

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"berth/core"
	"berth/e2e/testenv"
	"berth/worker/registry/registrytest"
)

// rubbish is what may lie in a node by mistake or malice.
var rubbish = []string{
	"", " ", "null", "[]", "{}", "{", "true", "\x00\xff", "172.17.0.1", "172.17.0.1:", "172.17.0.1:99999", ":80",
	"172.17.0.1:25700\n", "localhost:80", "<script>", strings.Repeat("[", 20_000), strings.Repeat("x", 500_000),
	`{"domain":"other.localhost","appId":"shop"}`, `{"appId":"../shop"}`, `{"appId":"shop","weights":{"1.0":-1}}`,
	`{"appId":"shop","weights":{"1.0":1e99}}`, `{"appId":"shop","state":"odd"}`, `{"appId":7}`,
	`{"appId":"shop","weights":[1]}`,
}

// F15: a malformed entry is refused and reported; all others serve and go on being updated.
func TestRubbishIsRefused(t *testing.T) {
	server := testenv.StartZooKeeper(t)
	told := make(chan core.RefusedEntry, 1000)
	reg := open(t, server.Servers(), func(e core.RefusedEntry) { told <- e })
	ctx := t.Context()
	must(t, reg.Register(ctx, address("shop", "1.0", "c1", 25700)))
	must(t, reg.PutRoute(ctx, routeTo("shop", "1.0")))
	must(t, reg.PutRoute(ctx, routeTo("tea", "1.0")))
	for n, data := range rubbish[:len(rubbish)/2] {
		spoil(t, reg, n, data)
	}
	v := registrytest.Watch(t, reg)
	for n, data := range rubbish {
		spoil(t, reg, n, data)
	}
	must(t, reg.session.put(ctx, addressRoot+"/shop/1.0/c9/deeper", []byte("172.17.0.1:1")))
	must(t, reg.session.put(ctx, addressRoot+"/-bad-/1.0/c1", []byte("172.17.0.1:1")))
	must(t, reg.session.put(ctx, routeRoot+"/Upper.localhost", []byte(`{"appId":"shop"}`)))
	must(t, reg.session.put(ctx, routePath("tea.localhost"), []byte("rubbish")))
	refusals := 2*len(rubbish) + 4
	v.Wait("refusals", func() bool { return len(v.Refused()) == refusals })
	v.WaitNoRoute("tea.localhost")

	must(t, reg.Register(ctx, address("shop", "1.1", "c2", 25701)))
	must(t, reg.PutRoute(ctx, routeTo("shop", "1.1")))
	must(t, reg.PutRoute(ctx, routeTo("tea", "1.1"))) // mended
	v.WaitAddresses("shop", address("shop", "1.0", "c1", 25700), address("shop", "1.1", "c2", 25701))
	v.WaitRoute(routeTo("shop", "1.1"))
	v.WaitRoute(routeTo("tea", "1.1"))
	if len(v.Routes()) != 2 || len(v.Apps()) != 1 {
		t.Errorf("in force: %v %v", v.Routes(), v.Apps())
	}
	if len(told) != refusals {
		t.Errorf("told of %d malformed entries, not %d", len(told), refusals)
	}
	all, err := reg.Addresses(ctx)
	must(t, err)
	routes, err := reg.Routes(ctx)
	must(t, err)
	if len(all) != 2 || len(routes) != 2 || len(told) != refusals {
		t.Errorf("read %v %v, told of %d", all, routes, len(told))
	}
}

// spoil puts data where a route and an address are expected.
func spoil(t *testing.T, reg *Registry, n int, data string) {
	t.Helper()
	must(t, reg.session.put(t.Context(), fmt.Sprintf("%s/bad%d.localhost", routeRoot, n), []byte(data)))
	must(t, reg.session.put(t.Context(), fmt.Sprintf("%s/bad/1.0/c%d", addressRoot, n), []byte(data)))
}

func TestParsersTakeAnything(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		data := []byte(rapid.OneOf(rapid.String(), rapid.SampledFrom(rubbish)).Draw(t, "data"))
		node := rapid.String().Draw(t, "node")
		if r, err := parseRoute(routeRoot+"/"+node, data); err == nil && r.Validate() != nil {
			t.Fatalf("%v is no route", r)
		}
		if a, err := parseAddress(addressRoot+"/"+node, data); err == nil && a.Validate() != nil {
			t.Fatalf("%v is no address", a)
		}
	})
}

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
	must(t, reg.session.put(ctx, routes.root+"/Upper.localhost", []byte(`{"appId":"shop"}`)))
	must(t, reg.session.put(ctx, routes.root+"/tea.localhost", []byte("rubbish")))
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
	led, err := reg.Routes(ctx)
	must(t, err)
	if len(all) != 2 || len(led) != 2 || len(told) != refusals {
		t.Errorf("read %v %v, told of %d", all, led, len(told))
	}
}

// spoil puts data where a route and an address are expected.
func spoil(t *testing.T, reg *Registry, n int, data string) {
	t.Helper()
	must(t, reg.session.put(t.Context(), fmt.Sprintf("%s/bad%d.localhost", routes.root, n), []byte(data)))
	must(t, reg.session.put(t.Context(), fmt.Sprintf("%s/bad/1.0/c%d", addressRoot, n), []byte(data)))
}

// F15, for what else a gateway reads: each family refuses what is malformed and goes on with the rest.
func TestRubbishInOtherFamiliesIsRefused(t *testing.T) {
	server := testenv.StartZooKeeper(t)
	reg := open(t, server.Servers())
	ctx := t.Context()
	v := registrytest.Watch(t, reg)
	roots := []string{tcpRoutes.root, certificates.root, challenges.root}
	for _, root := range roots {
		for n, data := range rubbish {
			must(t, reg.session.put(ctx, fmt.Sprintf("%s/bad%d", root, n), []byte(data)))
		}
	}
	must(t, reg.session.put(ctx, tcpRoutes.root+"/5433", []byte(`{"port":5432,"appId":"shop"}`)))
	must(t, reg.session.put(ctx, gateways.root+"/bad", []byte("rubbish")))
	v.Wait("refusals", func() bool { return len(v.Refused()) == len(roots)*len(rubbish)+1 })

	p := registrytest.Examples()
	must(t, reg.PutTCPRoute(ctx, p.TCP))
	must(t, reg.PutCertificate(ctx, p.Certificate))
	must(t, reg.PutChallenge(ctx, p.Challenge))
	v.WaitPublished(p)
	spoiled := reg.session.put(ctx, tcpRoutes.path(p.TCP), []byte("rubbish"))
	must(t, spoiled)
	v.Wait("no TCP route", func() bool { return len(v.Published().TCPRoutes) == 0 })
	must(t, reg.PutTCPRoute(ctx, p.TCP)) // mended
	v.WaitPublished(p)
	if all, err := reg.Gateways(ctx); err != nil || len(all) != 0 {
		t.Errorf("gateways %v, %v", all, err)
	}
}

func TestParsersTakeAnything(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		data := []byte(rapid.OneOf(rapid.String(), rapid.SampledFrom(rubbish)).Draw(t, "data"))
		node := rapid.String().Draw(t, "node")
		if r, err := routes.parse(routes.root+"/"+node, data); err == nil && r.Validate() != nil {
			t.Fatalf("%v is no route", r)
		}
		if c, err := certificates.parse(certificates.root+"/"+node, data); err == nil && c.Validate() != nil {
			t.Fatalf("%v is no certificate", c)
		}
		if a, err := parseAddress(addressRoot+"/"+node, data); err == nil && a.Validate() != nil {
			t.Fatalf("%v is no address", a)
		}
	})
}

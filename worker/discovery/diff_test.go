package discovery

import (
	"fmt"
	"maps"
	"testing"

	"pgregory.net/rapid"

	"berth/core"
)

// publications draws what may be published of an app, from few values so that two of them have much in common.
func publications(t *rapid.T, label string) publication {
	p := newPublication()
	for _, n := range rapid.SliceOfN(rapid.IntRange(0, 5), 0, 4).Draw(t, label+" addresses") {
		port := 25700 + n + rapid.IntRange(0, 1).Draw(t, label+" moved")*100
		p.addAddress(core.Address{AppID: "shop", Version: fmt.Sprintf("1.%d", n%2), ContainerID: fmt.Sprintf("c%d", n),
			Address: fmt.Sprintf("172.17.0.1:%d", port)})
	}
	for _, n := range rapid.SliceOfN(rapid.IntRange(0, 2), 0, 2).Draw(t, label+" routes") {
		p.addRoute(core.Route{Domain: fmt.Sprintf("d%d.localhost", n), AppID: "shop", State: core.RouteOnline,
			Weights: map[string]int{rapid.SampledFrom([]string{"1.0", "1.1"}).Draw(t, label+" version"): 100}})
	}
	for _, n := range rapid.SliceOfN(rapid.IntRange(0, 2), 0, 2).Draw(t, label+" TCP ports") {
		p.addTCPRoute(core.TCPRoute{Port: 30000 + n, AppID: "shop", Proxy: rapid.Bool().Draw(t, label+" proxy")})
	}
	p.config = rapid.SampledFrom([][]byte{nil, {}, []byte(`{"a":1}`), []byte(`{"a":2}`)}).Draw(t, label+" config")
	return p
}

func wantable(t *rapid.T) publication {
	p := publications(t, "want")
	if len(p.config) == 0 {
		p.config = nil
	}
	return p
}

func TestDiffLeadsToWhatIsWanted(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		known, want := publications(t, "known"), wantable(t)
		for _, s := range diff("shop", known, want) {
			s.note(&known)
		}
		if rest := diff("shop", known, want); len(rest) > 0 {
			t.Fatalf("left to do: %v", rest)
		}
		if !maps.Equal(known.addresses, want.addresses) || !maps.EqualFunc(known.tcp, want.tcp, core.TCPRoute.Same) || string(known.config) != string(want.config) {
			t.Fatalf("got %v, want %v", known, want)
		}
	})
}

func TestDiffTriesAgainWhatBroke(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		known, want := publications(t, "known"), wantable(t)
		steps := diff("shop", known, want)
		if len(steps) == 0 {
			return
		}
		broken := rapid.IntRange(0, len(steps)-1).Draw(t, "broken")
		for _, s := range steps[:broken] {
			s.note(&known)
		}
		steps[broken].doubt(&known)
		again := diff("shop", known, want)
		if len(again) != len(steps)-broken {
			t.Fatalf("%v broke at %d: again %v", steps, broken, again)
		}
	})
}

// Requests are led only to addresses that are registered, and addresses go only when nothing leads to them.
func TestDiffKeepsTheOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rank := 0
		for _, s := range diff("shop", publications(t, "known"), wantable(t)) {
			r := map[string]int{"discovery.putConfig": 0, "discovery.register": 1, "discovery.putRoute": 2,
				"discovery.deleteRoute": 3, "discovery.putTCPRoute": 4, "discovery.deleteTCPRoute": 5, "discovery.deregister": 6,
				"discovery.deleteConfig": 7}[fmt.Sprintf("%T", s)]
			if r < rank {
				t.Fatalf("%T comes late", s)
			}
			rank = r
		}
	})
}

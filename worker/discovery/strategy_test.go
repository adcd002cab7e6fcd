package discovery

import (
	"maps"
	"slices"
	"testing"

	"berth/core"
)

func releaseOf(number int, status core.ReleaseStatus, label, mode string, s core.Strategy) core.Release {
	return core.Release{AppID: "shop", Number: number, Status: status, Spec: core.ReleaseSpec{Replicas: 3, Port: 80, Strategy: s,
		Env: []core.EnvVar{{Name: "MODE", Value: mode}}, Targets: []core.Target{{VersionID: label, Label: label, Weight: 100}}}}
}

// TestHandover: who gets requests while one release takes over from another.
func TestHandover(t *testing.T) {
	rolling, beside := core.Strategy{Kind: core.StrategyRolling, Surge: "1"}, core.Strategy{Kind: core.StrategyBlueGreen}
	old := releaseOf(1, core.ReleaseLive, "1.0", "a", core.Strategy{})
	for _, c := range []struct {
		name      string
		target    core.Release
		serving   int
		old, next int // ready instances of each
		want      map[string]int
		preview   map[string]int
		places    map[string]int // published instances by label
	}{
		{"rolling: shares follow the instances", releaseOf(2, core.ReleasePending, "2.0", "a", rolling), 1, 2, 1,
			map[string]int{"1.0": 67, "2.0": 33}, nil, map[string]int{"1.0": 2, "2.0": 1}},
		{"rolling: the last old one is gone", releaseOf(2, core.ReleasePending, "2.0", "a", rolling), 1, 0, 3,
			map[string]int{"2.0": 100}, nil, map[string]int{"2.0": 3}},
		{"rolling back", releaseOf(2, core.ReleaseFailed, "2.0", "a", rolling), 1, 1, 2,
			map[string]int{"1.0": 33, "2.0": 67}, nil, map[string]int{"1.0": 1, "2.0": 2}},
		{"rolling: another setting of the same version", releaseOf(2, core.ReleasePending, "1.0", "b", rolling), 1, 2, 1,
			map[string]int{"1.0": 100}, nil, map[string]int{"1.0": 3}},
		{"blue-green: it waits at a domain of its own", releaseOf(2, core.ReleasePending, "2.0", "a", beside), 1, 3, 3,
			map[string]int{"1.0": 100}, map[string]int{"2.0": 100}, map[string]int{"1.0": 3, "2.0": 3}},
		{"blue-green: the same version waits apart", releaseOf(2, core.ReleasePending, "1.0", "b", beside), 1, 3, 3,
			map[string]int{"1.0": 100}, map[string]int{"1.0-release-2": 100}, map[string]int{"1.0": 3, "1.0-release-2": 3}},
		{"blue-green: what is kept gets nothing", releaseOf(2, core.ReleaseLive, "1.0", "b", beside), 2, 3, 3,
			map[string]int{"1.0": 100}, nil, map[string]int{"1.0": 3}},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := core.App{ID: "shop", Release: 2, Serving: c.serving}
			h := handover{app: a, serving: old, target: c.target, domain: "next.shop.localhost"}
			if c.serving == 2 {
				h.serving, h.target, h.before = c.target, core.Release{}, old
			}
			var instances []core.Instance
			for _, of := range []struct {
				r core.Release
				n int
			}{{old, c.old}, {c.target, c.next}} {
				for range of.n {
					id := core.NewInstanceID()
					instances = append(instances, core.Instance{ID: id, ContainerID: id, Address: "192.0.2.1:80", State: core.InstanceReady,
						Label: of.r.Spec.Targets[0].Label, Template: of.r.Spec.Template(of.r.Spec.Targets[0], 0)})
				}
			}
			p := wanted(a, &h.serving, instances, "shop.localhost")
			h.adjust(&p, instances)
			if got := p.routes["shop.localhost"].Weights; !maps.Equal(got, c.want) {
				t.Errorf("weights %v, want %v", got, c.want)
			}
			if got := p.routes["next.shop.localhost"].Weights; !maps.Equal(got, c.preview) {
				t.Errorf("preview %v, want %v", got, c.preview)
			}
			places := map[string]int{}
			for at := range p.addresses {
				places[at.version]++
			}
			if !maps.Equal(places, c.places) {
				t.Errorf("published %v, want %v", slices.Sorted(maps.Keys(places)), c.places)
			}
		})
	}
}

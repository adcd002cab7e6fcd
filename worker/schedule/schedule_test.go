package schedule

import (
	"testing"

	"pgregory.net/rapid"

	"berth/core"
)

func host(id string, memory core.Bytes) core.Host {
	return core.Host{ID: id, Name: id, Memory: memory, Arch: "amd64", Status: core.HostUp,
		PortFrom: core.DefaultPortFrom, PortTo: core.DefaultPortTo}
}

func TestChoose(t *testing.T) {
	a, b, down, cordoned, arm := host("a", core.GiB), host("b", 2*core.GiB), host("down", core.TiB),
		host("cordoned", core.TiB), host("arm", core.TiB)
	down.Status, cordoned.Cordoned, arm.Arch = core.HostDown, true, "arm64"
	small := Request{Memory: 64 * core.MiB, Arch: "amd64"}
	for _, c := range []struct {
		name  string
		hosts []core.Host
		use   map[string]core.HostUse
		req   Request
		want  string
		why   string
	}{
		{"only one", []core.Host{a}, nil, small, "a", "placement.only"},
		{"most free memory", []core.Host{a, b}, nil, small, "b", "placement.most_memory"},
		{"use counts", []core.Host{a, b}, map[string]core.HostUse{"b": {Memory: 1800 * core.MiB}}, small, "a", "placement.most_memory"},
		{"spread before memory", []core.Host{a, b}, nil, Request{Memory: core.MiB, Peers: map[string]int{"b": 1}}, "a", "placement.spread"},
		{"storage pins", []core.Host{a, b}, nil, Request{Memory: core.MiB, Pinned: "a"}, "a", "placement.storage"},
		{"unfit are passed over", []core.Host{down, cordoned, arm, a}, nil, small, "a", "placement.only"},
		{"no host", nil, nil, small, "", "error.no_host_none"},
		{"all down", []core.Host{down}, nil, small, "", "error.no_host_down"},
		{"wrong architecture", []core.Host{arm}, nil, small, "", "error.no_host_architecture"},
		{"full", []core.Host{a}, map[string]core.HostUse{"a": {Memory: core.GiB}}, small, "", "error.no_host_memory"},
		{"no port", []core.Host{a}, map[string]core.HostUse{"a": {Ports: 4300}}, small, "", "error.no_host_ports"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := Choose(c.hosts, c.use, c.req)
			if got.Host.ID != c.want {
				t.Errorf("host %q, want %q", got.Host.ID, c.want)
			}
			key := got.Why.Key
			if err != nil {
				key = core.ErrorMessage(err).Key
			}
			if key != c.why {
				t.Errorf("says %q, want %q", key, c.why)
			}
		})
	}
}

func TestChosenHostAlwaysFits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		hosts, use := []core.Host{}, map[string]core.HostUse{}
		for i := range rapid.IntRange(0, 6).Draw(t, "hosts") {
			h := host(string(rune('a'+i)), core.Bytes(rapid.IntRange(0, 4096).Draw(t, "memory"))*core.MiB)
			h.Cordoned = rapid.Bool().Draw(t, "cordoned")
			hosts = append(hosts, h)
			use[h.ID] = core.HostUse{Memory: core.Bytes(rapid.IntRange(0, 4096).Draw(t, "used")) * core.MiB}
		}
		r := Request{Memory: core.Bytes(rapid.IntRange(1, 2048).Draw(t, "request")) * core.MiB}
		got, err := Choose(hosts, use, r)
		for _, h := range hosts {
			fits := !h.Cordoned && use[h.ID].Memory+r.Memory <= h.Memory
			if err != nil && fits {
				t.Fatalf("%s fits, yet: %v", h.ID, err)
			}
			if err == nil && fits && free(h, use) > free(got.Host, use) {
				t.Fatalf("%s has more free memory than %s", h.ID, got.Host.ID)
			}
		}
		if err == nil && (got.Host.Cordoned || use[got.Host.ID].Memory+r.Memory > got.Host.Memory) {
			t.Fatalf("%s does not fit", got.Host.ID)
		}
	})
}

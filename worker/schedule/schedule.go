// Package schedule decides on which host an instance is placed, and says in one sentence why. It is pure: what it
// knows is in its arguments.
package schedule

import (
	"strconv"

	"berth/core"
)

// Request is what an instance needs.
type Request struct {
	Memory core.Bytes
	CPU    core.MilliCPU
	Arch   string         // of its image; "" runs anywhere
	Pinned string         // host that holds its storage; "" when it may go anywhere
	Peers  map[string]int // instances of the same app by host: they are spread
}

// Choice is the chosen host and the sentence that explains it.
type Choice struct {
	Host core.Host
	Why  core.Text
}

// filter rejects a host; key is the message for when it rejected the most.
type filter struct {
	key    string
	allows func(h core.Host, use core.HostUse, r Request) bool
}

var filters = []filter{
	{"error.no_host_down", func(h core.Host, _ core.HostUse, _ Request) bool { return h.Status == core.HostUp }},
	{"error.no_host_cordoned", func(h core.Host, _ core.HostUse, _ Request) bool { return !h.Cordoned }},
	{"error.no_host_storage", func(h core.Host, _ core.HostUse, r Request) bool { return r.Pinned == "" || r.Pinned == h.ID }},
	{"error.no_host_architecture", func(h core.Host, _ core.HostUse, r Request) bool {
		return r.Arch == "" || h.Arch == "" || r.Arch == h.Arch
	}},
	{"error.no_host_ports", func(h core.Host, use core.HostUse, _ Request) bool { return use.Ports < h.PortTo-h.PortFrom+1 }},
	{"error.no_host_memory", func(h core.Host, use core.HostUse, r Request) bool { return use.Memory+r.Memory <= h.Memory }},
}

// Choose returns the best host: of those that pass every filter the one with the fewest instances of the app, and
// among those the one with the most free memory. Errors, saying what stood in the
// way: EUNAVAILABLE when no host is up, ECONFLICT when there is no room.
func Choose(hosts []core.Host, use map[string]core.HostUse, r Request) (Choice, error) {
	rejected := map[string]int{}
	var fit []core.Host
	for _, h := range hosts {
		if key := rejectedBy(h, use[h.ID], r); key != "" {
			rejected[key]++
			continue
		}
		fit = append(fit, h)
	}
	if len(fit) == 0 {
		return Choice{}, noRoom(rejected, len(hosts), r)
	}
	best := fit[0]
	for _, h := range fit[1:] {
		if better(h, best, use, r) {
			best = h
		}
	}
	return Choice{best, explain(best, fit, use, r)}, nil
}

func rejectedBy(h core.Host, use core.HostUse, r Request) string {
	for _, f := range filters {
		if !f.allows(h, use, r) {
			return f.key
		}
	}
	return ""
}

func better(a, b core.Host, use map[string]core.HostUse, r Request) bool {
	if r.Peers[a.ID] != r.Peers[b.ID] {
		return r.Peers[a.ID] < r.Peers[b.ID]
	}
	return free(a, use) > free(b, use)
}

func free(h core.Host, use map[string]core.HostUse) core.Bytes { return h.Memory - use[h.ID].Memory }

func explain(h core.Host, fit []core.Host, use map[string]core.HostUse, r Request) core.Text {
	args := []string{"host", h.Name, "free", free(h, use).Human()}
	switch {
	case r.Pinned != "":
		return core.T("placement.storage", args...)
	case len(fit) == 1:
		return core.T("placement.only", args...)
	}
	for _, other := range fit {
		if r.Peers[other.ID] != r.Peers[h.ID] {
			return core.T("placement.spread", args...)
		}
	}
	return core.T("placement.most_memory", args...)
}

// noRoom names the filter that the most hosts failed at, in the order of the filters when they tie.
func noRoom(rejected map[string]int, hosts int, r Request) error {
	worst := "error.no_host_none"
	for _, f := range filters {
		if rejected[f.key] > rejected[worst] {
			worst = f.key
		}
	}
	code := core.ECONFLICT
	if worst == "error.no_host_none" || worst == "error.no_host_down" {
		code = core.EUNAVAILABLE
	}
	return core.Errorf(code, worst, "memory", r.Memory.Human(), "architecture", r.Arch, "hosts", strconv.Itoa(hosts))
}

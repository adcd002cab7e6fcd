package tcp

import (
	"math/rand/v2"
	"slices"
	"sync/atomic"
	"time"

	"berth/core"
)

// outFor is how long an instance that refuses connections gets none, while others are there.
const outFor = 2 * time.Second

// app is what is known of an app: it lives while a route or an address of it is published.
type app struct {
	id        string
	instances atomic.Pointer[[]*instance]
	routes    int // guarded by Server.mu
}

// instance is an address of an app.
type instance struct {
	core.Address
	open     atomic.Int64
	outUntil atomic.Int64 // Unix nanoseconds
}

// set replaces the instances, keeping those that stay.
func (a *app) set(addresses []core.Address) {
	old := *a.instances.Load()
	next := make([]*instance, 0, len(addresses))
	for _, address := range addresses {
		if i := slices.IndexFunc(old, func(i *instance) bool { return i.Address == address }); i >= 0 {
			next = append(next, old[i])
		} else {
			next = append(next, &instance{Address: address})
		}
	}
	a.instances.Store(&next)
}

// next returns the instance for a new connection, leaving out those tried; nil when none is left. The version is
// drawn by the weights, and of its instances the one with the fewest connections taken.
func (a *app) next(weights map[string]int, tried []*instance, now time.Time) *instance {
	var in, out []*instance
	for _, i := range *a.instances.Load() {
		switch {
		case slices.Contains(tried, i) || len(weights) > 0 && weights[i.Version] <= 0:
		case i.outUntil.Load() > now.UnixNano():
			out = append(out, i)
		default:
			in = append(in, i)
		}
	}
	if len(in) == 0 {
		in = out // better one that refused a moment ago than none
	}
	if len(weights) > 1 {
		in = ofVersion(in, weights)
	}
	return leastOpen(in)
}

// ofVersion draws a version and returns its instances.
func ofVersion(all []*instance, weights map[string]int) []*instance {
	labels := map[string]bool{}
	total := 0
	for _, i := range all {
		if !labels[i.Version] {
			labels[i.Version] = true
			total += weights[i.Version]
		}
	}
	if len(labels) < 2 {
		return all
	}
	drawn := rand.IntN(total)
	for label := range labels {
		if drawn -= weights[label]; drawn < 0 {
			return slices.DeleteFunc(all, func(i *instance) bool { return i.Version != label })
		}
	}
	return all
}

// leastOpen returns the one with the fewest connections, any of those that are even.
func leastOpen(all []*instance) *instance {
	if len(all) == 0 {
		return nil
	}
	first := rand.IntN(len(all))
	best := all[first]
	for n := 1; n < len(all); n++ {
		if i := all[(first+n)%len(all)]; i.open.Load() < best.open.Load() {
			best = i
		}
	}
	return best
}

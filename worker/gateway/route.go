package gateway

import (
	"maps"
	"math"
	"slices"
	"sync/atomic"
	"time"

	"berth/core"
)

// route is where a domain leads. It is never changed, but replaced.
type route struct {
	app      *app
	https    bool   // plain requests are redirected to HTTPS
	redirect string // another domain that every request is redirected to; "" for none
	state    core.RouteState
	wakes    bool     // requests wait for the first instance
	rules    *ruleset // nil for none
	labels   []string // of the versions with a weight
	order    []string // the same, each as often as its weight says, evenly mixed
	turn     atomic.Uint32
	tags     []uint64     // of the labels, when visitors stay with a version
	place    int          // among the routes of the app; the watch's own
	counts   *lazyCounter // of the domain
}

func newRoute(r core.Route, a *app) *route {
	labels := weighted(r.Weights)
	return &route{app: a, https: r.HTTPS, redirect: r.Redirect, state: r.State, wakes: r.Wakes,
		labels: labels, order: mix(labels, r.Weights)}
}

// pick returns the instance that gets the next request, leaving out those tried: of the version whose turn it is, or
// else of any version. nil means that no instance is left.
func (r *route) pick(now time.Time, tried []*instance) *instance {
	return r.pickBy(core.BalanceRoundRobin, r.app.instances.Load(), now.UnixNano(), tried)
}

func (r *route) pickBy(b core.Balance, set *instances, at int64, tried []*instance) *instance {
	if n := uint32(len(r.order)); n > 0 {
		label := r.order[(r.turn.Add(1)-1)%n]
		if i := set.versions[label].choose(b, at, tried); i != nil {
			return i
		}
		for _, label := range r.labels {
			if i := set.versions[label].choose(b, at, tried); i != nil {
				return i
			}
		}
	}
	if i := set.all.choose(b, at, tried); i != nil {
		return i
	}
	return set.all.next(math.MaxInt64, tried) // all refused connections a moment ago: ask one of them
}

// mix spreads versions over a sequence by their weights, smoothly: at each place stands the version that is furthest
// behind its share. Going round it gives every version exactly its share.
func mix(labels []string, weights map[string]int) []string {
	total, divisor := 0, 0
	for _, label := range labels {
		total += weights[label]
		divisor = gcd(weights[label], divisor)
	}
	if total == 0 {
		return nil
	}
	credit := make([]int, len(labels))
	order := make([]string, total/divisor)
	for place := range order {
		best := 0
		for i, label := range labels {
			if credit[i] += weights[label]; credit[i] > credit[best] {
				best = i
			}
		}
		credit[best] -= total
		order[place] = labels[best]
	}
	return order
}

func weighted(weights map[string]int) []string {
	var labels []string
	for _, label := range slices.Sorted(maps.Keys(weights)) {
		if weights[label] > 0 {
			labels = append(labels, label)
		}
	}
	return labels
}

func gcd(a, b int) int {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

package core

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"time"
)

// TrafficStep is what happened to an app in a while: counts are those of the while alone.
type TrafficStep struct {
	AppID     string
	At        time.Time     // when it began
	Length    time.Duration // of the while
	Total     RequestCounts
	Versions  map[string]RequestCounts // by label
	Domains   map[string]RequestCounts
	Instances map[string]RequestCounts // by address
	Paths     []PathCount              // the most frequent, at most MaxTopPaths
}

// MaxTrafficKeys is how many versions, domains and instances a step tells apart; the busiest of each.
const MaxTrafficKeys = 32

// Plus returns a step with what another one counted added.
func (s TrafficStep) Plus(o TrafficStep) TrafficStep {
	active := max(s.Total.Active, o.Total.Active)
	s.Total = s.Total.Plus(o.Total)
	s.Total.Active = active // the most at once
	s.Versions = plusCounts(s.Versions, o.Versions)
	s.Domains = plusCounts(s.Domains, o.Domains)
	s.Instances = plusCounts(s.Instances, o.Instances)
	s.Paths = PlusPaths(s.Paths, o.Paths)
	return s
}

func plusCounts(a, b map[string]RequestCounts) map[string]RequestCounts {
	sum := maps.Clone(a)
	if sum == nil {
		sum = map[string]RequestCounts{}
	}
	for key, c := range b {
		sum[key] = c.Plus(sum[key])
	}
	return sum
}

// PlusPaths adds up counts of paths, the most frequent first.
func PlusPaths(a, b []PathCount) []PathCount {
	sum := map[string]int64{}
	for _, p := range slices.Concat(a, b) {
		sum[p.Path] += p.Requests
	}
	all := make([]PathCount, 0, len(sum))
	for path, n := range sum {
		all = append(all, PathCount{path, n})
	}
	slices.SortFunc(all, func(a, b PathCount) int {
		return cmp.Or(cmp.Compare(b.Requests, a.Requests), cmp.Compare(a.Path, b.Path))
	})
	return all[:min(len(all), MaxTopPaths)]
}

// Since returns what happened between an earlier state of counts and c: of what is counted anew, all of it.
func (c TrafficCounts) Since(earlier TrafficCounts) TrafficStep {
	return TrafficStep{Total: since(c.Total, earlier.Total), Versions: sinceEach(c.Versions, earlier.Versions),
		Domains: sinceEach(c.Domains, earlier.Domains), Instances: sinceEach(c.Instances, earlier.Instances)}
}

func since(c, earlier RequestCounts) RequestCounts {
	if c.Requests < earlier.Requests {
		return c // counted from nothing again
	}
	return c.Minus(earlier)
}

func sinceEach(all, earlier map[string]RequestCounts) map[string]RequestCounts {
	changed := map[string]RequestCounts{}
	for key, c := range all {
		if d := since(c, earlier[key]); d.Requests > 0 || d.Active > 0 || d.Classes != [5]int64{} || d.BytesIn+d.BytesOut+d.Unanswered > 0 {
			changed[key] = d
		}
	}
	return changed
}

// Plus returns the sum of the counts of two gateways.
func (c TrafficCounts) Plus(o TrafficCounts) TrafficCounts {
	c.Requests += o.Requests
	c.Failed += o.Failed
	c.Total = c.Total.Plus(o.Total)
	c.Versions = plusCounts(c.Versions, o.Versions)
	c.Domains = plusCounts(c.Domains, o.Domains)
	c.Instances = plusCounts(c.Instances, o.Instances)
	recent := make([]int64, max(len(c.Recent), len(o.Recent)))
	for _, r := range [][]int64{c.Recent, o.Recent} {
		for i, n := range r {
			recent[len(recent)-len(r)+i] += n
		}
	}
	c.Recent = recent
	return c
}

// Bound drops the least busy versions, domains and instances beyond MaxTrafficKeys.
func (s *TrafficStep) Bound() {
	for _, m := range []map[string]RequestCounts{s.Versions, s.Domains, s.Instances} {
		if len(m) <= MaxTrafficKeys {
			continue
		}
		keys := slices.SortedFunc(maps.Keys(m), func(a, b string) int {
			return cmp.Or(cmp.Compare(m[b].Requests, m[a].Requests), cmp.Compare(a, b))
		})
		for _, key := range keys[MaxTrafficKeys:] {
			delete(m, key)
		}
	}
}

// Steps of the history: how long they are, and for how long they are kept. The next is made of those before it.
var TrafficSteps = []struct{ Length, Kept time.Duration }{
	{time.Minute, 3 * time.Hour},
	{10 * time.Minute, 2 * 24 * time.Hour},
	{3 * time.Hour, 31 * 24 * time.Hour},
}

// TrafficStore keeps the history of the traffic of apps: steps of the lengths of TrafficSteps that begin at a multiple
// of their length. An app without a request in a step has no row.
type TrafficStore interface {
	// Put writes steps of many apps at once, in place of those that are there; apps that are gone are left out. Only
	// the system calls it.
	Put(ctx context.Context, steps []TrafficStep) error
	// List returns an app's steps of a length that began in [from, to), oldest first.
	List(ctx context.Context, appID string, length time.Duration, from, to time.Time) ([]TrafficStep, error)
	// Sum returns for every app the sum of its steps of a length that began in [from, to). Only the system calls it.
	Sum(ctx context.Context, length time.Duration, from, to time.Time) ([]TrafficStep, error)
	// Prune removes the steps of a length that began before a time. Only the system calls it.
	Prune(ctx context.Context, length time.Duration, before time.Time) error
}

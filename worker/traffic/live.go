package traffic

import (
	"time"

	"berth/core"
)

// sample is the counts of an app at a moment.
type sample struct {
	at     time.Time
	counts core.TrafficCounts
}

const (
	sampleEvery = 5 * time.Second
	sampleKept  = 3 // so that the oldest is 10 to 15 s old
)

// sample notes the counts of the apps that have requests, and forgets those that rest.
func (r *Reader) sample(now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if now.Sub(r.sampled) < sampleEvery {
		return
	}
	before := r.sampled
	r.sampled = now
	known := map[string]bool{}
	for _, n := range r.nodes {
		for id := range n.apps {
			if known[id] {
				continue
			}
			known[id] = true
			r.sampleApp(id, before, now)
		}
	}
	for id := range r.samples {
		if !known[id] {
			delete(r.samples, id)
		}
	}
}

func (r *Reader) sampleApp(id string, before, now time.Time) {
	kept, total := r.samples[id], r.total(id)
	if n := len(kept); n > 0 && kept[0].counts.Total == total && kept[n-1].counts.Total == total {
		if n == 1 || n == sampleKept {
			r.samples[id] = []sample{{now.Add(-(sampleKept - 1) * sampleEvery), kept[0].counts}} // it rests
			return
		}
	}
	c := r.app(id)
	c.Recent = nil
	if len(kept) == 0 && !before.IsZero() && len(r.samples) > 0 {
		kept = []sample{{at: before}} // it was not there yet
	}
	kept = append(kept, sample{now, c})
	if len(kept) > sampleKept {
		kept = append(kept[:0:0], kept[len(kept)-sampleKept:]...)
	}
	r.samples[id] = kept
}

// total returns the sum of an app's requests; mu is held.
func (r *Reader) total(id string) core.RequestCounts {
	sum := r.past[id].Total
	for _, n := range r.nodes {
		if a, ok := n.apps[id]; ok {
			if n.gone {
				a.Total.Active = 0
			}
			sum = sum.Plus(a.Total)
		}
	}
	return sum
}

// Live implements core.TrafficReader.
func (r *Reader) Live(appID string) core.TrafficStep {
	r.refresh(appID)
	r.mu.Lock()
	defer r.mu.Unlock()
	now := time.Now()
	kept := r.samples[appID]
	if len(kept) == 0 {
		return core.TrafficStep{AppID: appID, At: now.Add(-10 * time.Second), Length: 10 * time.Second}
	}
	step := r.app(appID).Since(kept[0].counts)
	step.AppID, step.At, step.Length = appID, kept[0].at, now.Sub(kept[0].at)
	for _, n := range r.nodes {
		if a := n.apps[appID]; !n.gone {
			slot := core.PathSlotOf(now)
			step.Paths = core.PlusPaths(step.Paths, core.PlusPaths(a.PathsIn(slot), a.PathsIn(slot-1)))
		}
	}
	return step
}

package traffic

import (
	"context"
	"log/slog"
	"time"

	"berth/core"
)

// Sampler writes what a reader learns into the history: what happened in each minute, and from time to time sums of
// these for longer steps.
type Sampler struct {
	Reader *Reader
	Store  core.TrafficStore
	Log    *slog.Logger

	began time.Time
	last  map[string]map[string]core.TrafficCounts // by process and app
}

// Run samples until ctx ends, and once more then.
func (s *Sampler) Run(ctx context.Context) error {
	s.begin(time.Now())
	for {
		next := time.Now().Truncate(core.TrafficSteps[0].Length).Add(core.TrafficSteps[0].Length)
		timer := time.NewTimer(time.Until(next))
		select {
		case <-ctx.Done():
			timer.Stop()
			end, cancel := context.WithTimeout(context.WithoutCancel(ctx), readTimeout)
			defer cancel()
			s.Reader.readLocal()
			s.write(end, next.Add(-core.TrafficSteps[0].Length), time.Now())
			return ctx.Err()
		case <-timer.C:
		}
		s.Minute(ctx, next)
	}
}

// begin takes what was counted before as the past.
func (s *Sampler) begin(now time.Time) {
	s.began = now
	s.last = map[string]map[string]core.TrafficCounts{}
	s.take(now)
	s.Reader.each(func(process string, since time.Time, _ map[string]core.AppTraffic) {
		if !s.past(since) {
			delete(s.last, process) // what it has counted meanwhile is history
		}
	})
}

// past reports whether what a process counted, before it was first seen, was before this worker began.
func (s *Sampler) past(since time.Time) bool { return since.Before(s.began.Add(-overlap)) }

// Minute writes what happened in the minute that ends at a time, and sums of those before it when it is time.
func (s *Sampler) Minute(ctx context.Context, end time.Time) {
	s.Reader.Read(ctx)
	s.write(ctx, end.Add(-core.TrafficSteps[0].Length), end)
	for i, step := range core.TrafficSteps[1:] {
		if end.Truncate(step.Length).Equal(end) {
			s.sum(ctx, core.TrafficSteps[i].Length, step.Length, end)
		}
	}
}

func (s *Sampler) write(ctx context.Context, begin, end time.Time) {
	steps := s.take(end)
	for i := range steps {
		steps[i].At, steps[i].Length = begin, core.TrafficSteps[0].Length
	}
	s.put(ctx, steps)
}

func (s *Sampler) put(ctx context.Context, steps []core.TrafficStep) {
	if len(steps) == 0 {
		return
	}
	if err := s.Store.Put(ctx, steps); err != nil {
		s.Log.Warn("a step of the traffic is missing in the history", "at", steps[0].At, "apps", len(steps), "error", err)
	}
}

// sum writes a longer step from those of which it is made. It reads them from the store, so that a worker that started
// meanwhile misses nothing.
func (s *Sampler) sum(ctx context.Context, from, to time.Duration, end time.Time) {
	steps, err := s.Store.Sum(ctx, from, end.Add(-to), end)
	if err != nil {
		s.Log.Warn("a step of the traffic is missing in the history", "at", end.Add(-to), "length", to, "error", err)
		return
	}
	for i := range steps {
		steps[i].At, steps[i].Length = end.Add(-to), to
	}
	s.put(ctx, steps)
}

// take returns what happened since it was called last, of every app. Paths come with the minute that ends their slot.
func (s *Sampler) take(end time.Time) []core.TrafficStep {
	slot, ended := core.PathSlotOf(end)-1, end.Truncate(core.PathSlot).Equal(end)
	sums := map[string]core.TrafficStep{}
	processes := map[string]bool{}
	s.Reader.each(func(process string, since time.Time, apps map[string]core.AppTraffic) {
		processes[process] = true
		last, known := s.last[process]
		if !known {
			last = map[string]core.TrafficCounts{}
			s.last[process] = last
		}
		past := !known && s.past(since)
		for _, a := range apps {
			before := last[a.AppID]
			last[a.AppID] = a.TrafficCounts
			if past {
				continue
			}
			step := a.TrafficCounts.Since(before)
			if ended {
				step.Paths = a.PathsIn(slot)
			}
			if len(step.Paths) > 0 || step.Total.Requests > 0 || step.Total.BytesIn+step.Total.BytesOut > 0 || step.Total.Classes != [5]int64{} {
				sums[a.AppID] = sums[a.AppID].Plus(step)
			}
		}
	})
	var steps []core.TrafficStep
	for id, step := range sums {
		step.AppID = id
		step.Bound()
		steps = append(steps, step)
	}
	for process := range s.last {
		if !processes[process] {
			delete(s.last, process)
		}
	}
	return steps
}

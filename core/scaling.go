package core

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// Scaling is how the number of an app's instances follows its load and the time of day. The zero value has none: the
// release's Replicas run.
type Scaling struct {
	Min       int             `json:"min,omitempty"`
	Max       int             `json:"max,omitempty"` // 0: no scaling
	Rules     []ScaleRule     `json:"rules,omitempty"`
	Schedules []ScaleSchedule `json:"schedules,omitempty"`
	Up        Duration        `json:"cooldown_up,omitempty"`   // between two raises; 0 takes DefaultScaleUp
	Down      Duration        `json:"cooldown_down,omitempty"` // the most that was asked for within it is kept; 0 takes DefaultScaleDown
	Idle      Duration        `json:"idle,omitempty"`          // after so long without a request nothing runs until the next; 0 never sleeps
}

// Bounds and defaults of a Scaling.
const (
	DefaultScaleWindow = 10 * time.Second
	MinScaleWindow     = 5 * time.Second
	MaxScaleWindow     = 10 * time.Minute
	DefaultScaleUp     = 5 * time.Second
	MaxScaleUp         = time.Hour
	DefaultScaleDown   = 5 * time.Minute
	MinScaleDown       = 10 * time.Second
	MaxScaleDown       = 24 * time.Hour
	MinScaleIdle       = 10 * time.Second
	MaxScaleIdle       = 7 * 24 * time.Hour
	MaxScaleRules      = 10
	MaxScaleSteps      = 10
	MaxScaleSchedules  = 20
)

// On reports whether there is a scaling.
func (s Scaling) On() bool { return s.Max > 0 }

// UpAfter returns how long passes between two raises.
func (s Scaling) UpAfter() time.Duration { return orDuration(s.Up, DefaultScaleUp) }

// DownAfter returns for how long fewer instances must have sufficed before any goes.
func (s Scaling) DownAfter() time.Duration { return orDuration(s.Down, DefaultScaleDown) }

func orDuration(d Duration, v time.Duration) time.Duration {
	if d == 0 {
		return v
	}
	return time.Duration(d)
}

// Range returns the fewest and the most instances that may run at any time, schedules included.
func (s Scaling) Range() (low, high int) {
	low, high = s.Min, s.Max
	for _, x := range s.Schedules {
		for _, n := range []int{x.Min, x.Max, x.Replicas} {
			if n > 0 && !x.Off {
				low, high = min(low, n), max(high, n)
			}
		}
	}
	return low, high
}

// Sized returns r with the number of instances that is in force: what the scaling last decided within its bounds, or
// what the release says when it has none. A release on its way is never asleep.
func (a App) Sized(r Release) Release {
	s := r.Spec.Scaling
	if !s.On() || r.Number == 0 {
		return r
	}
	if a.Asleep && r.Status != ReleasePending {
		r.Spec.Replicas = 0
		return r
	}
	low, high := s.Range()
	n := a.Replicas
	if n == 0 {
		n = r.Spec.Replicas
	}
	r.Spec.Replicas = min(max(n, low), high)
	return r
}

// Validate reports every fault of s but those of cron expressions. Errors: EINVALID at "min", "max", "rules.0.target",
// "schedules.0.from" and the like.
func (s Scaling) Validate() error {
	var f Faults
	if !s.On() {
		if s.Min != 0 || s.Max != 0 || len(s.Rules)+len(s.Schedules) > 0 || s.Idle != 0 || s.Up != 0 || s.Down != 0 {
			f.Add("max", "error.number_range", "min", "1", "max", itoa(MaxReplicas))
		}
		return f.Err()
	}
	if s.Min < 1 || s.Min > MaxReplicas {
		f.Add("min", "error.number_range", "min", "1", "max", itoa(MaxReplicas))
	}
	if s.Max > MaxReplicas {
		f.Add("max", "error.number_range", "min", "1", "max", itoa(MaxReplicas))
	} else if s.Min > s.Max {
		f.Add("max", "error.scaling_bounds")
	}
	durationBetween(&f, "cooldown_up", s.Up, time.Second, MaxScaleUp)
	durationBetween(&f, "cooldown_down", s.Down, MinScaleDown, MaxScaleDown)
	durationBetween(&f, "idle", s.Idle, MinScaleIdle, MaxScaleIdle)
	if len(s.Rules) > MaxScaleRules {
		f.Add("rules", "error.list_long", "max", itoa(MaxScaleRules))
	}
	if len(s.Schedules) > MaxScaleSchedules {
		f.Add("schedules", "error.list_long", "max", itoa(MaxScaleSchedules))
	}
	for i, r := range s.Rules {
		f.Merge("rules."+itoa(i), r.validate(s.Max))
	}
	for i, x := range s.Schedules {
		f.Merge("schedules."+itoa(i), x.validate(s))
	}
	s.contradictions(&f)
	return f.Err()
}

// contradictions finds rules that would work against each other whatever the load: one adds where another removes.
func (s Scaling) contradictions(f *Faults) {
	adds := map[ScaleMetric]float64{}
	for _, r := range s.Rules {
		if from := r.adds(); from > 0 && !r.Off && (adds[r.Metric] == 0 || from < adds[r.Metric]) {
			adds[r.Metric] = from
		}
	}
	for i, r := range s.Rules {
		for j, step := range r.Steps {
			if from := adds[r.Metric]; !r.Off && step.Below > 0 && from > 0 && step.Below >= from {
				f.Add("rules."+itoa(i)+".steps."+itoa(j)+".below", "error.scaling_contradiction",
					"below", number64(step.Below), "above", number64(from))
			}
		}
	}
}

// Same reports whether two scalings say the same.
func (s Scaling) Same(o Scaling) bool { return s.String() == o.String() }

// String words s for logs, audits and comparing: "2-6, cpu 60, requests +1>25 -1<5, mon 08:00-19:00 UTC 3-".
func (s Scaling) String() string {
	if !s.On() {
		return ""
	}
	parts := []string{itoa(s.Min) + "-" + itoa(s.Max)}
	for _, r := range s.Rules {
		parts = append(parts, r.String())
	}
	for _, x := range s.Schedules {
		parts = append(parts, x.String())
	}
	for _, d := range []struct {
		name string
		Duration
	}{{"up", s.Up}, {"down", s.Down}, {"idle", s.Idle}} {
		if d.Duration != 0 {
			parts = append(parts, d.name+" "+d.Duration.String())
		}
	}
	return strings.Join(parts, ", ")
}

// number64 words a number without more digits than it needs.
func number64(v float64) string {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return "0"
	}
	return strconv.FormatFloat(v, 'f', -1, 64)
}

package core

import (
	"strings"
	"time"
)

// ScaleRule asks for instances by a metric: as many as keep it at Target, or by steps.
type ScaleRule struct {
	Metric ScaleMetric `json:"metric"`
	Target float64     `json:"target,omitempty"` // in the metric's unit
	Steps  []ScaleStep `json:"steps,omitempty"`  // instead of Target
	Window Duration    `json:"window,omitempty"` // that the metric is averaged over; 0 takes DefaultScaleWindow
	Off    bool        `json:"off,omitempty"`
}

// ScaleStep is what to do above or below a threshold.
type ScaleStep struct {
	Above  float64 `json:"above,omitempty"`
	Below  float64 `json:"below,omitempty"`  // instead of Above
	Add    int     `json:"add,omitempty"`    // with Above: so many more than now
	Run    int     `json:"run,omitempty"`    // with Above, instead of Add: at least so many
	Remove int     `json:"remove,omitempty"` // with Below: so many fewer than now
}

// Over returns what the metric is averaged over.
func (r ScaleRule) Over() time.Duration { return orDuration(r.Window, DefaultScaleWindow) }

// adds returns the lowest value above which the rule may ask for more; 0 when it never does.
func (r ScaleRule) adds() float64 {
	least := r.Target
	for _, s := range r.Steps {
		if s.Above > 0 && (least == 0 || s.Above < least) {
			least = s.Above
		}
	}
	return least
}

func (r ScaleRule) validate(most int) error {
	var f Faults
	if !r.Metric.Valid() {
		f.Add("metric", "error.scaling_metric", "metric", string(r.Metric))
		return f.Err()
	}
	durationBetween(&f, "window", r.Window, MinScaleWindow, MaxScaleWindow)
	limits := func(field string, v float64) {
		f.Merge(field, r.Metric.CheckLimit(v))
	}
	switch {
	case r.Target != 0 && len(r.Steps) > 0:
		f.Add("target", "error.scaling_target_or_steps")
	case len(r.Steps) == 0 && r.Metric == ScaleTotal:
		f.Add("target", "error.scaling_total_target")
	case len(r.Steps) == 0:
		limits("target", r.Target)
	case len(r.Steps) > MaxScaleSteps:
		f.Add("steps", "error.list_long", "max", itoa(MaxScaleSteps))
	}
	for i, s := range r.Steps {
		at := "steps." + itoa(i) + "."
		above, below := s.Above != 0, s.Below != 0
		switch {
		case above == below:
			f.Add(at+"above", "error.scaling_above_or_below")
		case above:
			limits(at+"above", s.Above)
			if (s.Add > 0) == (s.Run > 0) || s.Remove != 0 || s.Add < 0 || s.Run < 0 || s.Add > MaxReplicas {
				f.Add(at+"add", "error.scaling_step_add")
			}
			if s.Run > most {
				f.Add(at+"run", "error.scaling_step_run", "run", itoa(s.Run), "max", itoa(most))
			}
		default:
			limits(at+"below", s.Below)
			if s.Remove < 1 || s.Remove > MaxReplicas || s.Add != 0 || s.Run != 0 {
				f.Add(at+"remove", "error.scaling_step_remove")
			}
		}
		if r.Metric == ScaleTotal && above && s.Run == 0 {
			f.Add(at+"run", "error.scaling_total_run")
		}
	}
	return f.Err()
}

// String words r; it names the rule where it has no other name.
func (r ScaleRule) String() string {
	words := []string{string(r.Metric)}
	if r.Target != 0 {
		words = append(words, number64(r.Target))
	}
	for _, s := range r.Steps {
		switch {
		case s.Below != 0:
			words = append(words, "-"+itoa(s.Remove)+"<"+number64(s.Below))
		case s.Run != 0:
			words = append(words, itoa(s.Run)+">"+number64(s.Above))
		default:
			words = append(words, "+"+itoa(s.Add)+">"+number64(s.Above))
		}
	}
	if r.Window != 0 {
		words = append(words, r.Window.String())
	}
	if r.Off {
		words = append(words, "off")
	}
	return strings.Join(words, " ")
}

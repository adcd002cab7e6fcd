package core

import (
	"context"
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

// ScaleSchedule changes the bounds in some hours: on days of the week from a time to another, or for a while whenever a
// cron expression fires.
type ScaleSchedule struct {
	Days     []Weekday `json:"days,omitempty"` // on which it begins; none is every day
	From     string    `json:"from,omitempty"` // "08:00"
	To       string    `json:"to,omitempty"`   // "19:00"; not after From: of the next day
	Cron     string    `json:"cron,omitempty"` // five fields, instead of Days, From and To
	For      Duration  `json:"for,omitempty"`  // with Cron: how long each time
	Zone     string    `json:"zone,omitempty"` // IANA: "Europe/Berlin"; "" is UTC
	Min      int       `json:"min,omitempty"`  // 0 leaves what holds otherwise
	Max      int       `json:"max,omitempty"`
	Replicas int       `json:"replicas,omitempty"` // instead of Min and Max: exactly so many
	Off      bool      `json:"off,omitempty"`
}

// Weekday is "mon" to "sun".
type Weekday string

// Weekdays begin with Monday.
var Weekdays = []Weekday{"mon", "tue", "wed", "thu", "fri", "sat", "sun"}

// Day returns the day as package time has it.
func (d Weekday) Day() (time.Weekday, bool) {
	for i, w := range Weekdays {
		if w == d {
			return time.Weekday((i + 1) % 7), true
		}
	}
	return 0, false
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

// Over returns what the metric is averaged over.
func (r ScaleRule) Over() time.Duration { return orDuration(r.Window, DefaultScaleWindow) }

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

func (x ScaleSchedule) validate(s Scaling) error {
	var f Faults
	if _, err := x.Location(); err != nil {
		f.Add("zone", "error.scaling_zone", "zone", x.Zone)
	}
	if x.Cron == "" {
		x.validateWeek(&f)
	} else {
		if x.From != "" || x.To != "" || len(x.Days) > 0 {
			f.Add("cron", "error.scaling_cron_or_days")
		}
		if x.For == 0 {
			f.Add("for", "error.field_missing")
		}
		durationBetween(&f, "for", x.For, time.Minute, 7*24*time.Hour)
	}
	for _, b := range []struct {
		field string
		n     int
	}{{"min", x.Min}, {"max", x.Max}, {"replicas", x.Replicas}} {
		if b.n < 0 || b.n > MaxReplicas {
			f.Add(b.field, "error.number_range", "min", "1", "max", itoa(MaxReplicas))
		}
	}
	low, high := x.Bounds(s.Min, s.Max)
	switch {
	case x.Min == 0 && x.Max == 0 && x.Replicas == 0:
		f.Add("min", "error.scaling_schedule_empty")
	case x.Replicas != 0 && (x.Min != 0 || x.Max != 0):
		f.Add("replicas", "error.scaling_schedule_either")
	case low > high:
		f.Add("max", "error.scaling_bounds")
	}
	return f.Err()
}

func (x ScaleSchedule) validateWeek(f *Faults) {
	for _, d := range x.Days {
		if _, ok := d.Day(); !ok {
			f.Add("days", "error.scaling_day", "day", string(d))
		}
	}
	for _, c := range []struct{ field, text string }{{"from", x.From}, {"to", x.To}} {
		if _, ok := Clock(c.text); !ok {
			f.Add(c.field, "error.scaling_clock")
		}
	}
	if x.For != 0 {
		f.Add("for", "error.scaling_cron_or_days")
	}
}

// Bounds returns the fewest and the most instances while x is in force, given those that hold otherwise. Of one bound
// alone the other gives way.
func (x ScaleSchedule) Bounds(low, high int) (int, int) {
	switch {
	case x.Replicas > 0:
		return x.Replicas, x.Replicas
	case x.Min > 0 && x.Max > 0:
		return x.Min, x.Max
	case x.Min > 0:
		return x.Min, max(high, x.Min)
	case x.Max > 0:
		return min(low, x.Max), x.Max
	}
	return low, high
}

// Location returns the time zone of x. "Local" is none: it would be the machine's.
func (x ScaleSchedule) Location() (*time.Location, error) {
	if strings.EqualFold(x.Zone, "local") || len(x.Zone) > 64 {
		return nil, Invalid("zone", "error.scaling_zone", "zone", x.Zone)
	}
	return time.LoadLocation(x.Zone)
}

// Clock reads "08:00" as the time since midnight.
func Clock(text string) (time.Duration, bool) {
	t, err := time.Parse("15:04", text)
	if err != nil || len(text) != 5 {
		return 0, false
	}
	return time.Duration(t.Hour())*time.Hour + time.Duration(t.Minute())*time.Minute, true
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

// String words x.
func (x ScaleSchedule) String() string {
	words := []string{}
	for _, d := range x.Days {
		words = append(words, string(d))
	}
	if x.Cron != "" {
		words = append(words, x.Cron, x.For.String())
	} else {
		words = append(words, x.From+"-"+x.To)
	}
	if x.Zone != "" {
		words = append(words, x.Zone)
	}
	words = append(words, itoa(x.Min)+"-"+itoa(x.Max))
	if x.Replicas > 0 {
		words[len(words)-1] = itoa(x.Replicas)
	}
	if x.Off {
		words = append(words, "off")
	}
	return strings.Join(words, " ")
}

// number64 words a number without more digits than it needs.
func number64(v float64) string {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return "0"
	}
	return strconv.FormatFloat(v, 'f', -1, 64)
}

// ScaleStatus is what was last decided for an app. The worker writes it, pages show it.
type ScaleStatus struct {
	AppID    string               `json:"-"`
	TenantID string               `json:"-"`
	Release  int                  `json:"release"`  // whose scaling it was
	Replicas int                  `json:"replicas"` // in force
	Wanted   int                  `json:"wanted"`   // what was asked for, whatever there is room for
	Asleep   bool                 `json:"asleep,omitempty"`
	Rule     string               `json:"rule,omitempty"`  // the one that won, by its String; "" when none did
	Why      Text                 `json:"why,omitzero"`    // in a sentence
	Limit    Text                 `json:"limit,omitzero"`  // what keeps Replicas from Wanted
	Acted    map[string]ScaleMove `json:"acted,omitempty"` // what each rule did last
	At       time.Time            `json:"at"`
}

// ScaleMove is a change of the number of instances.
type ScaleMove struct {
	From int       `json:"from"`
	To   int       `json:"to"`
	At   time.Time `json:"at"`
}

// ScalingStore keeps what was decided. Every method is scoped by the actor.
type ScalingStore interface {
	// Put adds or overwrites the status of an app. Workers alone call it. Errors: ENOTFOUND.
	Put(ctx context.Context, s ScaleStatus) error
	// Get returns the status of an app. Errors: ENOTFOUND, also when nothing was decided yet.
	Get(ctx context.Context, appID string) (ScaleStatus, error)
	// On returns the ids of the apps whose release has a scaling. Workers alone call it.
	On(ctx context.Context) ([]string, error)
}

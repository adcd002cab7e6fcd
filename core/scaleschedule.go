package core

import (
	"strings"
	"time"
)

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

// when words the time in which x is in force: "mon 08:00-19:00 Europe/Berlin".
func (x ScaleSchedule) when() string {
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
	return strings.Join(words, " ")
}

// String words x.
func (x ScaleSchedule) String() string {
	words := []string{x.when(), itoa(x.Min) + "-" + itoa(x.Max)}
	if x.Replicas > 0 {
		words[len(words)-1] = itoa(x.Replicas)
	}
	if x.Off {
		words = append(words, "off")
	}
	return strings.Join(words, " ")
}

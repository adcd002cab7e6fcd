package scale

import (
	"time"
	_ "time/tzdata" // a machine may have no time zones

	"github.com/robfig/cron/v3"

	"berth/core"
)

// Validate reports every fault of a scaling, those of cron expressions included. Errors: as core.Scaling.Validate,
// EINVALID at "schedules.0.cron".
func Validate(s core.Scaling, now time.Time) error {
	var f core.Faults
	f.Merge("", s.Validate())
	for i, x := range s.Schedules {
		if x.Cron == "" {
			continue
		}
		_, err := ReadCron(x.Cron, now)
		f.Merge("schedules."+itoa(i)+".cron", err)
	}
	return f.Err()
}

// Bounds returns the fewest and the most instances at a time, and the schedule that says so; nil when none is in force.
// Of several in force the last one counts.
func Bounds(p core.Scaling, now time.Time) (low, high int, by *core.ScaleSchedule) {
	low, high = p.Min, p.Max
	for i, x := range p.Schedules {
		if !x.Off && inForce(x, now) {
			low, high = x.Bounds(p.Min, p.Max)
			by = &p.Schedules[i]
		}
	}
	return low, high, by
}

func inForce(x core.ScaleSchedule, now time.Time) bool {
	r, ok := read(x)
	return ok && r.inForce(now)
}

// readSchedule is a schedule whose zone and expression were read, to be asked of many times.
type readSchedule struct {
	core.ScaleSchedule
	zone       *time.Location
	cron       *cron.SpecSchedule // nil for one by days of the week
	from, next time.Time          // it fires next after any time from one until the other
}

// read returns false for a schedule that is never in force.
func read(x core.ScaleSchedule) (r readSchedule, ok bool) {
	zone, err := x.Location()
	if err != nil {
		return r, false
	}
	r = readSchedule{ScaleSchedule: x, zone: zone}
	if x.Cron != "" {
		r.cron, err = parse(x.Cron)
	}
	return r, err == nil
}

func (r *readSchedule) inForce(now time.Time) bool {
	local := now.In(r.zone)
	if r.cron != nil {
		began := r.after(local.Add(-time.Duration(r.For)))
		return !began.IsZero() && !began.After(local)
	}
	return onDay(r.ScaleSchedule, local, 0) || onDay(r.ScaleSchedule, local, -1)
}

// after returns when it fires first after t. The search may walk years, so what it found is good until then.
func (r *readSchedule) after(t time.Time) time.Time {
	if t.Before(r.from) || !t.Before(r.next) {
		r.from, r.next = t, r.cron.Next(t)
	}
	return r.next
}

// onDay reports whether the hours that began today, or some days before, are those now. Hours are those of the wall
// clock, on days of 23 and 25 hours too.
func onDay(x core.ScaleSchedule, local time.Time, days int) bool {
	from, ok := core.Clock(x.From)
	to, too := core.Clock(x.To)
	if !ok || !too {
		return false
	}
	y, m, d := local.Date()
	at := func(day int, clock time.Duration) time.Time {
		return time.Date(y, m, d+day, int(clock/time.Hour), int(clock/time.Minute)%60, 0, 0, local.Location())
	}
	begin, end := at(days, from), at(days, to)
	if to <= from {
		end = at(days+1, to)
	}
	return onWeekday(x.Days, at(days, 12*time.Hour).Weekday()) && !local.Before(begin) && local.Before(end)
}

func onWeekday(days []core.Weekday, day time.Weekday) bool {
	for _, d := range days {
		if w, ok := d.Day(); ok && w == day {
			return true
		}
	}
	return len(days) == 0
}

// Next returns when a schedule by cron fires next, at most n times; none for one by days of the week.
func Next(x core.ScaleSchedule, now time.Time, n int) []time.Time {
	zone, err := x.Location()
	if err != nil || x.Cron == "" {
		return nil
	}
	expression, err := parse(x.Cron)
	if err != nil {
		return nil
	}
	var times []time.Time
	for at := expression.Next(now.In(zone)); !at.IsZero() && len(times) < n; at = expression.Next(at) {
		times = append(times, at)
	}
	return times
}

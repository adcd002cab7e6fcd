package scale

import (
	"time"
	_ "time/tzdata" // a machine may have no time zones

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
	zone, err := x.Location()
	if err != nil {
		return false
	}
	local := now.In(zone)
	if x.Cron != "" {
		expression, err := parse(x.Cron)
		if err != nil {
			return false
		}
		began := expression.Next(local.Add(-time.Duration(x.For)))
		return !began.IsZero() && !began.After(local)
	}
	return onDay(x, local, 0) || onDay(x, local, -1)
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

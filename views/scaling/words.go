package scaling

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"berth/core"
	"berth/views/i18n"
)

// Words says a schedule in a sentence: "Mon to Fri, 08:00 to 19:00 (Europe/Berlin): at least 3".
func Words(ctx context.Context, x core.ScaleSchedule) string {
	zone := x.Zone
	if zone == "" {
		zone = "UTC"
	}
	return i18n.T(ctx, "scaling.schedule", "when", when(ctx, x), "zone", zone, "bounds", bounds(ctx, x))
}

func when(ctx context.Context, x core.ScaleSchedule) string {
	if x.Cron != "" {
		return i18n.T(ctx, "scaling.when_for", "when", CronWords(ctx, x.Cron), "for", i18n.From(ctx).Duration(time.Duration(x.For)))
	}
	key := "scaling.when_hours"
	if x.To <= x.From {
		key = "scaling.when_overnight"
	}
	days := make([]int, 0, len(x.Days))
	for _, d := range x.Days {
		if w, ok := d.Day(); ok {
			days = append(days, int(w))
		}
	}
	return i18n.T(ctx, key, "days", daysWords(ctx, days), "from", x.From, "to", x.To)
}

func bounds(ctx context.Context, x core.ScaleSchedule) string {
	low, high := strconv.Itoa(x.Min), strconv.Itoa(x.Max)
	switch {
	case x.Replicas > 0:
		return i18n.T(ctx, "scaling.exactly", "count", x.Replicas)
	case x.Min > 0 && x.Max > 0:
		return i18n.T(ctx, "scaling.from_to", "min", low, "max", high)
	case x.Max > 0:
		return i18n.T(ctx, "scaling.at_most", "max", high)
	}
	return i18n.T(ctx, "scaling.at_least", "min", low)
}

// daysWords says days of the week, Sunday being 0: "Mon to Fri", "Sat and Sun", "every day".
func daysWords(ctx context.Context, days []int) string {
	name := func(d int) string { return i18n.T(ctx, "weekday."+strconv.Itoa(d)) }
	var on []int // from Monday on
	for _, d := range []int{1, 2, 3, 4, 5, 6, 0} {
		if slices.Contains(days, d) {
			on = append(on, d)
		}
	}
	switch n := len(on); {
	case n == 0 || n == 7:
		return i18n.T(ctx, "scaling.every_day")
	case n > 2 && (on[n-1]+7-on[0])%7 == n-1:
		return i18n.T(ctx, "scaling.days_to", "from", name(on[0]), "to", name(on[n-1]))
	}
	names := make([]string, len(on))
	for i, d := range on {
		names[i] = name(d)
	}
	return i18n.From(ctx).List(names)
}

// CronWords says a cron expression in words: "Mon to Fri at 08:00", "day 1 of each month at 00:00"; one that is more than
// that stays as it is.
func CronWords(ctx context.Context, cron string) string {
	f := strings.Fields(cron)
	if len(f) != 5 {
		return cron
	}
	minute, err1 := strconv.Atoi(f[0])
	hour, err2 := strconv.Atoi(f[1])
	if err1 != nil || err2 != nil || f[3] != "*" {
		return cron
	}
	clock := twoDigits(hour) + ":" + twoDigits(minute)
	if days, ok := cronDays(f[4]); ok && f[2] == "*" {
		return i18n.T(ctx, "scaling.cron_week", "days", daysWords(ctx, days), "clock", clock)
	}
	if day, err := strconv.Atoi(f[2]); err == nil && f[4] == "*" {
		return i18n.T(ctx, "scaling.cron_month", "day", strconv.Itoa(day), "clock", clock)
	}
	return cron
}

// cronDays reads the last field: "*", "1-5", "0,6", "mon".
func cronDays(field string) (days []int, ok bool) {
	if field == "*" {
		return nil, true
	}
	for part := range strings.SplitSeq(field, ",") {
		from, to, span := strings.Cut(part, "-")
		first, ok1 := cronDay(from)
		last, ok2 := first, ok1
		if span {
			last, ok2 = cronDay(to)
		}
		if !ok1 || !ok2 || last < first {
			return nil, false
		}
		for d := first; d <= last; d++ {
			days = append(days, d%7)
		}
	}
	return days, true
}

func cronDay(text string) (int, bool) {
	if d, ok := core.Weekday(strings.ToLower(text)).Day(); ok {
		return int(d), true
	}
	d, err := strconv.Atoi(text)
	return d, err == nil && d >= 0 && d <= 6
}

func twoDigits(n int) string {
	if n < 10 {
		return "0" + strconv.Itoa(n)
	}
	return strconv.Itoa(n)
}

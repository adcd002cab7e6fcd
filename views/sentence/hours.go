// Package sentence says rules and hours of scaling as people do.
package sentence

import (
	"slices"
	"strconv"
	"time"
	"unicode"
	"unicode/utf8"

	"berth/core"
	"berth/views/i18n"
)

// Hours says a schedule: "Mon to Fri, 08:00 to 19:00 (Europe/Berlin): at least 3".
func Hours(l *i18n.Localizer, x core.ScaleSchedule) string {
	zone := x.Zone
	if zone == "" {
		zone = "UTC"
	}
	return capital(l.T("scaling.schedule", "when", when(l, x), "zone", zone, "bounds", bounds(l, x)))
}

func when(l *i18n.Localizer, x core.ScaleSchedule) string {
	if x.Cron != "" {
		return l.T("scaling.when_for", "when", Cron(l, x.Cron), "for", l.Duration(time.Duration(x.For)))
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
	return l.T(key, "days", weekdays(l, days), "from", x.From, "to", x.To)
}

func bounds(l *i18n.Localizer, x core.ScaleSchedule) string {
	low, high := strconv.Itoa(x.Min), strconv.Itoa(x.Max)
	switch {
	case x.Replicas > 0:
		return l.T("scaling.exactly", "count", x.Replicas)
	case x.Min > 0 && x.Max > 0:
		return l.T("scaling.from_to", "min", low, "max", high)
	case x.Max > 0:
		return l.T("scaling.at_most", "max", high)
	}
	return l.T("scaling.at_least", "min", low)
}

// weekdays says days of the week, Sunday being 0: "Mon to Fri", "Sat and Sun", "every day".
func weekdays(l *i18n.Localizer, days []int) string {
	name := func(d int) string { return l.T("weekday." + strconv.Itoa(d)) }
	var on []int // from Monday on
	for _, d := range []int{1, 2, 3, 4, 5, 6, 0} {
		if slices.Contains(days, d) {
			on = append(on, d)
		}
	}
	switch n := len(on); {
	case n == 0 || n == 7:
		return l.T("scaling.every_day")
	case n > 2 && (on[n-1]+7-on[0])%7 == n-1:
		return l.T("scaling.days_to", "from", name(on[0]), "to", name(on[n-1]))
	}
	names := make([]string, len(on))
	for i, d := range on {
		names[i] = name(d)
	}
	return l.List(names)
}

func capital(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	return string(unicode.ToUpper(r)) + s[n:]
}

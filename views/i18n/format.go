package i18n

import (
	"strconv"
	"strings"
	"time"

	"berth/core"
)

// Time is short and as exact as one needs: today the clock, this week the weekday, else the date.
func (l *Localizer) Time(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	t, now := t.In(l.zone), l.now().In(l.zone)
	switch days := daysBetween(t, now); {
	case days == 0:
		return t.Format("15:04")
	case days > 0 && days < 7:
		return l.T("time.weekday", "day", l.T("weekday."+strconv.Itoa(int(t.Weekday()))), "clock", t.Format("15:04"))
	case t.Year() == now.Year():
		return l.T("time.date", "date", l.Date(t), "clock", t.Format("15:04"))
	}
	return l.Date(t)
}

// Date names a day: "12 Nov", with the year when it is another one.
func (l *Localizer) Date(t time.Time) string {
	t = t.In(l.zone)
	key := "time.day"
	if t.Year() != l.now().In(l.zone).Year() {
		key = "time.day_year"
	}
	return l.T(key, "day", t.Day(), "month", l.T("month."+strconv.Itoa(int(t.Month()))), "year", strconv.Itoa(t.Year()))
}

// Exact is the whole moment, for a title.
func (l *Localizer) Exact(t time.Time) string { return t.In(l.zone).Format("2006-01-02 15:04:05 MST") }

// Clock is the time of day with seconds.
func (l *Localizer) Clock(t time.Time) string { return t.In(l.zone).Format("15:04:05") }

func daysBetween(from, to time.Time) int {
	y, m, d := from.Date()
	a := time.Date(y, m, d, 12, 0, 0, 0, time.UTC)
	y, m, d = to.Date()
	return int(time.Date(y, m, d, 12, 0, 0, 0, time.UTC).Sub(a) / (24 * time.Hour))
}

// Ago says how long ago t was: "4 minutes ago"; what is more than a day away is said by Time.
func (l *Localizer) Ago(t time.Time) string {
	switch d := l.now().Sub(t); {
	case t.IsZero():
		return ""
	case d < 10*time.Second:
		return l.T("time.now")
	case d < time.Minute:
		return l.T("time.seconds_ago", "count", int(d/time.Second))
	case d < time.Hour:
		return l.T("time.minutes_ago", "count", int(d/time.Minute))
	case d < 24*time.Hour:
		return l.T("time.hours_ago", "count", int(d/time.Hour))
	}
	return l.Time(t)
}

// Since says how long something has lasted, in whole seconds: "44 s"; "" when it has not begun.
func (l *Localizer) Since(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return l.Duration(max(0, l.now().Sub(t)).Truncate(time.Second))
}

// Duration says a length of time in its two largest units: "1 h 30 min", "44 s", "0.1 s".
func (l *Localizer) Duration(d time.Duration) string {
	switch {
	case d >= 24*time.Hour:
		return l.pair("days", int(d/(24*time.Hour)), "hours", int(d/time.Hour)%24)
	case d >= time.Hour:
		return l.pair("hours", int(d/time.Hour), "minutes", int(d/time.Minute)%60)
	case d >= time.Minute:
		return l.pair("minutes", int(d/time.Minute), "seconds", int(d/time.Second)%60)
	case d >= 10*time.Second || d%time.Second == 0:
		return l.T("time.seconds", "n", int(d/time.Second))
	}
	return l.T("time.seconds", "n", strconv.FormatFloat(d.Seconds(), 'f', 1, 64))
}

func (l *Localizer) pair(unit string, n int, lesser string, m int) string {
	s := l.T("time."+unit, "n", n)
	if m == 0 {
		return s
	}
	return s + " " + l.T("time."+lesser, "n", m)
}

// Bytes says an amount of memory or storage.
func (l *Localizer) Bytes(b core.Bytes) string { return b.Human() }

// CPU says processor time: "¼ core", "2 cores"; zero is no limit.
func (l *Localizer) CPU(c core.MilliCPU) string {
	switch c {
	case 0:
		return l.T("size.cpu_unlimited")
	case 250:
		return l.T("size.cpu_part", "part", "¼")
	case 500:
		return l.T("size.cpu_part", "part", "½")
	}
	if c < 1000 {
		return l.T("size.cpu_part", "part", c.String())
	}
	if c%1000 == 0 {
		return l.T("size.cpu", "count", int(c/1000))
	}
	return l.T("size.cpu_many", "n", c.String())
}

// List joins names as a sentence does: "a, b and c".
func (l *Localizer) List(names []string) string {
	if len(names) < 2 {
		return strings.Join(names, "")
	}
	last := len(names) - 1
	return l.T("list.and", "first", strings.Join(names[:last], l.T("list.comma")), "last", names[last])
}

// Number writes a whole number with its thousands apart: "4,182".
func Number(n int64) string {
	s := strconv.FormatInt(n, 10)
	from := 0
	if n < 0 {
		from = 1
	}
	for i := len(s) - 3; i > from; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// Running says for how long something has run, in steps of a minute from a minute on, so that a page that is kept
// current does not change every second.
func (l *Localizer) Running(t time.Time) string {
	d := l.now().Sub(t)
	switch {
	case t.IsZero():
		return ""
	case d < time.Minute:
		return l.T("time.under_a_minute")
	}
	return l.Duration(d.Truncate(time.Minute))
}

package sentence

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"berth/core"
	"berth/core/scale"
	"berth/views/i18n"
)

// Cron says a cron expression: "Mon to Fri at 08:00", "Every 15 minutes". What is none stays as it is.
func Cron(l *i18n.Localizer, text string) string {
	c, err := scale.ReadCron(text, time.Now())
	if err != nil {
		return text
	}
	w := cronWords{l, c}
	clock, often := w.clocks(), ""
	if clock == "" {
		often = w.often()
	}
	switch {
	case clock != "":
		return capital(l.T("scaling.cron_clock", "days", w.days(), "clock", clock))
	case c.Hours == nil && c.Days == nil && c.Months == nil && c.Weekdays == nil:
		return capital(often)
	}
	return capital(l.T("scaling.cron_often", "days", w.days(), "often", often))
}

// Next returns the next times at which a cron expression fires, in its time zone: "Mon 30 Nov, 08:00". Errors: EINVALID
// for what is no cron expression or no time zone.
func Next(l *i18n.Localizer, cron, zone string) ([]string, error) {
	const shown = 3
	if _, err := scale.ReadCron(cron, time.Now()); err != nil {
		return nil, err
	}
	x := core.ScaleSchedule{Cron: cron, Zone: zone}
	place, err := x.Location()
	if err != nil {
		return nil, core.Errorf(core.EINVALID, "error.scaling_zone", "zone", zone)
	}
	var times []string
	for _, at := range scale.Next(x, time.Now(), shown) {
		at = at.In(place)
		times = append(times, l.T("scaling.cron_at", "day", l.T("weekday."+strconv.Itoa(int(at.Weekday()))), "date", l.In(place).Date(at),
			"clock", at.Format("15:04")))
	}
	return times, nil
}

type cronWords struct {
	*i18n.Localizer
	scale.Cron
}

// clocks says the times of a day, when there are few: "08:00 and 18:30".
func (w cronWords) clocks() string {
	const most = 6
	n := len(w.Minutes) * len(w.Hours)
	if n == 0 || n > most && (len(w.Minutes) > 1 || w.hourly() != "") || step(w.Hours, 24) > 0 && n > 3 {
		return ""
	}
	var all []string
	for _, h := range w.Hours {
		for _, m := range w.Minutes {
			all = append(all, clock(h, m))
		}
	}
	return w.list(all)
}

// often says how often it fires in the hours in which it does: "every 15 minutes from 08:00 to 17:59".
func (w cronWords) often() string {
	if len(w.Minutes) == 1 && w.Hours != nil {
		if words := w.hourly(); words != "" {
			return words
		}
	}
	words := ""
	switch every := step(w.Minutes, 60); {
	case w.Minutes == nil:
		words = w.T("scaling.cron_minute")
	case every > 0 && every < 60:
		words = w.T("scaling.cron_minutes", "n", every)
	case len(w.Minutes) == 1 && w.Minutes[0] == 0:
		words = w.T("scaling.cron_hour")
	default:
		words = w.T("scaling.cron_hour_at", "count", len(w.Minutes), "minutes", w.numbers(w.Minutes))
	}
	if w.Hours == nil {
		return words
	}
	return w.T("scaling.cron_within", "often", words, "hours", w.hours())
}

// hourly says hours that follow each other evenly, at one minute: "every 2 hours from 00:15 on".
func (w cronWords) hourly() string {
	first, last := w.Hours[0], w.Hours[len(w.Hours)-1]
	from := clock(first, w.Minutes[0])
	switch every := step(w.Hours, 24); {
	case every > 0 && every < 24:
		return w.T("scaling.cron_hours", "n", every, "from", from)
	case len(runs(w.Hours)) == 1:
		return w.T("scaling.cron_hourly", "from", from, "to", clock(last, w.Minutes[0]))
	}
	return ""
}

// hours says in which hours of the day: "from 08:00 to 11:59 and from 14:00 to 17:59", "in the hours 0, 2, 4, … 22".
func (w cronWords) hours() string {
	const most = 3
	spans := runs(w.Hours)
	if len(spans) > most {
		return w.T("scaling.cron_in_hours", "hours", w.numbers(w.Hours))
	}
	var all []string
	for _, s := range spans {
		all = append(all, w.T("scaling.cron_span", "from", clock(s[0], 0), "to", clock(s[1], 59)))
	}
	return w.list(all)
}

// days says on which days: "Mon to Fri", "days 1 and 15 of each month", "every day in Jan".
func (w cronWords) days() string {
	of := ""
	if w.Months != nil {
		of = w.names("month.", w.Months)
	}
	if w.Days == nil {
		words := weekdays(w.Localizer, w.Weekdays)
		if of != "" {
			words = w.T("scaling.cron_in_months", "days", words, "months", of)
		}
		return words
	}
	key := "scaling.cron_days"
	if of != "" {
		key = "scaling.cron_days_of"
	}
	words := w.T(key, "count", len(w.Days), "days", w.numbers(w.Days), "months", of)
	if w.Weekdays != nil {
		words = w.T("scaling.cron_either", "days", words, "weekdays", weekdays(w.Localizer, w.Weekdays))
	}
	return words
}

// numbers says a list in order: "1, 15 and 28 to 31", "1, 3, 5, … 31".
func (w cronWords) numbers(list []int) string {
	text := strconv.Itoa
	if n := len(list); n > 3 && list[1]-list[0] > 1 && even(list) {
		return w.T("scaling.cron_row", "a", text(list[0]), "b", text(list[1]), "c", text(list[2]), "z", text(list[n-1]))
	}
	return w.spans(list, text)
}

func (w cronWords) names(key string, list []int) string {
	return w.spans(list, func(n int) string { return w.T(key + strconv.Itoa(n)) })
}

func (w cronWords) spans(list []int, name func(int) string) string {
	var all []string
	for _, s := range runs(list) {
		switch s[1] - s[0] {
		case 0:
			all = append(all, name(s[0]))
		case 1:
			all = append(all, name(s[0]), name(s[1]))
		default:
			all = append(all, w.T("scaling.cron_to", "from", name(s[0]), "to", name(s[1])))
		}
	}
	return w.list(all)
}

func (w cronWords) list(all []string) string {
	last := len(all) - 1
	if last < 1 {
		return strings.Join(all, "")
	}
	return w.T("scaling.cron_and", "first", strings.Join(all[:last], w.T("list.comma")), "last", all[last])
}

// runs are the first and the last of numbers that follow each other.
func runs(list []int) (all [][2]int) {
	for i, n := range list {
		if i > 0 && n == list[i-1]+1 {
			all[len(all)-1][1] = n
		} else {
			all = append(all, [2]int{n, n})
		}
	}
	return all
}

// step returns how far numbers are apart that go round a clock of n evenly, from 0 on; 0 when they do not.
func step(list []int, n int) int {
	if len(list) == 0 || list[0] != 0 || n%len(list) != 0 || !even(list) || len(list) > 1 && list[1] != n/len(list) {
		return 0
	}
	return n / len(list)
}

func even(list []int) bool {
	for i := 2; i < len(list); i++ {
		if list[i]-list[i-1] != list[1]-list[0] {
			return false
		}
	}
	return true
}

func clock(hour, minute int) string { return fmt.Sprintf("%02d:%02d", hour, minute) }

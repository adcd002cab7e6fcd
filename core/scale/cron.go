package scale

import (
	"strings"
	"time"

	"github.com/robfig/cron/v3"

	"berth/core"
)

// Cron is what a cron expression means: the minutes, hours and so on at which it fires, in order. What is every one of
// them is nil.
type Cron struct {
	Minutes  []int
	Hours    []int
	Days     []int // of the month
	Months   []int
	Weekdays []int // from Monday, 1, to Sunday, 0. With Days as well, either of them is enough
}

const (
	longestCron = 200
	starBit     = 1 << 63 // in a set that was written as "*"
)

// parser takes five fields, without names such as @daily and without a time zone, which has a field of its own.
var parser = cron.NewParser(cron.Minute | cron.Hour | cron.Dom | cron.Month | cron.Dow)

// ReadCron reads a cron expression. Errors: EINVALID for one that is none, names a time zone or never fires.
func ReadCron(text string, now time.Time) (Cron, error) {
	s, err := parse(text)
	if err != nil {
		return Cron{}, err
	}
	if s.Next(now.UTC()).IsZero() {
		return Cron{}, core.Errorf(core.EINVALID, "error.scaling_cron_never", "cron", text)
	}
	c := Cron{Minutes: members(s.Minute, 0, 59), Hours: members(s.Hour, 0, 23), Days: members(s.Dom, 1, 31),
		Months: members(s.Month, 1, 12), Weekdays: mondayFirst(members(s.Dow, 0, 6))}
	if s.Dom&starBit == 0 && s.Dow&starBit == 0 && (c.Days == nil || c.Weekdays == nil) { // either is enough, and one is always so
		c.Days, c.Weekdays = nil, nil
	}
	return c, nil
}

// parse reads a cron expression. The library panics on some, such as "TZ=UTC".
func parse(text string) (s *cron.SpecSchedule, err error) {
	no := core.Errorf(core.EINVALID, "error.scaling_cron", "cron", text)
	defer func() {
		if recover() != nil {
			s, err = nil, no
		}
	}()
	switch {
	case len(text) > longestCron:
		return nil, core.Errorf(core.EINVALID, "error.scaling_cron_long", "max", itoa(longestCron))
	case strings.Contains(text, "="):
		return nil, core.Errorf(core.EINVALID, "error.scaling_cron_zone")
	}
	parsed, err := parser.Parse(text)
	s, ok := parsed.(*cron.SpecSchedule)
	if err != nil || !ok {
		return nil, no
	}
	return s, nil
}

// members are the numbers of a set of bits from low to high; nil when all are.
func members(set uint64, low, high int) (list []int) {
	for i := low; i <= high; i++ {
		if set&(1<<i) != 0 {
			list = append(list, i)
		}
	}
	if len(list) == high-low+1 {
		return nil
	}
	return list
}

func mondayFirst(days []int) []int {
	if len(days) > 0 && days[0] == 0 {
		return append(days[1:], 0)
	}
	return days
}

package scale

import (
	"testing"
	"time"

	"berth/core"
)

func in(t *testing.T, zone, clock string) time.Time {
	t.Helper()
	z, err := time.LoadLocation(zone)
	if err != nil {
		t.Fatal(err)
	}
	at, err := time.ParseInLocation("2006-01-02 15:04", clock, z)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

// Hours hold from their first minute until the one before their end, on the days on which they begin, by the clock of
// their zone.
func TestHours(t *testing.T) {
	const berlin = "Europe/Berlin"
	office := core.ScaleSchedule{Days: []core.Weekday{"mon", "tue", "wed", "thu", "fri"}, From: "08:00", To: "19:00", Zone: berlin, Min: 3}
	night := core.ScaleSchedule{Days: []core.Weekday{"fri"}, From: "22:00", To: "06:00", Zone: berlin, Min: 3}
	always := core.ScaleSchedule{From: "00:00", To: "00:00", Zone: berlin, Min: 3}
	spring := core.ScaleSchedule{From: "02:30", To: "03:30", Zone: berlin, Min: 3} // 02:30 is not there on 29 March 2026
	autumn := core.ScaleSchedule{From: "01:00", To: "04:00", Zone: berlin, Min: 3} // 02:00 to 03:00 comes twice on 25 October 2026
	monthly := core.ScaleSchedule{Cron: "0 8 1 * *", For: core.Duration(2 * time.Hour), Zone: berlin, Min: 3}
	switchedOff := office
	switchedOff.Off = true
	for _, c := range []struct {
		x    core.ScaleSchedule
		zone string
		at   string
		want bool
	}{
		{office, berlin, "2026-01-05 07:59", false}, {office, berlin, "2026-01-05 08:00", true}, // a Monday
		{office, berlin, "2026-01-05 18:59", true}, {office, berlin, "2026-01-05 19:00", false},
		{office, berlin, "2026-01-09 12:00", true}, {office, berlin, "2026-01-10 12:00", false}, {office, berlin, "2026-01-11 12:00", false},
		{office, "UTC", "2026-01-05 07:00", true}, {office, "UTC", "2026-07-06 06:00", true}, {office, "UTC", "2026-07-06 05:59", false},
		{office, "Asia/Shanghai", "2026-01-05 15:00", true}, {office, "Asia/Shanghai", "2026-01-05 14:59", false},
		{switchedOff, berlin, "2026-01-05 12:00", false},

		{night, berlin, "2026-01-09 21:59", false}, {night, berlin, "2026-01-09 22:00", true}, {night, berlin, "2026-01-10 00:00", true},
		{night, berlin, "2026-01-10 05:59", true}, {night, berlin, "2026-01-10 06:00", false},
		{night, berlin, "2026-01-09 05:00", false}, // of the night from Thursday
		{always, berlin, "2026-01-05 00:00", true}, {always, berlin, "2026-01-05 23:59", true},

		{spring, "UTC", "2026-03-29 00:29", false}, {spring, "UTC", "2026-03-29 01:31", false}, // 03:31 summer time
		{spring, "UTC", "2026-03-28 01:30", true}, {spring, "UTC", "2026-03-30 00:30", true}, {spring, "UTC", "2026-03-30 01:30", false},
		{autumn, "UTC", "2026-10-24 22:59", false}, {autumn, "UTC", "2026-10-24 23:00", true}, // 01:00 summer time
		{autumn, "UTC", "2026-10-25 00:30", true}, {autumn, "UTC", "2026-10-25 01:30", true}, // both 02:30
		{autumn, "UTC", "2026-10-25 02:59", true}, {autumn, "UTC", "2026-10-25 03:00", false}, // 04:00 winter time
		{office, "UTC", "2026-03-27 07:00", true}, {office, "UTC", "2026-03-30 06:00", true}, {office, "UTC", "2026-03-30 05:59", false},
		{office, "UTC", "2026-10-26 06:59", false}, {office, "UTC", "2026-10-26 07:00", true},

		{monthly, berlin, "2026-02-01 07:59", false}, {monthly, berlin, "2026-02-01 08:00", true}, {monthly, berlin, "2026-02-01 09:59", true},
		{monthly, berlin, "2026-02-01 10:00", false}, {monthly, berlin, "2026-02-02 08:30", false},
		{monthly, "UTC", "2026-07-01 06:00", true},
	} {
		p := core.Scaling{Min: 1, Max: 6, Schedules: []core.ScaleSchedule{c.x}}
		if err := Validate(p, now); err != nil {
			t.Errorf("%v: %v", c.x, err)
		}
		low, high, by := Bounds(p, in(t, c.zone, c.at))
		if got := by != nil; got != c.want || c.want != (low == 3) || high != 6 {
			t.Errorf("%v at %s %s: %v, %d to %d", c.x, c.at, c.zone, got, low, high)
		}
	}
}

// An hour that is skipped and one that comes twice change nothing about how long a day's hours are in force otherwise:
// every minute of two days around each change is either in or out, and it changes twice a day.
func TestHoursOnDaysOf23And25(t *testing.T) {
	for _, day := range []string{"2026-03-28", "2026-10-24"} {
		p := core.Scaling{Min: 1, Max: 6, Schedules: []core.ScaleSchedule{{From: "00:30", To: "05:30", Zone: "Europe/Berlin", Min: 3}}}
		begin := in(t, "Europe/Berlin", day+" 12:00")
		changes, minutes, was := 0, 0, false
		for m := range 48 * 60 {
			_, _, by := Bounds(p, begin.Add(time.Duration(m)*time.Minute))
			if is := by != nil; is != was {
				was, changes = is, changes+1
			}
			if was {
				minutes++
			}
		}
		want := 10*60 - 60 // 23 hours
		if day == "2026-10-24" {
			want = 10*60 + 60
		}
		if changes != 4 || minutes != want {
			t.Errorf("%s: %d changes, %d minutes", day, changes, minutes)
		}
	}
}

// Of several in force the last one counts; a schedule with a least number keeps an app awake, one without does not.
func TestSeveralSchedules(t *testing.T) {
	all := core.ScaleSchedule{From: "00:00", To: "00:00", Max: 2}
	noon := core.ScaleSchedule{From: "12:00", To: "13:00", Replicas: 5}
	p := core.Scaling{Min: 3, Max: 6, Idle: core.Duration(time.Minute), Schedules: []core.ScaleSchedule{all, noon}}
	for at, want := range map[string][2]int{"2026-01-05 11:00": {2, 2}, "2026-01-05 12:30": {5, 5}} {
		if low, high, _ := Bounds(p, in(t, "UTC", at)); low != want[0] || high != want[1] {
			t.Errorf("%s: %d to %d", at, low, high)
		}
	}
	asleep := State{Asleep: true}
	if d := Decide(p, asleep, Load{}, in(t, "UTC", "2026-01-05 11:00"), Unlimited); !d.Asleep {
		t.Errorf("%+v", d)
	}
	if d := Decide(p, asleep, Load{}, in(t, "UTC", "2026-01-05 12:30"), Unlimited); d.Replicas != 5 {
		t.Errorf("%+v", d)
	}
	p.Schedules = []core.ScaleSchedule{{From: "12:00", To: "13:00", Min: 2, Max: 4}}
	if d := Decide(p, asleep, Load{}, in(t, "UTC", "2026-01-05 12:30"), Unlimited); d.Replicas != 2 {
		t.Errorf("%+v", d)
	}
}

// What the parser of cron expressions refuses, panics on, or accepts though it never fires, is refused; and never in
// force, should it have been stored all the same.
func TestBadCron(t *testing.T) {
	for _, cron := range []string{"0 0 31 2 *", "0 0 30 2 *", "TZ=UTC", "CRON_TZ=UTC 0 0 * * *", "@daily", "@every 1s", "* * * *", "60 * * * *", "* 24 * * *",
		"* * 0 * *", "* * * 13 *", "* * * * 8", "-1 * * * *", "*/0 * * * *", "5-1 * * * *", "a b c d e", "\x00 * * * *"} {
		p := core.Scaling{Min: 1, Max: 2, Schedules: []core.ScaleSchedule{{Cron: cron, For: core.Duration(time.Hour), Min: 2}}}
		err, ok := Validate(p, now).(*core.Error)
		if !ok || len(err.Fields) != 1 || err.Fields[0].Field != "schedules.0.cron" {
			t.Errorf("%q: %v", cron, err)
		}
		if _, _, by := Bounds(p, now); by != nil {
			t.Errorf("%q is in force", cron)
		}
	}
}

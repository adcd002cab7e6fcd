package scale

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"testing"
	"time"

	"berth/core"
)

// scheduled is a policy with as many schedules as there may be, one of which fires once in four years, and a past of so
// many minutes.
func scheduled(minutes int) (core.Scaling, Past) {
	p := core.Scaling{Min: 1, Max: 6, Rules: []core.ScaleRule{target(core.ScaleRequests, 25)}}
	for i := range 19 {
		p.Schedules = append(p.Schedules, core.ScaleSchedule{Cron: fmt.Sprintf("%d %d * * 1-5", i, i), For: core.Duration(time.Hour), Zone: "Europe/Berlin", Min: 2})
	}
	p.Schedules = append(p.Schedules, core.ScaleSchedule{Cron: "0 0 29 2 *", For: core.Duration(time.Hour), Zone: "Europe/Berlin", Min: 3})
	past := Past{From: now, Step: time.Minute, Values: [][]float64{nil}}
	for i := range minutes {
		v := float64(i % 100)
		past.Requests, past.Values[0] = append(past.Requests, v), append(past.Values[0], v)
	}
	return p, past
}

// BenchmarkReplay is a week by the minute, as a dry run asks for it.
func BenchmarkReplay(b *testing.B) {
	p, past := scheduled(7 * 24 * 60)
	for b.Loop() {
		Replay(p, past, Unlimited)
	}
}

// A replay reads zones and expressions once and not at every step, which a week of them would show to whoever waits.
func TestAReplayReadsSchedulesOnce(t *testing.T) {
	p, past := scheduled(24 * 60)
	with := testing.AllocsPerRun(1, func() { Replay(p, past, Unlimited) })
	p.Schedules = nil
	without := testing.AllocsPerRun(1, func() { Replay(p, past, Unlimited) })
	if more := (with - without) / float64(len(past.Requests)); more > 10 {
		t.Errorf("twenty schedules take %.0f more allocations a step", more)
	}
}

// A policy that was read once bounds as one that is read at every time, whatever its schedules, zones and times, days of
// 23 and 25 hours and years without a 29 February included; and so it decides the same.
func TestAPolicyReadOnce(t *testing.T) {
	random := rand.New(rand.NewPCG(4, 2))
	begins := []time.Time{in(t, "UTC", "2026-03-28 00:00"), in(t, "UTC", "2026-10-24 00:00"), in(t, "UTC", "2026-03-07 12:00"),
		in(t, "UTC", "2018-11-03 00:00"), in(t, "UTC", "2026-04-04 00:00"), in(t, "UTC", "2028-02-28 06:00"), in(t, "UTC", "2026-12-31 00:00")}
	forced := 0
	for range 40 {
		p := core.Scaling{Min: 1 + random.IntN(3), Max: 4 + random.IntN(9), Rules: []core.ScaleRule{target(core.ScaleRequests, 25)}}
		if random.IntN(3) == 0 {
			p.Idle = core.Duration(10 * time.Minute)
		}
		for range random.IntN(6) {
			p.Schedules = append(p.Schedules, anySchedule(random))
		}
		a, at := readAgenda(p), begins[random.IntN(len(begins))].Add(time.Duration(random.IntN(3600))*time.Second)
		s := State{Replicas: p.Min}
		for range 250 {
			low, high, by := Bounds(p, at)
			once, most, also := Bounds(a.at(at), at)
			if low != once || high != most || (by == nil) != (also == nil) {
				t.Fatalf("%v at %v: %d to %d, read once %d to %d", p.Schedules, at, low, high, once, most)
			}
			if by != nil {
				forced++
			}
			l := Load{Values: []Value{{float64(random.IntN(80)), random.IntN(9) > 0}}, Ready: s.Replicas, Active: random.IntN(20) == 0}
			want, got := Decide(p, s, l, at, Unlimited), Decide(a.at(at), s, l, at, Unlimited)
			if !reflect.DeepEqual(want, got) {
				t.Fatalf("%v at %v: %+v, read once %+v", p.Schedules, at, want, got)
			}
			s, at = want.Next, at.Add(time.Duration(1+random.IntN(8*60))*time.Second)
		}
	}
	if forced < 1000 {
		t.Errorf("only %d times a schedule was in force", forced)
	}
}

func anySchedule(random *rand.Rand) core.ScaleSchedule {
	of := func(list ...string) string { return list[random.IntN(len(list))] }
	x := core.ScaleSchedule{Off: random.IntN(8) == 0, Min: random.IntN(4), Max: random.IntN(6),
		Zone: of("", "UTC", "Europe/Berlin", "America/New_York", "America/Havana", "America/Sao_Paulo", "Australia/Lord_Howe", "Asia/Kathmandu", "No/Where")}
	if random.IntN(3) == 0 {
		x.Replicas = 1 + random.IntN(5)
	}
	if random.IntN(3) == 0 {
		x.From, x.To = of("00:00", "02:30", "08:00", "22:00"), of("00:00", "03:30", "06:00", "19:00")
		if random.IntN(2) == 0 {
			x.Days = []core.Weekday{core.Weekday(of("mon", "sat", "sun"))}
		}
		return x
	}
	minute, hour := of("*", "0", "30", "*/7", "5,55"), of("*", "0", "1", "2", "*/5", "9-17")
	x.Cron = of(minute+" "+hour+" * * *", minute+" "+hour+" 29 2 *", minute+" "+hour+" 1,28 * 6", minute+" "+hour+" * * 0,1", "0 0 31 2 x")
	x.For = core.Duration(time.Duration(1+random.IntN(600)) * time.Minute)
	return x
}

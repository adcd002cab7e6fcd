package core

import (
	"strings"
	"testing"
	"time"
)

func TestDiffOfScaling(t *testing.T) {
	cpu := ScaleRule{Metric: ScaleCPU, Steps: []ScaleStep{{Above: 70, Add: 1}, {Below: 30, Remove: 1}}}
	requests := ScaleRule{Metric: ScaleRequests, Target: 25}
	day := ScaleSchedule{Days: []Weekday{"mon"}, From: "08:00", To: "19:00", Min: 3}
	night := ScaleSchedule{From: "22:00", To: "06:00", Max: 2}
	base := Scaling{Min: 1, Max: 4, Rules: []ScaleRule{cpu, requests}, Schedules: []ScaleSchedule{day, night}}
	change := func(f func(*Scaling)) Scaling {
		s := base
		s.Rules, s.Schedules = append([]ScaleRule{}, base.Rules...), append([]ScaleSchedule{}, base.Schedules...)
		f(&s)
		return s
	}
	const cpuJSON = `{"metric":"cpu","steps":[{"above":70,"add":1},{"below":30,"remove":1}]}`
	for name, x := range map[string]struct {
		from, to Scaling
		want     string
	}{
		"nothing":       {base, change(func(*Scaling) {}), ""},
		"bounds":        {base, change(func(s *Scaling) { s.Max, s.Min = 8, 2 }), "scaling.min changed 1 2\nscaling.max changed 4 8"},
		"a new rule":    {base, change(func(s *Scaling) { s.Rules = append(s.Rules, ScaleRule{Metric: ScaleMemory, Target: 80}) }), `scaling.rules memory added {"metric":"memory","target":80}`},
		"one that goes": {base, change(func(s *Scaling) { s.Rules = s.Rules[1:] }), "scaling.rules cpu removed " + cpuJSON},
		"another target": {base, change(func(s *Scaling) { s.Rules[1].Target = 30 }),
			`scaling.rules requests changed {"metric":"requests","target":25} {"metric":"requests","target":30}`},
		"a second of the same": {base, change(func(s *Scaling) { s.Rules = append(s.Rules, ScaleRule{Metric: ScaleCPU, Target: 50}) }),
			`scaling.rules cpu added {"metric":"cpu","target":50}`},
		"two of the same": {Scaling{}, Scaling{Min: 1, Max: 2, Rules: []ScaleRule{{Metric: ScaleCPU, Target: 50}, {Metric: ScaleCPU, Target: 60}}},
			"scaling.min added 1\nscaling.max added 2\n" + `scaling.rules cpu added {"metric":"cpu","target":50}` + "\n" + `scaling.rules cpu 2 added {"metric":"cpu","target":60}`},
		"the order of rules":            {base, change(func(s *Scaling) { s.Rules[0], s.Rules[1] = s.Rules[1], s.Rules[0] }), ""},
		"a window that is taken anyway": {base, change(func(s *Scaling) { s.Rules[1].Window = Duration(DefaultScaleWindow) }), ""},
		"a pause that is taken anyway":  {base, change(func(s *Scaling) { s.Up = Duration(DefaultScaleUp) }), ""},
		"the zone that is taken anyway": {base, change(func(s *Scaling) { s.Schedules[0].Zone = "UTC" }), ""},
		"a pause":                       {base, change(func(s *Scaling) { s.Down = Duration(time.Hour) }), "scaling.cooldown_down changed 5m0s 1h0m0s"},
		"sleep":                         {base, change(func(s *Scaling) { s.Idle = Duration(15 * time.Minute) }), "scaling.idle changed never 15m0s"},
		"hours that go":                 {base, change(func(s *Scaling) { s.Schedules = s.Schedules[:1] }), `scaling.schedules 22:00-06:00 removed {"from":"22:00","to":"06:00","max":2}`},
		"more in the same hours":        {base, change(func(s *Scaling) { s.Schedules[1].Max = 3 }), `scaling.schedules 22:00-06:00 changed {"from":"22:00","to":"06:00","max":2} {"from":"22:00","to":"06:00","max":3}`},
		"the order of hours":            {base, change(func(s *Scaling) { s.Schedules[0], s.Schedules[1] = night, day }), "scaling.order changed " + `[{"days":["mon"],"from":"08:00","to":"19:00","min":3},{"from":"22:00","to":"06:00","max":2}] [{"from":"22:00","to":"06:00","max":2},{"days":["mon"],"from":"08:00","to":"19:00","min":3}]`},
		"hours that come before":        {base, change(func(s *Scaling) { s.Schedules = []ScaleSchedule{{From: "12:00", To: "13:00", Min: 2}, day, night} }), `scaling.schedules 12:00-13:00 added {"from":"12:00","to":"13:00","min":2}`},
		"a fixed number again":          {Scaling{Min: 1, Max: 4, Rules: []ScaleRule{requests}}, Scaling{}, "scaling.min removed 1\nscaling.max removed 4\n" + `scaling.rules requests removed {"metric":"requests","target":25}`},
	} {
		spec := func(s Scaling) ReleaseSpec {
			return ReleaseSpec{Targets: []Target{{Label: "1", Weight: 100}}, Scaling: s}
		}
		got := Diff(spec(x.from), spec(x.to))
		if said(got) != x.want {
			t.Errorf("%s:\n%s\nwant\n%s", name, said(got), x.want)
		}
		if Restarts(got, spec(x.to)) {
			t.Errorf("%s restarts instances", name)
		}
	}
}

// A draft has a scaling as a whole: whoever changed another part of it meanwhile is told, and taking one part out takes
// out all.
func TestScalingIsStagedAsAWhole(t *testing.T) {
	spec := func(most int, target float64) ReleaseSpec {
		return ReleaseSpec{Targets: []Target{{Label: "1", Weight: 100}}, Scaling: Scaling{Min: 1, Max: most, Rules: []ScaleRule{{Metric: ScaleCPU, Target: target}}}}
	}
	base, mine, theirs := spec(4, 70), spec(8, 70), spec(4, 50)
	merged, conflicts := Draft{Spec: mine}.Over(base, theirs)
	if !merged.Scaling.Same(mine.Scaling) || !strings.Contains(said(conflicts), "scaling.max changed 4 8") || !strings.Contains(said(conflicts), "scaling.rules cpu changed") {
		t.Errorf("%v with %s", merged.Scaling, said(conflicts))
	}
	if back := Without(spec(8, 50), base, "scaling.max", ""); len(Diff(base, back)) > 0 {
		t.Errorf("left: %s", said(Diff(base, back)))
	}
}

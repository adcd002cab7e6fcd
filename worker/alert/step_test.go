package alert

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"berth/core"
)

var begin = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func rule() core.AlertRule {
	return core.AlertRule{ID: "r", Kind: core.AlertMetric, Metric: core.MetricErrorShare, Threshold: 5, For: core.Duration(time.Minute),
		Repeat: core.Duration(time.Hour), Severity: core.AlertCritical}
}

// look is one look at a rule in a test.
type look struct {
	after    time.Duration
	f        finding
	silenced bool
}

// told is one thing that people were told.
type told struct {
	state core.AlertState
	at    time.Time
}

// play looks at a rule again and again and returns the alert at each look, and what people were told.
func play(r core.AlertRule, looks []look) (alerts []core.Alert, all []told) {
	var a core.Alert
	now := begin
	for _, l := range looks {
		now = now.Add(l.after)
		var c change
		a, c = step(a, r, l.f, now)
		var due bool
		if a, due = tell(a, r, l.silenced, now); due && (c == resolved || a.State == core.AlertFiring) {
			all = append(all, told{a.State, now})
		}
		alerts = append(alerts, a)
		if c == resolved {
			if !due {
				all = append(all, told{"", now}) // nobody hears of it
			}
			a = core.Alert{} // the next time is another alert
		}
	}
	return alerts, all
}

func TestAnAlertPendsFiresAndIsResolved(t *testing.T) {
	yes, no := finding{known: true, holds: true}, finding{known: true}
	var looks []look
	for range 5 {
		looks = append(looks, look{15 * time.Second, yes, false})
	}
	for range 6 {
		looks = append(looks, look{15 * time.Second, no, false})
	}
	alerts, all := play(rule(), looks)
	want := []core.AlertState{core.AlertPending, core.AlertPending, core.AlertPending, core.AlertPending, core.AlertFiring,
		core.AlertFiring, core.AlertFiring, core.AlertFiring, core.AlertResolved, "", ""}
	for i, a := range alerts {
		if a.State != want[i] {
			t.Errorf("at look %d it is %q, want %q", i, a.State, want[i])
		}
	}
	if len(all) != 2 || all[0].state != core.AlertFiring || all[1].state != core.AlertResolved {
		t.Errorf("people were told %v", all)
	}
}

func TestAPeakIsNoAlert(t *testing.T) {
	yes, no := finding{known: true, holds: true}, finding{known: true}
	alerts, all := play(rule(), []look{{15 * time.Second, yes, false}, {15 * time.Second, yes, false}, {15 * time.Second, no, false}, {15 * time.Second, yes, false}, {50 * time.Second, yes, false}})
	if last := alerts[len(alerts)-1]; last.State != core.AlertPending || len(all) > 0 {
		t.Errorf("it is %+v, people were told %v", last, all)
	}
}

// A clock that jumps an hour, or a worker that was away, does not make what was seen a moment ago an alert.
func TestTimeThatNobodyLookedDoesNotCount(t *testing.T) {
	r := rule()
	r.For = core.Duration(5 * time.Minute)
	yes := finding{known: true, holds: true}
	alerts, _ := play(r, []look{{0, yes, false}, {time.Hour, yes, false}, {-time.Hour, yes, false}, {time.Hour, yes, false}})
	if last := alerts[3]; last.State != core.AlertPending || last.Held > 2*mostGap {
		t.Errorf("after jumps of the clock it is %+v", last)
	}
}

func looks(t *rapid.T) []look {
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) look {
		return look{after: time.Duration(rapid.IntRange(0, 120).Draw(t, "seconds")) * time.Second, silenced: rapid.Bool().Draw(t, "silenced"),
			f: finding{known: rapid.IntRange(0, 9).Draw(t, "known") > 0, holds: rapid.IntRange(0, 3).Draw(t, "holds") > 0,
				gone: rapid.IntRange(0, 30).Draw(t, "gone") == 0}}
	}), 1, 200).Draw(t, "looks")
}

func TestProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := rule()
		r.For = core.Duration(time.Duration(rapid.IntRange(15, 600).Draw(t, "for")) * time.Second)
		r.Repeat = core.Duration(time.Duration(rapid.IntRange(0, 60).Draw(t, "repeat")) * time.Minute)
		all := looks(t)
		alerts, tellings := play(r, all)
		var before core.Alert
		now := begin
		for i, a := range alerts {
			now = now.Add(all[i].after)
			switch {
			case a.State == core.AlertFiring && before.State != core.AlertFiring:
				if before.State != core.AlertPending || a.Held < time.Duration(r.For) || now.Sub(a.BeganAt) < time.Duration(r.For) {
					t.Fatalf("it fires at look %d after %s, of %s: %+v", i, a.Held, r.For, a)
				}
			case a.State == core.AlertResolved && before.State != core.AlertFiring:
				t.Fatalf("what was %q is resolved at look %d", before.State, i)
			}
			if !all[i].f.known && !all[i].f.gone && a.State != before.State && before.State != core.AlertResolved {
				t.Fatalf("look %d could not tell, and %q became %q", i, before.State, a.State)
			}
			before = a
		}
		checkTold(t, r, tellings)
	})
}

// checkTold: people hear of the end only of what they heard of, and of nothing again before its time.
func checkTold(t *rapid.T, r core.AlertRule, all []told) {
	open, last := false, time.Time{}
	for _, x := range all {
		switch {
		case x.state == core.AlertResolved && !open:
			t.Fatalf("people hear of the end of what they were not told: %v", all)
		case x.state == core.AlertFiring && open && (r.Repeat == 0 || x.at.Sub(last) < time.Duration(r.Repeat)):
			t.Fatalf("people are told again after %s, of %s", x.at.Sub(last), r.Repeat)
		}
		open, last = x.state == core.AlertFiring, x.at
	}
}

// While it is silenced nobody is told; what still fires when the silence ends is told then.
func TestASilence(t *testing.T) {
	yes := finding{known: true, holds: true}
	var all []look
	for i := range 20 {
		all = append(all, look{15 * time.Second, yes, i < 10})
	}
	_, tellings := play(rule(), all)
	if len(tellings) != 1 || !tellings[0].at.Equal(begin.Add(11*15*time.Second)) {
		t.Errorf("people were told %v", tellings)
	}
}

// A step at the same time changes nothing: who was cut off may do it again.
func TestAStepAgain(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		all := looks(t)
		alerts, _ := play(rule(), all)
		a := alerts[len(alerts)-1]
		if a.State == "" || a.State == core.AlertResolved {
			return
		}
		now := a.SeenAt
		again, c := step(a, rule(), finding{known: true, holds: a.Clear == 0}, now)
		if again.Held != a.Held || again.Clear != a.Clear || c == fired && a.State == core.AlertFiring {
			t.Fatalf("%+v became %+v", a, again)
		}
	})
}

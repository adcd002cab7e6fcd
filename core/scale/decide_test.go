package scale

import (
	"math"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"berth/core"
)

var now = time.Date(2026, 1, 7, 12, 0, 0, 0, time.UTC) // a Wednesday

func policy(low, high int, rules ...core.ScaleRule) core.Scaling {
	return core.Scaling{Min: low, Max: high, Rules: rules}
}

func target(m core.ScaleMetric, v float64) core.ScaleRule {
	return core.ScaleRule{Metric: m, Target: v}
}

func steps(m core.ScaleMetric, s ...core.ScaleStep) core.ScaleRule {
	return core.ScaleRule{Metric: m, Steps: s}
}

// running is the state of an app that has had n instances for long enough that no cool-down holds it.
func running(n int) State {
	return State{Replicas: n, Looked: now.Add(-time.Second), Asked: []Asked{{now.Add(-time.Hour), n}}, IdleSince: now.Add(-time.Second)}
}

func load(ready int, values ...float64) Load {
	l := Load{Ready: ready, Requests: Value{100, true}}
	for _, v := range values {
		l.Values = append(l.Values, Value{v, v >= 0})
	}
	return l
}

func TestDecide(t *testing.T) {
	cpu60 := target(core.ScaleCPU, 60)
	for _, c := range []struct {
		name   string
		p      core.Scaling
		s      State
		l      Load
		room   Room
		n      int
		rule   int
		why    string // key
		kind   string // of the sentence about a rule
		limit  string
		asleep bool
		wanted int // 0 is n
	}{
		{name: "no scaling", s: running(3), l: load(3), n: 3, rule: -1},
		{name: "above the target", p: policy(1, 6, cpu60), s: running(2), l: load(2, 82), n: 3, why: "scale.because_cpu", kind: "target"},
		{name: "within a tenth of it", p: policy(1, 6, cpu60), s: running(2), l: load(2, 65), n: 2, why: "scale.because_cpu", kind: "target"},
		{name: "far above", p: policy(1, 15, cpu60), s: running(2), l: load(2, 600), n: 15, why: "scale.most"},
		{name: "below", p: policy(1, 6, cpu60), s: running(4), l: load(4, 10), n: 1, why: "scale.because_cpu", kind: "target"},
		{name: "not below the least", p: policy(2, 6, cpu60), s: running(4), l: load(4, 1), n: 2, why: "scale.because_cpu", kind: "target"},
		{name: "the largest of two rules", p: policy(1, 9, cpu60, target(core.ScaleRequests, 25)), s: running(2), l: load(2, 70, 60), n: 5,
			rule: 1, why: "scale.because_requests", kind: "target"},
		{name: "one goes down and the other does not", p: policy(1, 9, cpu60, target(core.ScaleRequests, 25)), s: running(4), l: load(4, 10, 24),
			n: 4, rule: 1, why: "scale.because_requests", kind: "target"},
		{name: "a rule that is off", p: policy(1, 9, core.ScaleRule{Metric: core.ScaleCPU, Target: 10, Off: true}, target(core.ScaleRequests, 25)), s: running(2),
			l: load(2, 90, 25), n: 2, rule: 1, why: "scale.because_requests", kind: "target"},
		{name: "those that start carry nothing yet", p: policy(1, 9, cpu60), s: running(4), l: load(2, 118), n: 4, why: "scale.because_cpu", kind: "target"},
		{name: "not measured", p: policy(1, 9, cpu60), s: running(4), l: load(4, -1), n: 4, rule: -1, why: "scale.not_measured"},
		{name: "one not measured, the other low", p: policy(1, 9, cpu60, target(core.ScaleRequests, 25)), s: running(4), l: load(4, -1, 1), n: 4, rule: -1,
			why: "scale.not_measured"},
		{name: "one not measured, the other high", p: policy(1, 9, cpu60, target(core.ScaleRequests, 25)), s: running(4), l: load(4, -1, 50), n: 8, rule: 1,
			why: "scale.because_requests", kind: "target"},
		{name: "none answers", p: policy(1, 9, cpu60), s: running(4), l: load(0, 0), n: 4, rule: -1, why: "scale.not_measured"},
		{name: "one more above", p: policy(1, 6, steps(core.ScaleCPU, core.ScaleStep{Above: 70, Add: 1})), s: running(2), l: load(2, 95), n: 3, why: "scale.because_cpu", kind: "above"},
		{name: "more above more", p: policy(1, 9, steps(core.ScaleCPU, core.ScaleStep{Above: 70, Add: 1}, core.ScaleStep{Above: 90, Add: 3})), s: running(2), l: load(2, 95),
			n: 5, why: "scale.because_cpu", kind: "above"},
		{name: "fewer would have it add again", p: policy(1, 6, steps(core.ScaleCPU, core.ScaleStep{Above: 70, Add: 1}, core.ScaleStep{Below: 50, Remove: 1})), s: running(2),
			l: load(2, 45), n: 2, why: "scale.because_cpu", kind: "below"},
		{name: "one fewer below", p: policy(1, 6, steps(core.ScaleCPU, core.ScaleStep{Above: 70, Add: 1}, core.ScaleStep{Below: 30, Remove: 1})), s: running(3),
			l: load(3, 20), n: 2, why: "scale.because_cpu", kind: "below"},
		{name: "between the thresholds", p: policy(1, 6, steps(core.ScaleCPU, core.ScaleStep{Above: 70, Add: 1}, core.ScaleStep{Below: 30, Remove: 1})), s: running(3),
			l: load(3, 31), n: 3, why: "scale.because_cpu", kind: "calm"},
		{name: "as many as the step says", p: policy(1, 9, steps(core.ScaleTotal, core.ScaleStep{Above: 100, Run: 3}, core.ScaleStep{Above: 500, Run: 7})), s: running(1),
			l: load(1, 600), n: 7, why: "scale.because_total_requests", kind: "above"},
		{name: "latency goes one at a time", p: policy(1, 9, target(core.ScaleLatency, 200)), s: running(4), l: load(4, 5), n: 3, why: "scale.because_latency", kind: "target"},
		{name: "latency at most doubles", p: policy(1, 9, target(core.ScaleLatency, 200)), s: running(2), l: load(2, 5000), n: 4, why: "scale.because_latency", kind: "target"},
		{name: "what proved too much is remembered", p: policy(1, 9, target(core.ScaleLatency, 200)), s: func() State { s := running(3); s.TooMuch = 50; return s }(),
			l: load(3, 5), n: 3, why: "scale.present_load"},
		{name: "what proved too much is none any more", p: policy(1, 9, target(core.ScaleLatency, 200)), s: func() State { s := running(6); s.TooMuch = 0.17; return s }(),
			l: load(6, 5), n: 5, why: "scale.because_latency", kind: "target"},
		{name: "another rule still has too much", p: policy(1, 9, target(core.ScaleLatency, 200), target(core.ScaleMetric(core.MetricErrors), 5)),
			s: func() State { s := running(6); s.TooMuch = 16; return s }(), l: load(6, 5, 4), n: 6, rule: 1, why: "scale.because_errors", kind: "target"},
		{name: "fewer would have it run that many again", p: policy(1, 6, steps(core.ScaleRequests, core.ScaleStep{Above: 50, Run: 3})), s: running(3),
			l: load(3, 20), n: 2, why: "scale.because_requests", kind: "calm"},
		{name: "the quota has no room", p: policy(1, 9, cpu60), s: running(2), l: load(2, 170), room: Room{Quota: 4, Hosts: 100}, n: 4, wanted: 6, why: "scale.because_cpu", kind: "target",
			limit: "scale.quota"},
		{name: "the hosts have no room", p: policy(1, 9, cpu60), s: running(2), l: load(2, 170), room: Room{Quota: 5, Hosts: 3}, n: 3, wanted: 6, why: "scale.because_cpu", kind: "target",
			limit: "scale.hosts"},
		{name: "no room takes nothing away", p: policy(1, 9, cpu60), s: running(2), l: load(2, 170), room: Room{Quota: 0, Hosts: 0}, n: 2, wanted: 6, why: "scale.because_cpu", kind: "target",
			limit: "scale.quota"},
		{name: "a release is on its way", p: policy(1, 9, cpu60), s: running(4), l: func() Load { l := load(4, 5); l.Busy = true; return l }(), n: 4, wanted: 4, why: "scale.busy"},
		{name: "a release is on its way under load", p: policy(1, 9, cpu60), s: running(4), l: func() Load { l := load(4, 90); l.Busy = true; return l }(), n: 6, why: "scale.because_cpu", kind: "target"},
		{name: "below the least at once", p: policy(3, 9), s: running(1), l: load(1), n: 3, rule: -1, why: "scale.no_rules"},
		{name: "above the most at once", p: policy(1, 2, cpu60), s: running(5), l: load(5, 60), n: 2, why: "scale.most"},
		{name: "sleeps", p: core.Scaling{Min: 1, Max: 3, Idle: core.Duration(time.Minute)}, s: func() State { s := running(1); s.IdleSince = now.Add(-time.Minute); return s }(), l: load(1),
			asleep: true, rule: -1, why: "scale.idle"},
		{name: "not yet", p: core.Scaling{Min: 1, Max: 3, Idle: core.Duration(time.Minute)}, s: running(1), l: load(1), n: 1, rule: -1, why: "scale.no_rules"},
		{name: "sleeps on", p: core.Scaling{Min: 1, Max: 3, Idle: core.Duration(time.Minute)}, s: State{Asleep: true, Looked: now.Add(-time.Second)}, l: load(0), asleep: true, rule: -1, why: "scale.idle"},
		{name: "wakes", p: core.Scaling{Min: 2, Max: 3, Idle: core.Duration(time.Minute)}, s: State{Asleep: true, Looked: now.Add(-time.Second)}, l: Load{Active: true}, n: 2, rule: -1, why: "scale.woken"},
		{name: "the counts of a gateway are missing", p: core.Scaling{Min: 1, Max: 3, Idle: core.Duration(time.Minute)},
			s: func() State { s := running(1); s.IdleSince = now.Add(-time.Hour); return s }(), l: Load{Ready: 1, Unsure: true}, n: 1, rule: -1, why: "scale.no_rules"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.limit == "" {
				c.room = Unlimited
			}
			d := Decide(c.p, c.s, c.l, now, c.room)
			if c.wanted == 0 {
				c.wanted = c.n
			}
			if c.name == "a release is on its way" {
				c.wanted = d.Wanted // what the rules want is not at issue
			}
			c.why = strings.Replace(c.why, "because_", c.kind+".", 1)
			if d.Replicas != c.n || d.Rule != c.rule || d.Why.Key != c.why || d.Limit.Key != c.limit || d.Asleep != c.asleep || d.Wanted != c.wanted {
				t.Errorf("got %d (wanted %d), rule %d, %v, limit %v, asleep %t; want %d (%d), rule %d, %s, %s, %t", d.Replicas, d.Wanted, d.Rule, d.Why, d.Limit, d.Asleep,
					c.n, c.wanted, c.rule, c.why, c.limit, c.asleep)
			}
		})
	}
}

// What was asked for within the cool-down stays in force.
func TestGoingDownWaits(t *testing.T) {
	p := policy(1, 9, target(core.ScaleCPU, 60))
	s, at := running(2), now
	d := Decide(p, s, load(2, 170), at, Unlimited)
	for ; d.Replicas == 6; d = Decide(p, d.Next, load(6, 10), at, Unlimited) {
		if at = at.Add(2 * time.Second); at.Sub(now) > time.Hour {
			t.Fatal("it never goes down")
		}
	}
	if waited := at.Sub(now); d.Replicas != 1 || waited < core.DefaultScaleDown || waited > core.DefaultScaleDown+4*time.Second {
		t.Fatalf("%d after %v", d.Replicas, waited)
	}
}

// A clock that jumps an hour, either way, ends no cool-down and puts nothing to sleep.
func TestTheClockJumps(t *testing.T) {
	p := policy(1, 9, target(core.ScaleCPU, 60))
	p.Idle = core.Duration(10 * time.Minute)
	for _, jump := range []time.Duration{time.Hour, -time.Hour} {
		s := running(6)
		d := Decide(p, s, load(6, 10), now.Add(jump), Unlimited)
		if d.Replicas != 6 {
			t.Errorf("a jump of %v leaves %d", jump, d.Replicas)
		}
		if d = Decide(p, d.Next, load(6, 10), now.Add(jump+2*time.Second), Unlimited); d.Replicas != 6 {
			t.Errorf("a jump of %v leaves %d a moment later", jump, d.Replicas)
		}
	}
}

// On the way down each step is explained by the rule, not by the cool-down that leaves the rest.
func TestAPartOfTheWayDownIsExplained(t *testing.T) {
	s := running(3)
	s.Asked = []Asked{{now.Add(-time.Minute), 2}}
	d := Decide(policy(1, 9, target(core.ScaleRequests, 100)), s, load(3, 15), now, Unlimited)
	if d.Replicas != 2 || d.Why.Key != "scale.target.requests" {
		t.Errorf("%d because of %v", d.Replicas, d.Why)
	}
}

func drawRule(t *rapid.T, name string) core.ScaleRule {
	m := rapid.SampledFrom([]core.ScaleMetric{core.ScaleCPU, core.ScaleRequests, core.ScaleConcurrency, core.ScaleMemory}).Draw(t, name+" metric")
	r := core.ScaleRule{Metric: m}
	if rapid.Bool().Draw(t, name+" by target") {
		r.Target = rapid.Float64Range(5, 90).Draw(t, name+" target")
		return r
	}
	above := rapid.Float64Range(20, 90).Draw(t, name+" above")
	if rapid.Bool().Draw(t, name+" by number") {
		r.Steps = []core.ScaleStep{{Above: above, Run: rapid.IntRange(1, 12).Draw(t, name+" run")}}
		return r
	}
	r.Steps = []core.ScaleStep{{Above: above, Add: rapid.IntRange(1, 3).Draw(t, name+" add")}}
	if rapid.Bool().Draw(t, name+" two") {
		r.Steps = append(r.Steps, core.ScaleStep{Above: above + 5, Add: rapid.IntRange(1, 5).Draw(t, name+" add more")})
	}
	if rapid.Bool().Draw(t, name+" down") {
		r.Steps = append(r.Steps, core.ScaleStep{Below: rapid.Float64Range(1, above-1).Draw(t, name+" below"), Remove: rapid.IntRange(1, 3).Draw(t, name+" remove")})
	}
	return r
}

func drawPolicy(t *rapid.T) core.Scaling {
	p := core.Scaling{Min: rapid.IntRange(1, 5).Draw(t, "min"), Down: core.Duration(rapid.IntRange(10, 120).Draw(t, "down")) * core.Duration(time.Second)}
	p.Max = p.Min + rapid.IntRange(0, 20).Draw(t, "span")
	for i := range rapid.IntRange(1, 4).Draw(t, "rules") {
		p.Rules = append(p.Rules, drawRule(t, "rule "+itoa(i)))
	}
	p.Up = core.Duration(rapid.IntRange(1, 60).Draw(t, "up")) * core.Duration(time.Second)
	return p
}

// Whatever is measured, and whatever room there is: the number stays within its bounds, and grows into no room that is
// not there.
func TestBounds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := drawPolicy(t)
		s := State{Replicas: rapid.IntRange(1, 30).Draw(t, "now")}
		at := now
		for range rapid.IntRange(1, 30).Draw(t, "looks") {
			at = at.Add(time.Duration(rapid.IntRange(-10, 100).Draw(t, "seconds")) * time.Second)
			l := Load{Ready: rapid.IntRange(0, s.Replicas).Draw(t, "ready"), Busy: rapid.Bool().Draw(t, "busy")}
			for range p.Rules {
				l.Values = append(l.Values, Value{rapid.Float64().Draw(t, "value"), rapid.Bool().Draw(t, "known")})
			}
			room := Room{Quota: rapid.IntRange(0, 40).Draw(t, "quota"), Hosts: rapid.IntRange(0, 40).Draw(t, "hosts")}
			d := Decide(p, s, l, at, room)
			most := max(min(s.Replicas, p.Max), min(p.Max, room.Quota, room.Hosts))
			if d.Replicas > most || d.Replicas < min(p.Min, max(s.Replicas, min(room.Quota, room.Hosts))) {
				t.Fatalf("%d from %d with %+v, room %+v", d.Replicas, s.Replicas, p, room)
			}
			s = d.Next
		}
	})
}

// Under a load that stays the same the number finds its place: after it went down it never goes up again.
func TestNoFlapping(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := drawPolicy(t)
		var total []float64
		for range p.Rules {
			total = append(total, rapid.Float64Range(0, 1500).Draw(t, "load"))
		}
		ready := rapid.IntRange(1, 20).Draw(t, "now")
		s := State{Replicas: ready}
		starts := rapid.IntRange(0, 10).Draw(t, "looks until a new one answers")
		went, changes, wait := false, 0, 0
		for look := range 2000 {
			l := Load{Ready: ready}
			for i := range p.Rules {
				l.Values = append(l.Values, Value{total[i] / float64(ready), true})
			}
			before := s.Replicas
			d := Decide(p, s, l, now.Add(time.Duration(look)*2*time.Second), Unlimited)
			s = d.Next
			switch {
			case s.Replicas < before:
				went, ready = true, min(ready, s.Replicas)
			case s.Replicas > before && went:
				t.Fatalf("look %d: up to %d after it went down: %v", look, s.Replicas, d.Why)
			}
			if s.Replicas != before {
				changes, wait = changes+1, starts
			} else if wait--; wait < 0 {
				ready = s.Replicas
			}
		}
		if changes > 60 {
			t.Fatalf("%d changes under one load", changes)
		}
		for i, r := range p.Rules { // and what is left serves that load
			most := r.Target * (1 + tolerance)
			if r.Target == 0 {
				most = r.Steps[0].Above
			}
			if r.Target == 0 && r.Steps[0].Add == 0 {
				continue // it names a number, whether or not that is enough
			}
			if each := total[i] / float64(s.Replicas); s.Replicas < p.Max && each > most+1e-6 {
				t.Fatalf("%d instances at %v each, %+v", s.Replicas, each, r)
			}
		}
	})
}

// What does not divide may prove too much on the way down, once; then that is remembered. When something else than the
// load was the reason, it is forgotten with the next load of that size.
func TestNoFlappingOfWhatDoesNotDivide(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := drawPolicy(t)
		r := drawRule(t, "latency")
		r.Metric = core.ScaleLatency
		p.Rules = []core.ScaleRule{r}
		requests := rapid.Float64Range(0.1, 1000).Draw(t, "requests")
		rest, slope := rapid.Float64Range(0, 50).Draw(t, "at rest"), rapid.Float64Range(0, 50).Draw(t, "slope")
		power := rapid.Float64Range(0.5, 3).Draw(t, "power")
		latency := func(n int) float64 { return rest + slope*math.Pow(requests/float64(n), power) }
		s, at := State{Replicas: rapid.IntRange(1, 20).Draw(t, "now")}, now
		run := func(looks int, latency func(int) float64) (returns int) {
			down := false
			for range looks {
				before := s.Replicas
				l := Load{Ready: before, Requests: Value{requests, true}, Values: []Value{{latency(before), true}}}
				at = at.Add(2 * time.Second)
				s = Decide(p, s, l, at, Unlimited).Next
				if s.Replicas < before {
					down = true
				} else if s.Replicas > before && down {
					down, returns = false, returns+1
				}
			}
			return returns
		}
		if n := run(3000, latency); n > 1 {
			t.Fatalf("it came back %d times under one load", n)
		}
		run(3000, func(int) float64 { return 1e6 })
		requests *= 50
		run(3000, func(int) float64 { return 0 })
		if s.Replicas > p.Min {
			t.Fatalf("%d run of %d to %d with nothing to do, %v was too much", s.Replicas, p.Min, p.Max, s.TooMuch)
		}
	})
}

// More load never asks for fewer.
func TestMonotone(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := drawPolicy(t)
		n := rapid.IntRange(1, 20).Draw(t, "now")
		s := running(n)
		ready := rapid.IntRange(1, n).Draw(t, "ready")
		var low, high []float64
		for range p.Rules {
			v := rapid.Float64Range(0, 200).Draw(t, "value")
			low, high = append(low, v), append(high, v+rapid.Float64Range(0, 100).Draw(t, "more"))
		}
		a, b := Decide(p, s, load(ready, low...), now, Unlimited), Decide(p, s, load(ready, high...), now, Unlimited)
		if b.Replicas < a.Replicas || b.Wanted < a.Wanted {
			t.Fatalf("%v asks for %d (%d), %v for %d (%d)", low, a.Replicas, a.Wanted, high, b.Replicas, b.Wanted)
		}
	})
}

// Whatever the load does: nothing goes within the cool-down after something came, and two raises are apart.
func TestCoolDowns(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := drawPolicy(t)
		s, at := State{Replicas: p.Min}, now
		var raised time.Time
		for range rapid.IntRange(1, 200).Draw(t, "looks") {
			at = at.Add(time.Duration(rapid.IntRange(1, 20).Draw(t, "seconds")) * time.Second)
			l := Load{Ready: s.Replicas}
			for range p.Rules {
				l.Values = append(l.Values, Value{rapid.Float64Range(0, 300).Draw(t, "value"), true})
			}
			before := s.Replicas
			s = Decide(p, s, l, at, Unlimited).Next
			switch {
			case s.Replicas < before && !raised.IsZero() && at.Sub(raised) <= p.DownAfter():
				t.Fatalf("down %v after a raise, cool-down %v", at.Sub(raised), p.DownAfter())
			case s.Replicas > before && !raised.IsZero() && at.Sub(raised) < p.UpAfter():
				t.Fatalf("up %v after a raise, cool-down %v", at.Sub(raised), p.UpAfter())
			}
			if s.Replicas > before {
				raised = at
			}
		}
	})
}

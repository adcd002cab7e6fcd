package reconcile

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"berth/core"
)

func by(r core.Release, s core.Strategy) core.Release {
	r.Spec.Strategy = s
	return r
}

func TestStrategies(t *testing.T) {
	rolling := core.Strategy{Kind: core.StrategyRolling, Surge: "1"}
	beside := core.Strategy{Kind: core.StrategyBlueGreen}
	live := release(1, core.ReleaseLive, "1.0", 3)
	roll := by(release(2, core.ReleasePending, "2.0", 3), rolling)
	without := by(release(2, core.ReleasePending, "2.0", 3), core.Strategy{Kind: core.StrategyRolling, Unavailable: "1"})
	back := by(release(2, core.ReleaseFailed, "2.0", 3), rolling)
	one := release(1, core.ReleaseSuperseded, "1.0", 1)
	waiting := by(release(2, core.ReleasePending, "2.0", 1), beside)
	switched := by(release(2, core.ReleaseLive, "2.0", 1), beside)
	switched.OnlineAt = now.Add(-time.Minute)
	grown := release(1, core.ReleaseLive, "1.0", 3)
	grown.Spec.Scaling = core.Scaling{Min: 1, Max: 3}
	later := switched
	later.OnlineAt = now.Add(-core.DefaultKeep)
	ready := func(w *world, r core.Release, ids ...string) {
		for _, id := range ids {
			w.instance(id, r, core.InstanceReady).ReadyAt = now.Add(-time.Minute)
		}
	}
	for _, c := range []struct {
		name  string
		d     Desired
		build func(w *world)
		want  []string
		waits bool
	}{
		{name: "rolling: one more at a time", d: Desired{App: app(2, 1), Target: roll, Live: live},
			build: func(w *world) { ready(w, live, "a", "b", "c") }, want: []string{"place 2.0"}},
		{name: "rolling: an old one goes when a new one has stayed well", d: Desired{App: app(2, 1), Target: roll, Live: live},
			build: func(w *world) { ready(w, live, "a", "b", "c"); ready(w, roll, "d") }, want: []string{"drain a"}},
		{name: "rolling: not before", d: Desired{App: app(2, 1), Target: roll, Live: live},
			build: func(w *world) { ready(w, live, "a", "b", "c"); w.instance("d", roll, core.InstanceReady).ReadyAt = now }},
		{name: "rolling: what drains still takes its place", d: Desired{App: app(2, 1), Target: roll, Live: live},
			build: func(w *world) {
				ready(w, live, "b", "c")
				ready(w, roll, "d")
				w.instance("a", live, core.InstanceDraining).DrainedAt = now.Add(time.Second)
			}},
		{name: "rolling: one fewer at a time", d: Desired{App: app(2, 1), Target: without, Live: live},
			build: func(w *world) { ready(w, live, "a", "b", "c") }, want: []string{"drain a"}},
		{name: "rolling: the last batch is switched to before the last old one goes", d: Desired{App: app(2, 1), Target: roll, Live: live},
			build: func(w *world) { ready(w, live, "a"); ready(w, roll, "b", "c", "d") }, want: []string{"drain a", "switch"}},
		{name: "rolling: a new one that stops answering ends it", d: Desired{App: app(2, 1), Target: roll, Live: live},
			build: func(w *world) { ready(w, live, "a", "b", "c"); w.instance("d", roll, core.InstanceUnhealthy) }, want: []string{"fail_release d"}},
		{name: "rolling: a new one that answered once and stopped ends it", d: Desired{App: app(2, 1), Target: roll, Live: live},
			build: func(w *world) { ready(w, live, "a", "b", "c"); w.instance("d", roll, core.InstanceCrashed).Crashes = 1 }, want: []string{"fail_release d"}},
		{name: "rolling back is rolling too", d: Desired{App: app(2, 1), Target: back, Live: live},
			build: func(w *world) { ready(w, live, "a"); ready(w, back, "b", "c") }, want: []string{"place 1.0"}},
		{name: "blue-green: all new ones come at once", d: Desired{App: app(2, 1), Target: waiting, Live: one},
			build: func(w *world) { ready(w, one, "a") }, want: []string{"place 2.0"}},
		{name: "blue-green: it waits", d: Desired{App: app(2, 1), Target: waiting, Live: one},
			build: func(w *world) { ready(w, one, "a"); ready(w, waiting, "b") }, waits: true},
		{name: "blue-green: what serves grows with its load meanwhile", d: Desired{App: app(2, 1), Target: waiting, Live: grown},
			build: func(w *world) { ready(w, grown, "a"); ready(w, waiting, "b") }, want: []string{"place 1.0", "place 1.0"}, waits: true},
		{name: "blue-green: somebody switches", d: Desired{App: app(2, 1), Target: waiting, Live: one, Switched: true},
			build: func(w *world) { ready(w, one, "a"); ready(w, waiting, "b") }, want: []string{"switch"}},
		{name: "blue-green: where nothing serves there is nothing to wait for", d: Desired{App: app(2, 0), Target: waiting},
			build: func(w *world) { ready(w, waiting, "b") }, want: []string{"switch"}},
		{name: "blue-green: the old one is kept", d: Desired{App: app(2, 2), Target: switched, Live: switched, Before: one},
			build: func(w *world) { ready(w, one, "a"); ready(w, switched, "b") }},
		{name: "blue-green: and kept going", d: Desired{App: app(2, 2), Target: switched, Live: switched, Before: one},
			build: func(w *world) { w.instance("a", one, core.InstanceCrashed); ready(w, switched, "b") }, want: []string{"start a"}},
		{name: "blue-green: until its time is over", d: Desired{App: app(2, 2), Target: later, Live: later, Before: one},
			build: func(w *world) { ready(w, one, "a"); ready(w, later, "b") }, want: []string{"drain a"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld()
			c.build(w)
			p := Make(c.d, w.Observed, now)
			if got := summary(p); !slices.Equal(got, append([]string{}, c.want...)) || p.Waits != c.waits {
				t.Errorf("plan %v, waits %v, want %v, %v", got, p.Waits, c.want, c.waits)
			}
		})
	}
}

// Whatever crashes on the way, a rolling release never has more instances than it may, and never takes one away that
// leaves fewer ready than it may; and it ends with all of the new, or with all of the old ones.
func TestRollingStaysWithinItsBounds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		old, n := rapid.IntRange(1, 5).Draw(t, "old"), rapid.IntRange(1, 5).Draw(t, "new")
		portions := []core.Portion{"", "0", "1", "2", "25%", "50%", "100%"}
		strategy := core.Strategy{Kind: core.StrategyRolling, Surge: rapid.SampledFrom(portions).Draw(t, "surge"),
			Unavailable: rapid.SampledFrom(portions).Draw(t, "unavailable")}
		live := release(1, core.ReleaseLive, "1.0", old)
		s := &simulation{t: t, w: newWorld(), now: now, serving: true,
			d: Desired{App: app(2, 1), Target: by(release(2, core.ReleasePending, "2.0", n), strategy), Live: live}}
		for k := range old {
			s.w.instance(fmt.Sprintf("o%d", k), live, core.InstanceReady).ReadyAt = now.Add(-time.Hour)
		}
		crashes := rapid.IntRange(0, 3).Draw(t, "crashes")
		for round := range 500 {
			p := Make(s.d, s.w.Observed, s.now)
			if len(p.Actions) == 0 && p.Next.IsZero() {
				s.checkRolled(n, old)
				return
			}
			total := len(s.d.Wanted().Spec.Targets) * s.d.Wanted().Spec.Replicas
			surge, unavailable := strategy.Bounds(total)
			before, ready := len(s.w.Instances), s.ready()
			drained := s.carryOutRolling(p)
			if after := len(s.w.Instances); after > before && after > total+surge {
				t.Fatalf("round %d: %d instances, more than %d+%d: %v", round, after, total, surge, summary(p))
			}
			if drained > 0 && ready-drained < total-unavailable {
				t.Fatalf("round %d: %d ready left of %d, %d may be missing: %v", round, ready-drained, total, unavailable, summary(p))
			}
			if crashes > 0 && s.d.Target.Status == core.ReleasePending && rapid.IntRange(0, 9).Draw(t, "crash") == 0 {
				crashes -= s.crashOne()
			}
		}
		t.Fatalf("does not settle: %v", summary(Make(s.d, s.w.Observed, s.now)))
	})
}

// carryOutRolling is carryOut for what the older simulation does not know: time that passes with every round, and a
// release that fails.
func (s *simulation) carryOutRolling(p Plan) (drained int) {
	if len(p.Actions) == 0 && p.Next.After(s.now) {
		s.now = p.Next
	}
	rest := p
	rest.Actions = nil
	for _, a := range p.Actions {
		switch a.Kind {
		case FailRelease:
			s.d.Target.Status, s.d.App.Serving = core.ReleaseFailed, 1
		case Drain:
			drained++
			rest.Actions = append(rest.Actions, a)
		default:
			rest.Actions = append(rest.Actions, a)
		}
	}
	if len(rest.Actions) > 0 {
		s.carryOut(rest)
	}
	for _, a := range rest.Actions {
		for k := range s.w.Instances {
			i := &s.w.Instances[k]
			if i.ID != a.Instance.ID {
				continue
			}
			switch a.Kind {
			case Ready, Undrain:
				i.ReadyAt = s.now
			case Crashed:
				i.Crashes++
				i.RetryAt = s.now.Add(backoff(i.Crashes))
			}
		}
	}
	return drained
}

// crashOne has a new instance stop by itself; 0 when there is none.
func (s *simulation) crashOne() int {
	for k := range s.w.Instances {
		if i := &s.w.Instances[k]; i.Release == 2 && i.State == core.InstanceReady {
			c := s.w.Containers[i.ID]
			c.Running = false
			s.w.Containers[i.ID] = c
			return 1
		}
	}
	return 0
}

func (s *simulation) checkRolled(n, old int) {
	want, label := n, "2.0"
	if s.d.Target.Status == core.ReleaseFailed {
		want, label = old, "1.0"
	}
	for _, i := range s.w.Instances {
		if i.Label != label {
			s.t.Fatalf("%s is left of %v", i.Label, s.d.Target.Status)
		}
	}
	if s.ready() != want || len(s.w.Instances) != want || s.d.Target.Status == core.ReleasePending {
		s.t.Fatalf("settled with %d of %d ready, %s", s.ready(), want, s.d.Target.Status)
	}
}

package reconcile

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"berth/core"
)

var now = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

func release(number int, status core.ReleaseStatus, label string, replicas int) core.Release {
	return core.Release{AppID: "shop", Number: number, Status: status, OnlineAt: now.Add(-time.Hour),
		Spec: core.ReleaseSpec{Targets: []core.Target{{VersionID: label, Label: label, Digest: "sha256:" + label, Weight: 100}},
			Replicas: replicas, Memory: 64 * core.MiB, Port: 8080}}
}

func app(target, serving int) core.App {
	return core.App{ID: "shop", TenantID: "acme", Release: target, Serving: serving}
}

// world is an Observed under construction.
type world struct{ Observed }

func newWorld() *world {
	return &world{Observed{Containers: map[string]core.Container{}, Health: map[string]core.HealthResult{},
		Silent: map[string]bool{}, Back: map[string]time.Time{}}}
}

// instance adds one made for a release's first target, with a running container where its state wants one.
func (w *world) instance(id string, r core.Release, s core.InstanceState) *core.Instance {
	i := core.Instance{ID: id, AppID: "shop", HostID: "local", Release: r.Number, Label: r.Spec.Targets[0].Label,
		Template: r.Spec.Template(r.Spec.Targets[0], 0), State: s, StartedAt: now.Add(-time.Second),
		ReadyAt: now.Add(-time.Second), CreatedAt: now.Add(time.Duration(len(w.Instances)) * time.Millisecond)}
	if s != core.InstancePlaced {
		i.ContainerID = "c-" + id
		w.Containers[id] = core.Container{ID: i.ContainerID, Instance: id, Running: s.Running(), StartedAt: i.StartedAt}
	}
	w.Instances = append(w.Instances, i)
	return &w.Instances[len(w.Instances)-1]
}

func summary(p Plan) []string {
	out := []string{}
	for _, a := range p.Actions {
		s := string(a.Kind)
		if a.Instance.ID != "" {
			s += " " + a.Instance.ID
		}
		if a.Target.Label != "" {
			s += " " + a.Target.Label
		}
		out = append(out, s)
	}
	slices.Sort(out)
	return out
}

func TestPlan(t *testing.T) {
	live1, live2 := release(1, core.ReleaseLive, "1.0", 1), release(2, core.ReleaseLive, "2.0", 1)
	pending1, pending2 := release(1, core.ReleasePending, "1.0", 1), release(2, core.ReleasePending, "2.0", 1)
	failed1, failed2 := release(1, core.ReleaseFailed, "1.0", 1), release(2, core.ReleaseFailed, "2.0", 1)
	two := release(1, core.ReleaseLive, "1.0", 2)
	hasty := pending2
	hasty.Spec.Health.Grace = core.Duration(3 * time.Second)
	justOnline := pending2
	justOnline.OnlineAt = now
	volume1, volume2 := live1, pending2
	volume1.Spec.Volume, volume2.Spec.Volume = &core.Volume{Name: "v", Path: "/data"}, &core.Volume{Name: "v", Path: "/data"}

	for _, c := range []struct {
		name  string
		d     Desired
		build func(w *world)
		want  []string
		state core.AppState
		next  time.Duration // from now; 0 means none
	}{
		{name: "nothing released", d: Desired{App: app(0, 0)}, state: core.AppNew},
		{name: "first release is placed", d: Desired{App: app(1, 0), Target: pending1},
			want: []string{"place 1.0"}, state: core.AppDeploying},
		{name: "placed is created", d: Desired{App: app(1, 0), Target: pending1},
			build: func(w *world) { w.instance("a", pending1, core.InstancePlaced) },
			want:  []string{"create a"}, state: core.AppDeploying},
		{name: "created is started", d: Desired{App: app(1, 0), Target: pending1},
			build: func(w *world) { w.instance("a", pending1, core.InstanceCreated) },
			want:  []string{"start a"}, state: core.AppDeploying},
		{name: "starting is waited for until its grace ends", d: Desired{App: app(1, 0), Target: pending1},
			build: func(w *world) {
				w.instance("a", pending1, core.InstanceStarting).StartedAt = now.Add(-time.Hour) // the clock was set
				w.Health["a"] = core.HealthResult{Asked: 9, Failures: 9, Waited: time.Second}
			},
			state: core.AppDeploying, next: 59 * time.Second},
		{name: "it answers", d: Desired{App: app(1, 0), Target: pending1},
			build: func(w *world) {
				w.instance("a", pending1, core.InstanceStarting)
				w.Health["a"] = core.HealthResult{Asked: 1, Answered: true}
			},
			want: []string{"ready a"}, state: core.AppDeploying},
		{name: "all ready: switch", d: Desired{App: app(1, 0), Target: pending1},
			build: func(w *world) { w.instance("a", pending1, core.InstanceReady) },
			want:  []string{"switch"}, state: core.AppDeploying},
		{name: "after the switch it has to stay well", d: Desired{App: app(2, 2), Target: justOnline, Live: live1},
			build: func(w *world) {
				w.instance("a", live1, core.InstanceReady)
				w.instance("b", justOnline, core.InstanceReady)
			},
			want: []string{"drain a"}, state: core.AppSwitching, next: StableFor},
		{name: "it stayed well", d: Desired{App: app(1, 1), Target: pending1},
			build: func(w *world) { w.instance("a", pending1, core.InstanceReady) },
			want:  []string{"go_live"}, state: core.AppSwitching},
		{name: "the old one serves until the new one answers", d: Desired{App: app(2, 1), Target: pending2, Live: live1},
			build: func(w *world) { w.instance("a", live1, core.InstanceReady) },
			want:  []string{"place 2.0"}, state: core.AppSwitching},
		{name: "the old one is looked after meanwhile", d: Desired{App: app(2, 1), Target: pending2, Live: live1},
			build: func(w *world) {
				w.instance("a", live1, core.InstanceCrashed)
				w.instance("b", pending2, core.InstanceStarting)
			},
			want: []string{"start a"}, state: core.AppSwitching, next: 60 * time.Second},
		{name: "each is judged by the release it is made from", d: Desired{App: app(2, 1), Target: hasty, Live: live1},
			build: func(w *world) {
				w.instance("a", live1, core.InstanceStarting)
				w.instance("b", hasty, core.InstanceStarting)
				w.Health["a"] = core.HealthResult{Asked: 1, Waited: 10 * time.Second}
				w.Health["b"] = core.HealthResult{Asked: 1, Waited: 10 * time.Second}
			},
			want: []string{"crashed b"}, state: core.AppSwitching, next: 50 * time.Second},
		{name: "a new one that cannot start fails the release", d: Desired{App: app(2, 1), Target: pending2, Live: live1},
			build: func(w *world) {
				w.instance("a", live1, core.InstanceReady)
				w.instance("b", pending2, core.InstanceCrashed).Crashes = DeployCrashes
			},
			want: []string{"fail_release b"}, state: core.AppSwitching},
		{name: "a crash right after the switch fails the release", d: Desired{App: app(2, 2), Target: justOnline, Live: live1},
			build: func(w *world) {
				w.instance("a", live1, core.InstanceDraining).DrainedAt = now.Add(time.Second)
				w.instance("b", justOnline, core.InstanceCrashed).Crashes = 1
			},
			want: []string{"fail_release b"}, state: core.AppSwitching, next: time.Second},
		{name: "a failed release gives way to the one before, which is taken back from draining",
			d: Desired{App: app(2, 1), Target: failed2, Live: live1},
			build: func(w *world) {
				w.instance("a", live1, core.InstanceDraining).DrainedAt = now.Add(time.Second)
				w.instance("b", failed2, core.InstanceCrashed)
			},
			want: []string{"undrain a"}, state: core.AppPartly, next: time.Second},
		{name: "what is left of a failed release goes", d: Desired{App: app(2, 1), Target: failed2, Live: live1},
			build: func(w *world) {
				w.instance("a", live1, core.InstanceReady)
				w.instance("b", failed2, core.InstanceCrashed)
			},
			want: []string{"remove b"}, state: core.AppRunning},
		{name: "a failed first release leaves nothing", d: Desired{App: app(1, 0), Target: failed1},
			build: func(w *world) { w.instance("a", failed1, core.InstanceStarting) },
			want:  []string{"remove a"}, state: core.AppFailed, next: 60 * time.Second},
		{name: "steady", d: Desired{App: app(1, 1), Target: live1, Live: live1},
			build: func(w *world) { w.instance("a", live1, core.InstanceReady) }, state: core.AppRunning},
		{name: "more instances", d: Desired{App: app(1, 1), Target: two, Live: two},
			build: func(w *world) { w.instance("a", live1, core.InstanceReady) },
			want:  []string{"place 1.0"}, state: core.AppPartly},
		{name: "fewer instances: the youngest goes", d: Desired{App: app(1, 1), Target: live1, Live: live1},
			build: func(w *world) {
				w.instance("a", live1, core.InstanceReady)
				w.instance("b", live1, core.InstanceReady)
			},
			want: []string{"drain b"}, state: core.AppRunning},
		{name: "a crash is noted", d: Desired{App: app(1, 1), Target: live1, Live: live1},
			build: func(w *world) {
				w.instance("a", live1, core.InstanceReady)
				w.Containers["a"] = core.Container{ID: "c-a", ExitCode: 3}
			},
			want: []string{"crashed a"}, state: core.AppRunning},
		{name: "stopped with its engine is no crash", d: Desired{App: app(1, 1), Target: live1, Live: live1},
			build: func(w *world) {
				i := w.instance("a", live1, core.InstanceReady)
				w.Containers["a"] = core.Container{ID: "c-a", ExitCode: 137, StartedAt: i.StartedAt, EndedAt: now}
				w.Back["local"] = now
			},
			want: []string{"interrupted a"}, state: core.AppRunning},
		{name: "a crashed one waits for its time", d: Desired{App: app(1, 1), Target: live1, Live: live1},
			build: func(w *world) { w.instance("a", live1, core.InstanceCrashed).RetryAt = now.Add(time.Minute) },
			state: core.AppFailed, next: time.Minute},
		{name: "one that keeps stopping is called so", d: Desired{App: app(1, 1), Target: two, Live: two},
			build: func(w *world) {
				w.instance("a", live1, core.InstanceReady)
				i := w.instance("b", live1, core.InstanceCrashed)
				i.Crashes, i.RetryAt = 5, now.Add(8*time.Second)
			},
			state: core.AppCrashing, next: 8 * time.Second},
		{name: "removed by hand", d: Desired{App: app(1, 1), Target: live1, Live: live1},
			build: func(w *world) {
				w.instance("a", live1, core.InstanceReady)
				delete(w.Containers, "a")
			},
			want: []string{"vanished a"}, state: core.AppRunning},
		{name: "not well", d: Desired{App: app(1, 1), Target: live1, Live: live1},
			build: func(w *world) {
				w.instance("a", live1, core.InstanceReady)
				w.Health["a"] = core.HealthResult{Asked: 9, Failures: 3}
			},
			want: []string{"unhealthy a"}, state: core.AppRunning},
		{name: "nothing is decided about what cannot be seen", d: Desired{App: app(1, 1), Target: live1, Live: live1},
			build: func(w *world) {
				w.instance("a", live1, core.InstanceReady)
				delete(w.Containers, "a")
				w.Silent["local"] = true
			},
			state: core.AppRunning},
		{name: "stop drains", d: Desired{App: core.App{Release: 1, Serving: 1, Stopped: true}, Target: live1, Live: live1},
			build: func(w *world) { w.instance("a", live1, core.InstanceReady) },
			want:  []string{"drain a"}, state: core.AppStopping},
		{name: "a drained one goes", d: Desired{App: core.App{Release: 1, Serving: 1, Stopped: true}, Target: live1, Live: live1},
			build: func(w *world) { w.instance("a", live1, core.InstanceDraining).DrainedAt = now },
			want:  []string{"remove a"}, state: core.AppStopping},
		{name: "draining begins when the gateways know", d: Desired{App: core.App{Release: 1, Serving: 1, Stopped: true}, Target: live1, Live: live1},
			build: func(w *world) { w.instance("a", live1, core.InstanceDraining) },
			want:  []string{"drain a"}, state: core.AppStopping},
		{name: "stopped", d: Desired{App: core.App{Release: 1, Serving: 1, Stopped: true}, Target: live1, Live: live1},
			state: core.AppStopped},
		{name: "deleted", d: Desired{App: core.App{Release: 1, Deleting: true}, Target: live1, Live: live1},
			want: []string{"remove_app"}, state: core.AppDeleting},
		{name: "storage: the old one goes first", d: Desired{App: app(2, 1), Target: volume2, Live: volume1},
			build: func(w *world) { w.instance("a", volume1, core.InstanceReady) },
			want:  []string{"drain a"}, state: core.AppSwitching},
		{name: "storage: then the new one comes", d: Desired{App: app(2, 1), Target: volume2, Live: volume1},
			want: []string{"place 2.0"}, state: core.AppSwitching},
		{name: "storage: not before the old one has ended", d: Desired{App: app(2, 1), Target: volume2, Live: volume1},
			build: func(w *world) { w.instance("a", volume1, core.InstanceStopping) },
			want:  []string{"remove a"}, state: core.AppSwitching},
		{name: "restart brings a new one up before the old one goes",
			d:     Desired{App: core.App{Release: 2, Serving: 2, Restart: 1}, Target: live2, Live: live2},
			build: func(w *world) { w.instance("a", live2, core.InstanceReady) },
			want:  []string{"place 2.0"}, state: core.AppPartly},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld()
			if c.build != nil {
				c.build(w)
			}
			p := Make(c.d, w.Observed, now)
			if got := summary(p); !slices.Equal(got, append([]string{}, c.want...)) {
				t.Errorf("plan %v, want %v", got, c.want)
			}
			if p.State != c.state {
				t.Errorf("state %s, want %s", p.State, c.state)
			}
			next := time.Duration(0)
			if !p.Next.IsZero() {
				next = p.Next.Sub(now)
			}
			if next != c.next {
				t.Errorf("looks again in %s, want %s", next, c.next)
			}
		})
	}
}

func TestWeightsGetTheirInstances(t *testing.T) {
	r := release(1, core.ReleasePending, "1.0", 4)
	r.Spec.Targets[0].Weight = 90
	r.Spec.Targets = append(r.Spec.Targets, core.Target{VersionID: "1.1", Label: "1.1", Digest: "sha256:1.1", Weight: 10})
	got := summary(Make(Desired{App: app(1, 0), Target: r}, newWorld().Observed, now))
	want := []string{"place 1.0", "place 1.0", "place 1.0", "place 1.0", "place 1.1"}
	if !slices.Equal(got, want) {
		t.Errorf("plan %v, want %v", got, want)
	}
}

func TestBackoffDoublesUpToItsBound(t *testing.T) {
	last := time.Duration(-1)
	for n := 1; n < 100; n++ {
		d := backoff(n)
		if d < last || d > MaxBackoff {
			t.Fatalf("after %d crashes: %s, before: %s", n, d, last)
		}
		last = d
	}
	if backoff(1) != 0 || last != MaxBackoff {
		t.Errorf("first %s, last %s", backoff(1), last)
	}
}

// Whatever state an app is in, carrying out its plans in a world where everything works ends with exactly the wanted
// instances running, without a moment in which a serving app has no instance left.
func TestPlansConverge(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := newSimulation(t)
		for round := range 200 {
			p := Make(s.d, s.w.Observed, s.now)
			if len(p.Actions) == 0 && p.Next.IsZero() && !s.answer() {
				s.checkDone()
				return
			}
			s.carryOut(p)
			s.checkServing(fmt.Sprintf("round %d: %v", round, summary(p)))
		}
		t.Fatal("does not settle")
	})
}

type simulation struct {
	t       *rapid.T
	d       Desired
	w       *world
	now     time.Time
	n       int
	serving bool
}

func newSimulation(t *rapid.T) *simulation {
	live := release(1, core.ReleaseLive, "1.0", rapid.IntRange(1, 3).Draw(t, "old"))
	target := release(2, core.ReleasePending, rapid.SampledFrom([]string{"1.0", "2.0"}).Draw(t, "version"), rapid.IntRange(1, 3).Draw(t, "new"))
	s := &simulation{t: t, w: newWorld(), now: now, d: Desired{App: app(2, 1), Target: target, Live: live}}
	if rapid.Bool().Draw(t, "live") {
		s.d.Target.Status, s.d.App.Serving = core.ReleaseLive, 2
		s.d.Live = s.d.Target
	}
	states := []core.InstanceState{core.InstancePlaced, core.InstanceCreated, core.InstanceStarting, core.InstanceReady,
		core.InstanceUnhealthy, core.InstanceCrashed, core.InstanceDraining, core.InstanceStopping}
	for n := range rapid.IntRange(0, 6).Draw(t, "instances") {
		r := rapid.SampledFrom([]core.Release{live, target}).Draw(t, "of")
		s.w.instance(fmt.Sprintf("i%d", n), r, rapid.SampledFrom(states).Draw(t, "state"))
	}
	s.serving = s.ready() > 0
	return s
}

func (s *simulation) ready() int {
	n := 0
	for _, i := range s.w.Instances {
		if i.State == core.InstanceReady {
			n++
		}
	}
	return n
}

func (s *simulation) checkServing(when string) {
	if s.serving && s.ready() == 0 {
		s.t.Fatalf("nothing serves: %s", when)
	}
	s.serving = s.ready() > 0
}

func (s *simulation) checkDone() {
	want := s.d.Target.Spec.Replicas
	if s.ready() != want || len(s.w.Instances) != want || s.d.App.Serving != 2 || s.d.Target.Status != core.ReleaseLive {
		s.t.Fatalf("settled with %d of %d ready, serving %d, %s", s.ready(), want, s.d.App.Serving, s.d.Target.Status)
	}
}

func (s *simulation) carryOut(p Plan) {
	if len(p.Actions) == 0 {
		s.now = p.Next
	}
	for _, a := range p.Actions {
		s.carryOutOne(a)
	}
	s.answer()
}

// answer has every instance that runs answer well, and reports whether one had not before.
func (s *simulation) answer() bool {
	news := false
	for _, i := range s.w.Instances {
		if i.State.Running() && !s.w.Health[i.ID].Answered {
			s.w.Health[i.ID], news = core.HealthResult{Asked: 1, Answered: true}, true
		}
	}
	return news
}

func (s *simulation) carryOutOne(a Action) {
	n := slices.IndexFunc(s.w.Instances, func(i core.Instance) bool { return i.ID == a.Instance.ID })
	set := func(state core.InstanceState) {
		s.w.Instances[n].State = state
		s.w.Containers[a.Instance.ID] = core.Container{ID: "c", Running: state.Running()}
	}
	switch a.Kind {
	case Place:
		s.n++
		s.w.instance(fmt.Sprintf("n%d", s.n), a.Release, core.InstancePlaced)
	case Create:
		set(core.InstanceCreated)
	case Start:
		set(core.InstanceStarting)
		s.w.Instances[n].StartedAt = s.now
	case Ready, Undrain:
		set(core.InstanceReady)
	case Unhealthy:
		set(core.InstanceUnhealthy)
	case Crashed:
		set(core.InstanceCrashed)
	case Drain:
		set(core.InstanceDraining)
		s.w.Instances[n].DrainedAt = s.now.Add(DrainFor)
	case Remove:
		s.w.Instances = slices.Delete(s.w.Instances, n, n+1)
	case Vanished:
		s.w.Instances[n].State = core.InstancePlaced
	case Switch:
		s.d.App.Serving, s.d.Target.OnlineAt = 2, s.now
	case GoLive:
		s.d.Target.Status = core.ReleaseLive
		s.d.Live = s.d.Target
	default:
		s.t.Fatalf("unexpected: %s %s", a.Kind, a.Text)
	}
}

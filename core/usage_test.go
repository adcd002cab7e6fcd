package core

import (
	"testing"

	"pgregory.net/rapid"
)

// someSpec draws the spec of a release of few versions, so that two of them often share templates.
func someSpec(t *rapid.T, name string) ReleaseSpec {
	s := ReleaseSpec{Replicas: rapid.IntRange(0, 5).Draw(t, name+" replicas"), Port: 8080,
		Memory: Bytes(rapid.SampledFrom([]int{64, 128}).Draw(t, name+" memory")) * MiB,
		CPU:    MilliCPU(rapid.SampledFrom([]int{0, 250}).Draw(t, name+" cpu"))}
	first := rapid.SampledFrom([]string{"v1", "v2"}).Draw(t, name+" version")
	s.Targets = []Target{{VersionID: first, Weight: 100}}
	if rapid.Bool().Draw(t, name+" canary") {
		s.Targets = []Target{{VersionID: first, Weight: 90}, {VersionID: "v3", Weight: 10}}
	}
	return s
}

// someUse draws an app in the middle of anything: with instances of what is wanted, of what was, and of neither.
func someUse(t *rapid.T) AppUse {
	status := rapid.SampledFrom([]ReleaseStatus{ReleasePending, ReleaseLive, ReleaseFailed}).Draw(t, "status")
	u := AppUse{App: App{ID: "shop", Release: 2, Restart: rapid.IntRange(0, 1).Draw(t, "restart"),
		Stopped: rapid.IntRange(0, 5).Draw(t, "stopped") == 0}}
	u.Target = Release{Number: 2, Status: status, Spec: someSpec(t, "target")}
	if rapid.Bool().Draw(t, "rolling") {
		u.Target.Spec.Strategy = Strategy{Kind: StrategyRolling, Surge: rapid.SampledFrom([]Portion{"", "1", "50%"}).Draw(t, "surge"),
			Unavailable: rapid.SampledFrom([]Portion{"", "1", "50%"}).Draw(t, "unavailable")}
	}
	u.Live = Release{Number: 1, Status: ReleaseLive, Spec: someSpec(t, "live")}
	if status == ReleaseLive {
		u.Live = u.Target
	}
	for _, r := range []Release{u.Target, u.Live, {Spec: someSpec(t, "older")}} {
		u.Instances = append(u.Instances, someInstances(t, r.Spec, u.App.Restart)...)
	}
	return u
}

func someInstances(t *rapid.T, s ReleaseSpec, restart int) (list []Instance) {
	for _, target := range s.Targets {
		for range rapid.IntRange(0, 4).Draw(t, "there are") {
			list = append(list, Instance{Template: s.Template(target, restart), Memory: s.Memory, CPU: s.CPU})
		}
	}
	return list
}

func covers(t *rapid.T, what string, have, need Amounts) {
	for r, n := range need {
		if have[r] < n {
			t.Fatalf("%s: %s takes %d, granted are %d", what, r, n, have[r])
		}
	}
}

// TestUseCoversWhatMayRun: what is charged is enough for what runs, for what is to run, and for what runs again when
// the release on its way fails.
func TestUseCoversWhatMayRun(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		u := someUse(t)
		a := u.Amounts()
		covers(t, "what is there", a, u.held())
		covers(t, "what stays", a, u.Steady())
		if !u.App.Stopped && u.Target.Status == ReleasePending {
			covers(t, "what it falls back on", a, u.Live.Spec.Needs())
		}
		failed := u
		if failed.Target.Status == ReleasePending {
			failed.Target.Status = ReleaseFailed
			covers(t, "after a failure", a, failed.Amounts())
		}
		stopped := u
		stopped.App.Stopped = true
		covers(t, "after a stop", a, stopped.Amounts())
	})
}

// TestUseShrinksAsInstancesGo: the worker alone, who removes what is not wanted, never needs more.
func TestUseShrinksAsInstancesGo(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		u := someUse(t)
		a := u.Amounts()
		for len(u.Instances) > 0 {
			at := rapid.IntRange(0, len(u.Instances)-1).Draw(t, "goes")
			u.Instances = append(u.Instances[:at:at], u.Instances[at+1:]...)
			covers(t, "with one less", a, u.Amounts())
			a = u.Amounts()
		}
		if u.Target.Status == ReleasePending && !u.App.Stopped {
			return // what it falls back on is kept until it is online
		}
		want := Amounts{ResourceApps: 1}.Plus(u.Steady())
		if got := a.Minus(want); len(got) > 0 {
			t.Fatalf("at rest %v, want %v", a, want)
		}
	})
}

// TestUseGrowsByWhatIsMade: making the instances that are wanted takes nothing more.
func TestUseGrowsByWhatIsMade(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		u := someUse(t)
		if u.App.Stopped || u.Target.Status == ReleaseFailed {
			return
		}
		a, have := u.Amounts(), map[string]int{}
		for _, i := range u.Instances {
			have[i.Template]++
		}
		for n, count := range u.Target.Spec.Instances() {
			template := u.Target.Spec.Template(u.Target.Spec.Targets[n], u.App.Restart)
			for ; have[template] < count && u.mayPlace(); have[template]++ {
				u.Instances = append(u.Instances, Instance{Template: template, Memory: u.Target.Spec.Memory, CPU: u.Target.Spec.CPU})
				if more := u.Amounts().Minus(a); len(more) > 0 {
					t.Fatalf("placing what is wanted takes %v more", more)
				}
			}
		}
	})
}

// mayPlace reports whether the strategy allows one more.
func (u AppUse) mayPlace() bool {
	if u.Target.Spec.Strategy.Kind != StrategyRolling {
		return true
	}
	wanted := 0
	for _, n := range u.Target.Spec.Instances() {
		wanted += n
	}
	surge, _ := u.Target.Spec.Strategy.Bounds(wanted)
	return len(u.Instances) < wanted+surge
}

// TestRollingTakesItsSurgeAlone: three of 64 MiB that are replaced one by one need a fourth, not a second three.
func TestRollingTakesItsSurgeAlone(t *testing.T) {
	spec := func(label string, s Strategy) ReleaseSpec {
		return ReleaseSpec{Targets: []Target{{VersionID: label, Weight: 100}}, Replicas: 3, Memory: 64 * MiB, CPU: 100, Strategy: s}
	}
	for s, want := range map[Strategy]int64{{}: 6, {Kind: StrategyBlueGreen}: 6, {Kind: StrategyRolling, Surge: "1"}: 4,
		{Kind: StrategyRolling, Unavailable: "1"}: 3, {Kind: StrategyRolling, Surge: "100%"}: 6} {
		old := spec("v1", Strategy{})
		u := AppUse{App: App{Release: 2}, Target: Release{Number: 2, Status: ReleasePending, Spec: spec("v2", s)},
			Live: Release{Number: 1, Status: ReleaseLive, Spec: old}}
		for range 3 {
			u.Instances = append(u.Instances, Instance{Template: old.Template(old.Targets[0], 0), Memory: old.Memory, CPU: old.CPU})
		}
		if got := u.Amounts()[ResourceMemory]; got != want*int64(64*MiB) {
			t.Errorf("%+v: %d instances' worth, want %d", s, got/int64(64*MiB), want)
		}
	}
}

// TestStorageIsNeverDoubled: where there is storage the old instance goes before the new one comes.
func TestStorageIsNeverDoubled(t *testing.T) {
	spec := ReleaseSpec{Targets: []Target{{VersionID: "v1", Weight: 100}}, Replicas: 1, Memory: 64 * MiB, Volume: &Volume{Name: "v"}}
	larger := spec
	larger.Memory = 128 * MiB
	u := AppUse{App: App{Release: 2, Service: &ServiceSpec{}}, Target: Release{Number: 2, Status: ReleasePending, Spec: larger},
		Live: Release{Number: 1, Status: ReleaseLive, Spec: spec}, Plan: Plan{Storage: GiB},
		Instances: []Instance{{Template: spec.Template(spec.Targets[0], 0), Memory: spec.Memory}}}
	want := Amounts{ResourceServices: 1, ResourceVolumes: int64(GiB), ResourceMemory: int64(128 * MiB), ResourceCPU: 1000, ResourceInstances: 1}
	if off := u.Amounts().Minus(want); len(off) > 0 {
		t.Errorf("off by %v", off)
	}
}

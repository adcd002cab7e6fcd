package reconcile

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"berth/core"
)

// What is done with an instance that is not well, or ended, under each policy.
func TestPolicies(t *testing.T) {
	failing := core.HealthResult{Asked: 9, Failures: 3, AliveFailures: 3, Problem: core.T("health.refused"), AliveProblem: core.T("health.refused")}
	unready := core.HealthResult{Asked: 9, Failures: 3, Problem: core.T("health.refused")}
	lifeless := core.HealthResult{Asked: 9, Answered: true, AliveFailures: 3, AliveProblem: core.T("health.timeout")}
	silent := core.HealthResult{Asked: 40, Failures: 40, AliveFailures: 40, Waited: time.Hour}
	slow := core.HealthResult{Asked: 40, Failures: 40, AliveFailures: 40, Waited: 59 * time.Second}
	for _, c := range []struct {
		name    string
		policy  core.HealthPolicy
		state   core.InstanceState
		health  core.HealthResult
		ended   bool
		pending bool
		want    string
		stays   bool
	}{
		{name: "it leaves the requests first", state: core.InstanceReady, health: failing, want: "unhealthy a"},
		{name: "whatever the policy", policy: core.PolicyTell, state: core.InstanceReady, health: failing, want: "unhealthy a"},
		{name: "not ready is not dead", state: core.InstanceUnhealthy, health: unready, want: ""},
		{name: "dead leaves the requests though it is ready", state: core.InstanceReady, health: lifeless, want: "unhealthy a"},
		{name: "dead and ready does not come back", policy: core.PolicyTell, state: core.InstanceUnhealthy, health: lifeless, want: ""},
		{name: "restart", state: core.InstanceUnhealthy, health: failing, want: "crashed a"},
		{name: "replace", policy: core.PolicyReplace, state: core.InstanceUnhealthy, health: failing, want: "replace a 1.0"},
		{name: "stop", policy: core.PolicyStop, state: core.InstanceUnhealthy, health: failing, want: "crashed a", stays: true},
		{name: "tell", policy: core.PolicyTell, state: core.InstanceUnhealthy, health: failing, want: ""},
		{name: "told, and well again", policy: core.PolicyTell, state: core.InstanceUnhealthy, health: core.HealthResult{Answered: true}, want: "ready a"},
		{name: "a slow start is no crash", state: core.InstanceStarting, health: slow, want: ""},
		{name: "never answered: restart", state: core.InstanceStarting, health: silent, want: "crashed a"},
		{name: "never answered: replace", policy: core.PolicyReplace, state: core.InstanceStarting, health: silent, want: "replace a 1.0"},
		{name: "never answered: stop", policy: core.PolicyStop, state: core.InstanceStarting, health: silent, want: "crashed a", stays: true},
		{name: "never answered: tell", policy: core.PolicyTell, state: core.InstanceStarting, health: silent, want: "unhealthy a"},
		{name: "ended: restart", state: core.InstanceReady, ended: true, want: "crashed a"},
		{name: "ended: replace", policy: core.PolicyReplace, state: core.InstanceReady, ended: true, want: "replace a 1.0"},
		{name: "ended: stop", policy: core.PolicyStop, state: core.InstanceReady, ended: true, want: "crashed a", stays: true},
		{name: "ended: tell starts it again", policy: core.PolicyTell, state: core.InstanceReady, ended: true, want: "crashed a"},
		{name: "a release on its way is not moved about", policy: core.PolicyReplace, state: core.InstanceStarting, ended: true, pending: true, want: "crashed a"},
		{name: "a release on its way that is only told of", policy: core.PolicyTell, state: core.InstanceUnhealthy, health: failing, pending: true, want: "fail_release a"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := release(1, core.ReleaseLive, "1.0", 1)
			if c.pending {
				r.Status = core.ReleasePending
			}
			r.Spec.Health.Policy = c.policy
			w := newWorld()
			w.instance("a", r, c.state)
			w.Health["a"] = c.health
			if c.ended {
				w.Containers["a"] = core.Container{ID: "c-a", ExitCode: 1}
			}
			p := Make(Desired{App: app(1, 1), Target: r, Live: r}, w.Observed, now)
			var want []string
			if c.want != "" {
				want = []string{c.want}
			}
			if got := summary(p); !slices.Equal(got, want) {
				t.Fatalf("plan %v, want %v", got, want)
			}
			if len(want) > 0 && p.Actions[0].Stays != c.stays {
				t.Errorf("stays: %v", p.Actions[0].Stays)
			}
		})
	}
}

func TestStoppedByItsPolicyStays(t *testing.T) {
	r := release(1, core.ReleaseLive, "1.0", 1)
	r.Spec.Health.Policy = core.PolicyStop
	w := newWorld()
	i := w.instance("a", r, core.InstanceCrashed)
	i.Crashes, i.Reason = 1, core.T("reason.exit_code", "code", "1")
	p := Make(Desired{App: app(1, 1), Target: r, Live: r}, w.Observed, now)
	if len(p.Actions) > 0 || !p.Next.IsZero() || p.State != core.AppFailed || p.Reason.Key != "reason.exit_code" || p.Stuck.ID != "a" {
		t.Errorf("%v %s %s, stuck %q", summary(p), p.State, p.Reason, p.Stuck.ID)
	}
	r.Spec.Health.Policy = core.PolicyRestart // the health check is no part of the template
	if got := summary(Make(Desired{App: app(1, 1), Target: r, Live: r}, w.Observed, now)); !slices.Equal(got, []string{"start a"}) {
		t.Errorf("with another policy: %v", got)
	}
}

// A clock that is set neither starts what waits at once many times over, nor has it wait for an hour.
func TestAClockThatIsSetDelaysNothing(t *testing.T) {
	r := release(1, core.ReleaseLive, "1.0", 2)
	w := newWorld()
	w.instance("a", r, core.InstanceReady)
	i := w.instance("b", r, core.InstanceCrashed)
	i.Crashes, i.RetryAt = 3, now.Add(2*time.Second)
	for jump, want := range map[time.Duration][]string{0: nil, -time.Hour: {"start b"}, time.Hour: {"start b"}} {
		p := Make(Desired{App: app(1, 1), Target: r, Live: r}, w.Observed, now.Add(jump))
		if got := summary(p); !slices.Equal(got, want) {
			t.Errorf("set by %s: %v, want %v", jump, got, want)
		}
	}
}

func TestReplacedInstancesBackOff(t *testing.T) {
	r := release(1, core.ReleaseLive, "1.0", 1)
	r.Spec.Health.Policy = core.PolicyReplace
	w := newWorld()
	i := w.instance("a", r, core.InstancePlaced)
	i.Crashes, i.RetryAt, i.Reason = 3, now.Add(2*time.Second), core.T("reason.exit_code", "code", "1")
	p := Make(Desired{App: app(1, 1), Target: r, Live: r}, w.Observed, now)
	if len(p.Actions) > 0 || p.Next != i.RetryAt || p.State != core.AppCrashing {
		t.Errorf("%v, next %s, %s", summary(p), p.Next, p.State)
	}
	if got := summary(Make(Desired{App: app(1, 1), Target: r, Live: r}, w.Observed, i.RetryAt)); !slices.Equal(got, []string{"create a"}) {
		t.Errorf("when its time has come: %v", got)
	}
}

// The loop with an engine: each policy does what it says, and what an instance said last is kept.
func TestPoliciesAreCarriedOut(t *testing.T) {
	for _, policy := range core.HealthPolicies {
		t.Run(string(policy), func(t *testing.T) {
			f := newFixture(t)
			f.run()
			f.ended(f.release("1.0", func(s *core.ReleaseSpec) { s.Health.Policy = policy }))
			i := f.settled(1)[0]
			f.health.fail(i.ID)
			f.loop.Wake("shop")
			switch policy {
			case core.PolicyStop, core.PolicyTell:
				want := map[core.HealthPolicy]core.InstanceState{core.PolicyStop: core.InstanceCrashed, core.PolicyTell: core.InstanceUnhealthy}[policy]
				f.eventually(func() error {
					now := f.instances()
					addresses, err := f.reg.Addresses(f.ctx)
					if err != nil || len(now) != 1 || now[0].State != want || len(addresses) > 0 || f.app().State != core.AppFailed {
						return fmt.Errorf("%+v, registered %v, %v", now, addresses, err)
					}
					return nil
				})
				if now := f.instances()[0]; policy == core.PolicyStop && !now.RetryAt.IsZero() {
					t.Errorf("is to be started again at %s", now.RetryAt)
				}
				f.must(f.change(f.store, func(a *core.App) { a.Restart++ })) // what a person does about it
				f.loop.Wake("shop")
			}
			f.eventually(func() error {
				now := f.instances()
				same := len(now) == 1 && now[0].ID == i.ID
				if len(now) != 1 || now[0].State != core.InstanceReady || same != (policy == core.PolicyRestart) || same && now[0].Crashes == 0 {
					return fmt.Errorf("%+v", now)
				}
				return nil
			})
			last := f.instances()[0]
			if kept := policy == core.PolicyRestart || policy == core.PolicyReplace; kept != (len(last.Exit.Lines) == 1) || kept != (last.Crashes == 1) {
				t.Errorf("%+v", last)
			}
		})
	}
}

// Package reconcile makes what runs equal to what people wrote. plan.go decides and does nothing, apply.go does
// what was decided, loop.go says when.
package reconcile

import (
	"cmp"
	"slices"
	"time"

	"berth/core"
)

// The times of a plan.
const (
	DrainFor      = 3 * time.Second // an instance that gets no new requests may finish the old ones
	StableFor     = 2 * time.Second // new instances stay well before the release counts as online
	MaxBackoff    = 5 * time.Minute
	DeployCrashes = 3 // of one instance, after which a release that is not online yet has failed
)

// Desired is what people wrote of an app.
type Desired struct {
	App      core.App
	Target   core.Release // App.Release; zero when nothing was released
	Live     core.Release // the newest that came online before Target, or Target itself; zero when none did
	Before   core.Release // of a blue-green release that serves: the one that ran before it; else zero
	Switched bool         // somebody had the blue-green Target take the requests over
	Open     []string     // ids of operations that had not ended before all of the above was read
}

// Observed is what there is of an app.
type Observed struct {
	Instances  []core.Instance
	Containers map[string]core.Container    // by instance id; an absent one does not exist
	Health     map[string]core.HealthResult // by instance id
	Silent     map[string]bool              // hosts whose engine does not answer: nothing is known of what is on them
	Back       map[string]time.Time         // hosts whose engine was away, and since when it answers again
}

// ActionKind names what is to be done.
type ActionKind string

const (
	Place       ActionKind = "place"        // make an instance of Target on some host
	Create      ActionKind = "create"       // make its container
	Start       ActionKind = "start"        // start its container
	Ready       ActionKind = "ready"        // it answers
	Unhealthy   ActionKind = "unhealthy"    // it stopped answering, or does not come to it
	Crashed     ActionKind = "crashed"      // it stopped by itself, or is to be stopped as not well
	Replace     ActionKind = "replace"      // make another in its place
	Interrupted ActionKind = "interrupted"  // it stopped with its engine
	Vanished    ActionKind = "vanished"     // its container is gone
	Drain       ActionKind = "drain"        // give it no new requests
	Undrain     ActionKind = "undrain"      // give it requests again
	Remove      ActionKind = "remove"       // stop it, remove it
	Switch      ActionKind = "switch"       // the release's instances serve from now on
	GoLive      ActionKind = "go_live"      // the release stayed well
	FailRelease ActionKind = "fail_release" // the release did not come online
	RemoveApp   ActionKind = "remove_app"   // nothing of it runs any more: take away the rest
)

// Action is one thing to be done.
type Action struct {
	Kind     ActionKind
	Instance core.Instance // of all but Place, Switch, GoLive, RemoveApp
	Target   core.Target   // of Place, Replace
	Release  core.Release  // of Place, Replace, Create, Switch, GoLive, FailRelease
	Text     core.Text     // why
	Stays    bool          // of Crashed: it is not started again by itself
}

// Plan is what is to be done now, and when to look again.
type Plan struct {
	Actions []Action
	State   core.AppState
	Reason  core.Text
	Next    time.Time     // zero: nothing is due by itself
	Settled bool          // everything wanted is ready, everything else is gone
	Waits   bool          // everything is ready, and somebody is to say that the requests are to follow
	Stuck   core.Instance // a wanted instance that keeps failing; zero when there is none
}

// Wanted returns the release that is to run: the target, or what was live before when the target has failed.
func (d Desired) Wanted() core.Release {
	switch {
	case d.App.Stopped || d.App.Deleting:
		return core.Release{}
	case d.Target.Status == core.ReleaseFailed:
		return d.Live
	}
	return d.Target
}

// checkOf returns how an instance is asked whether it is well: as the wanted release says when the instance is made
// from it, else as the one that serves until then says.
func (d Desired) checkOf(i core.Instance) core.HealthCheck {
	for _, r := range []core.Release{d.Wanted(), d.Live} {
		for _, t := range r.Spec.Targets {
			if r.Spec.Template(t, d.App.Restart) == i.Template {
				return r.Spec.Health.WithDefaults()
			}
		}
	}
	return d.Wanted().Spec.Health.WithDefaults()
}

// Make compares what people wrote with what there is. It is pure.
func Make(d Desired, o Observed, now time.Time) Plan {
	p := &planner{d: d, o: o, now: now, release: d.Wanted(), leaving: map[string]bool{}, kept: map[string]bool{}}
	p.keep(p.release)
	if p.release.Status == core.ReleasePending {
		p.keep(d.Live)
	}
	if now.Before(d.keptUntil()) {
		p.keep(d.Before)
	}
	for _, i := range o.Instances {
		if !o.Silent[i.HostID] {
			p.mend(i)
		}
	}
	p.sort()
	if p.release.Number == 0 {
		p.clear()
	} else {
		p.converge()
	}
	p.plan.State, p.plan.Reason = p.state()
	p.plan.Stuck = p.stuck()
	return p.plan
}

type planner struct {
	d       Desired
	o       Observed
	now     time.Time
	release core.Release
	plan    Plan
	wanted  []core.Instance // made from a target of the release, at most as many as it wants
	excess  []core.Instance // made from a target of the release, more than it wants
	old     []core.Instance // made from something else
	missing []core.Target   // one for each instance that is still to be made
	leaving map[string]bool // already being removed by this plan
	kept    map[string]bool // templates whose instances are kept going
}

func (p *planner) do(kind ActionKind, i core.Instance, text core.Text) {
	p.plan.Actions = append(p.plan.Actions, Action{Kind: kind, Instance: i, Release: p.release, Text: text})
}

func (p *planner) lookAgain(at time.Time) {
	if p.plan.Next.IsZero() || at.Before(p.plan.Next) {
		p.plan.Next = at
	}
}

// keep has instances made for a release kept going: those of the release that is to run, and of the one that
// serves until it does.
func (p *planner) keep(r core.Release) {
	for _, t := range r.Spec.Targets {
		p.kept[r.Spec.Template(t, p.d.App.Restart)] = true
	}
}

// sort tells the instances that the release wants from the others.
func (p *planner) sort() {
	byTemplate := map[string][]core.Instance{}
	for _, i := range p.o.Instances {
		if i.State != core.InstanceStopping {
			byTemplate[i.Template] = append(byTemplate[i.Template], i)
		}
	}
	if p.release.Number > 0 {
		for n, count := range p.release.Spec.Instances() {
			t := p.release.Spec.Targets[n]
			template := p.release.Spec.Template(t, p.d.App.Restart)
			have := byTemplate[template]
			delete(byTemplate, template)
			slices.SortStableFunc(have, keepFirst)
			kept := min(count, len(have))
			p.wanted = append(p.wanted, have[:kept]...)
			p.excess = append(p.excess, have[kept:]...)
			for range count - kept {
				p.missing = append(p.missing, t)
			}
		}
	}
	for _, i := range p.o.Instances {
		if _, isOld := byTemplate[i.Template]; isOld && i.State != core.InstanceStopping {
			p.old = append(p.old, i)
		}
	}
}

// keepFirst orders instances by how much they are worth keeping: the further on, then the older.
func keepFirst(a, b core.Instance) int {
	return cmp.Or(cmp.Compare(worth(b.State), worth(a.State)), a.CreatedAt.Compare(b.CreatedAt))
}

func worth(s core.InstanceState) int {
	order := []core.InstanceState{core.InstancePlaced, core.InstanceCrashed, core.InstanceCreated,
		core.InstanceUnhealthy, core.InstanceStarting, core.InstanceDraining, core.InstanceReady}
	return slices.Index(order, s)
}

// clear removes everything: the app is stopped or deleted, or its only release has failed.
func (p *planner) clear() {
	for _, i := range p.old {
		p.retire(i)
	}
	if p.d.App.Deleting && len(p.o.Instances) == 0 {
		p.plan.Actions = append(p.plan.Actions, Action{Kind: RemoveApp})
	}
}

// converge brings the release's instances up, switches to them, and retires the others.
func (p *planner) converge() {
	if p.failIfHopeless() {
		return
	}
	exclusive := p.release.Spec.Volume != nil
	if exclusive && (len(p.old) > 0 || p.stopping()) {
		// Two programs must not write the same storage: the old one goes first.
		for _, i := range p.old {
			p.retire(i)
		}
		return
	}
	if p.rolls() {
		p.roll()
	} else {
		for _, t := range p.missing {
			p.plan.Actions = append(p.plan.Actions, Action{Kind: Place, Target: t, Release: p.release})
		}
		p.sustain()
	}
	for _, i := range p.wanted {
		if i.State == core.InstanceDraining && p.runs(i) {
			p.do(Undrain, i, core.Text{})
		}
	}
	if !p.allReady() {
		return
	}
	if p.d.App.Serving != p.release.Number {
		if p.plan.Waits = p.waits(); !p.plan.Waits {
			p.do(Switch, core.Instance{}, core.Text{})
		}
		return
	}
	kept := p.retireOthers()
	if p.release.Status == core.ReleasePending {
		p.goLive()
	}
	p.plan.Settled = len(p.o.Instances) == len(p.wanted)+kept && p.release.Status == core.ReleaseLive
}

// retireOthers retires what the release does not want, and returns how many are kept to go back to.
func (p *planner) retireOthers() (kept int) {
	for _, i := range append(p.excess, p.old...) {
		switch {
		case p.rolls(): // roll does, as many as may be missing
		case p.keepsOld(i):
			kept++
		default:
			p.retire(i)
		}
	}
	return kept
}

// stopping reports whether an instance is on its way out that has not ended yet.
func (p *planner) stopping() bool {
	return slices.ContainsFunc(p.o.Instances, func(i core.Instance) bool { return i.State == core.InstanceStopping })
}

func (p *planner) goLive() {
	stable := p.release.OnlineAt.Add(StableFor)
	if p.now.Before(stable) {
		p.lookAgain(stable)
		return
	}
	p.do(GoLive, core.Instance{}, core.Text{})
}

func (p *planner) allReady() bool {
	for _, i := range p.wanted {
		if i.State != core.InstanceReady {
			return false
		}
	}
	return len(p.missing) == 0
}

// retire drains an instance that serves; one that does not is removed at once.
func (p *planner) retire(i core.Instance) {
	switch {
	case p.leaving[i.ID] || i.State == core.InstanceDraining:
	case i.State == core.InstanceReady:
		p.do(Drain, i, core.Text{})
	default:
		p.leave(i)
	}
}

func (p *planner) leave(i core.Instance) {
	if !p.leaving[i.ID] && !p.o.Silent[i.HostID] {
		p.leaving[i.ID] = true
		p.do(Remove, i, core.Text{})
	}
}

func (p *planner) runs(i core.Instance) bool { return p.o.Containers[i.ID].Running }

package reconcile

import (
	"slices"
	"time"

	"berth/core"
)

// rolls reports whether instances are replaced batch by batch: on the way to the target, and on the way back from one
// that has failed.
func (p *planner) rolls() bool {
	return p.d.Target.Spec.Strategy.Kind == core.StrategyRolling && p.release.Spec.Volume == nil
}

// roll places as many new instances as there may be more, and retires as many old ones as may be missing. Whatever is
// still there counts as long as it takes memory.
func (p *planner) roll() {
	total := len(p.wanted) + len(p.missing)
	surge, unavailable := p.d.Target.Spec.Strategy.Bounds(total)
	room := max(0, total+surge-len(p.o.Instances))
	for _, t := range p.missing[:min(room, len(p.missing))] {
		p.plan.Actions = append(p.plan.Actions, Action{Kind: Place, Target: t, Release: p.release})
	}
	spare := p.available() - (total - unavailable)
	for _, i := range append(slices.Clone(p.excess), p.old...) {
		switch {
		case p.acts(i): // something is done about it already
		case i.State != core.InstanceReady:
			p.retire(i)
		case spare > 0:
			p.retire(i)
			spare--
		}
	}
}

// available counts the instances that answer. A new one counts once it has stayed well for a while.
func (p *planner) available() int {
	n := 0
	for _, i := range p.wanted {
		stable := i.ReadyAt.Add(StableFor)
		switch {
		case i.State != core.InstanceReady || p.acts(i):
		case p.release.Status == core.ReleasePending && i.Release == p.release.Number && p.now.Before(stable):
			p.lookAgain(stable)
		default:
			n++
		}
	}
	for _, i := range append(slices.Clone(p.excess), p.old...) {
		if i.State == core.InstanceReady && !p.acts(i) {
			n++
		}
	}
	return n
}

// acts reports whether the plan does something to an instance already.
func (p *planner) acts(i core.Instance) bool {
	return slices.ContainsFunc(p.plan.Actions, func(a Action) bool { return a.Instance.ID == i.ID })
}

// fellOut reports whether a new instance of a rolling release answered once and does no more: that is enough to stop,
// since the next batch would take another old one away.
func (p *planner) fellOut(i core.Instance) bool {
	return p.rolls() && i.Release == p.release.Number && !i.ReadyAt.IsZero() &&
		(i.State == core.InstanceUnhealthy || i.State == core.InstanceCrashed)
}

// waits reports whether a blue-green release is ready beside the one that serves and nobody has had it switch yet.
func (p *planner) waits() bool {
	s := p.release.Spec.Strategy
	if s.Kind != core.StrategyBlueGreen || p.release.Status != core.ReleasePending || p.d.App.Serving == 0 || p.d.Switched {
		return false
	}
	if !s.Auto {
		return true
	}
	stable := time.Time{}
	for _, i := range p.wanted {
		if at := i.ReadyAt.Add(StableFor); at.After(stable) {
			stable = at
		}
	}
	if p.now.Before(stable) {
		p.lookAgain(stable)
		return true
	}
	return false
}

// keptUntil returns until when the instances of the release before are kept after a blue-green switch; zero when they
// are not.
func (d Desired) keptUntil() time.Time {
	r := d.Wanted()
	if keep := r.Spec.Strategy.KeptFor(); keep > 0 && d.Before.Number > 0 && d.App.Serving == r.Number && r.Spec.Volume == nil {
		return r.OnlineAt.Add(keep)
	}
	return time.Time{}
}

// keepsOld reports whether an instance is one to go back to.
func (p *planner) keepsOld(i core.Instance) bool {
	until := p.d.keptUntil()
	if !p.now.Before(until) || i.State == core.InstanceDraining {
		return false
	}
	for _, t := range p.d.Before.Spec.Targets {
		if p.d.Before.Spec.Template(t, p.d.App.Restart) == i.Template {
			p.lookAgain(until)
			return true
		}
	}
	return false
}

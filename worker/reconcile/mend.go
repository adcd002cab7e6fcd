package reconcile

import (
	"time"

	"berth/core"
)

// mend compares one instance with its container and its answers, whatever the release wants of it.
func (p *planner) mend(i core.Instance) {
	c, exists := p.o.Containers[i.ID]
	switch i.State {
	case core.InstanceStopping:
		p.leave(i)
	case core.InstancePlaced:
		if !p.waitsFor(i.RetryAt) {
			p.whenWanted(Create, i)
		}
	case core.InstanceCreated:
		if !exists {
			p.do(Vanished, i, core.Text{})
			return
		}
		p.whenWanted(Start, i)
	case core.InstanceCrashed:
		p.retry(i, exists)
	case core.InstanceDraining:
		p.drain(i, exists && c.Running)
	default:
		p.watch(i, c, exists)
	}
}

// whenWanted carries on with an instance only while its release is the one to run.
func (p *planner) whenWanted(kind ActionKind, i core.Instance) {
	if p.kept[i.Template] {
		p.do(kind, i, core.Text{})
	}
}

// drain removes an instance when its time is over. Without a time, the gateways have not been told yet.
func (p *planner) drain(i core.Instance, running bool) {
	switch {
	case !running || !i.DrainedAt.IsZero() && !p.now.Before(i.DrainedAt):
		p.leave(i)
	case i.DrainedAt.IsZero():
		p.do(Drain, i, core.Text{})
	default:
		p.lookAgain(i.DrainedAt)
	}
}

func (p *planner) retry(i core.Instance, exists bool) {
	switch {
	case !exists:
		p.do(Vanished, i, core.Text{})
	case p.d.checkOf(i).Policy == core.PolicyStop: // until somebody restarts the app
	case !p.waitsFor(i.RetryAt):
		p.whenWanted(Start, i)
	}
}

// waitsFor reports whether a time is still to come, and has it looked at then. One that is further away than anything
// is put off was written before the clock was set back.
func (p *planner) waitsFor(at time.Time) bool {
	if !p.now.Before(at) || at.Sub(p.now) > MaxBackoff {
		return false
	}
	p.lookAgain(at)
	return true
}

// watch looks after an instance whose container is to run.
func (p *planner) watch(i core.Instance, c core.Container, exists bool) {
	health, check := p.o.Health[i.ID], p.d.checkOf(i)
	switch {
	case !exists:
		p.do(Vanished, i, core.Text{})
	case !c.Running && p.stoppedWithEngine(i, c):
		p.do(Interrupted, i, core.Text{})
	case !c.Running:
		p.ended(i, check, crashText(c))
	case i.State == core.InstanceStarting && !health.Answered:
		p.start(i, check, health)
	case i.State == core.InstanceReady && health.Failures >= check.Failures:
		p.do(Unhealthy, i, health.Problem)
	case i.State == core.InstanceReady && health.AliveFailures >= check.Failures:
		p.do(Unhealthy, i, health.AliveProblem)
	case i.State == core.InstanceUnhealthy && health.AliveFailures >= check.Failures:
		p.unwell(i, check, core.T("reason.stopped_answering", "failures", itoa(health.AliveFailures)))
	case i.State != core.InstanceReady && health.Answered:
		p.do(Ready, i, core.Text{})
	}
}

// start gives an instance its time for the first good answer. The time is that since it is asked, so that neither a
// clock that is set nor a restart of Berth makes it late.
func (p *planner) start(i core.Instance, check core.HealthCheck, health core.HealthResult) {
	left := time.Duration(check.Grace) - health.Waited
	if left > 0 {
		p.lookAgain(p.now.Add(left))
		return
	}
	why := core.T("reason.never_answered", "seconds", check.Grace.Seconds(), "asked", itoa(health.Asked))
	if check.Policy == core.PolicyTell {
		p.do(Unhealthy, i, why)
		return
	}
	p.unwell(i, check, why)
}

// unwell does with an instance that runs and is not well what its app wants.
func (p *planner) unwell(i core.Instance, check core.HealthCheck, why core.Text) {
	if check.Policy != core.PolicyTell {
		p.ended(i, check, why)
	}
}

// ended goes on with an instance whose program ended, or is to.
func (p *planner) ended(i core.Instance, check core.HealthCheck, why core.Text) {
	if t, ok := p.replaceable(i); ok && check.Policy == core.PolicyReplace {
		p.plan.Actions = append(p.plan.Actions, Action{Kind: Replace, Instance: i, Target: t, Release: p.release, Text: why})
		return
	}
	p.plan.Actions = append(p.plan.Actions, Action{Kind: Crashed, Instance: i, Release: p.release, Text: why,
		Stays: check.Policy == core.PolicyStop})
}

// replaceable returns what an instance is made from, if another is to be made in its place: one of a release on its way
// is started again where it is, until it is known whether it runs at all.
func (p *planner) replaceable(i core.Instance) (core.Target, bool) {
	if p.release.Status == core.ReleaseLive {
		for _, t := range p.release.Spec.Targets {
			if p.release.Spec.Template(t, p.d.App.Restart) == i.Template {
				return t, true
			}
		}
	}
	return core.Target{}, false
}

// stoppedWithEngine reports whether a container ended because its engine did, which is no fault of the program.
func (p *planner) stoppedWithEngine(i core.Instance, c core.Container) bool {
	back, away := p.o.Back[i.HostID]
	return away && c.StartedAt.Before(back) && !c.EndedAt.After(back.Add(time.Second))
}

func crashText(c core.Container) core.Text {
	switch {
	case c.OOM:
		return core.T("reason.out_of_memory")
	case c.Error != "":
		return core.T("reason.cannot_start", "error", c.Error)
	case core.ExitSignal(c.ExitCode) != "":
		return core.T("reason.signal", "signal", core.ExitSignal(c.ExitCode), "code", itoa(c.ExitCode))
	}
	return core.T("reason.exit_code", "code", itoa(c.ExitCode))
}

// backoff is the pause before an instance that crashed n times is started again: none after the first, then one
// second, doubled each time up to MaxBackoff.
func backoff(n int) time.Duration {
	if n <= 1 {
		return 0
	}
	if n > 10 {
		return MaxBackoff
	}
	return min(time.Second<<(n-2), MaxBackoff)
}

// failIfHopeless gives up a release that is not online yet when one of its instances will not come to answer, or
// did not stay well after the switch.
func (p *planner) failIfHopeless() bool {
	if p.release.Status != core.ReleasePending {
		return false
	}
	for _, i := range p.wanted {
		switched := p.d.App.Serving == p.release.Number
		if down(i) && (switched || p.hopeless(i)) || p.fellOut(i) || p.leftAlone(i) {
			p.plan.Actions = nil
			p.do(FailRelease, i, i.Reason)
			return true
		}
	}
	return false
}

// down reports whether an instance failed and is to be started, or made, again.
func down(i core.Instance) bool {
	return i.State == core.InstanceCrashed || i.State == core.InstancePlaced && i.Crashes > 0
}

// leftAlone reports whether an instance is not well, and all that is done is to tell.
func (p *planner) leftAlone(i core.Instance) bool {
	return i.State == core.InstanceUnhealthy && p.d.checkOf(i).Policy == core.PolicyTell
}

// hopeless reports whether there is no point in waiting for an instance that is down.
func (p *planner) hopeless(i core.Instance) bool {
	return i.Crashes >= DeployCrashes || i.Reason.Key == "reason.never_answered" || i.Reason.Key == "reason.cannot_start" ||
		p.d.checkOf(i).Policy == core.PolicyStop
}

// stuck returns a wanted instance that keeps failing.
func (p *planner) stuck() core.Instance {
	for _, i := range p.wanted {
		if down(i) && p.hopeless(i) || p.leftAlone(i) {
			return i
		}
	}
	return core.Instance{}
}

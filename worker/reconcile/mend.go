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
		p.whenWanted(Create, i)
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
	case p.now.Before(i.RetryAt):
		p.lookAgain(i.RetryAt)
	default:
		p.whenWanted(Start, i)
	}
}

// watch looks after an instance whose container is to run.
func (p *planner) watch(i core.Instance, c core.Container, exists bool) {
	health, check := p.o.Health[i.ID], p.d.checkOf(i)
	grace := i.StartedAt.Add(time.Duration(check.Grace))
	switch {
	case !exists:
		p.do(Vanished, i, core.Text{})
	case !c.Running && p.stoppedWithEngine(i, c):
		p.do(Interrupted, i, core.Text{})
	case !c.Running:
		p.do(Crashed, i, crashText(c))
	case i.State != core.InstanceReady && health.Answered:
		p.do(Ready, i, core.Text{})
	case i.State == core.InstanceReady && health.Failures >= check.Failures:
		p.do(Unhealthy, i, health.Problem)
	case i.State == core.InstanceStarting && !p.now.Before(grace):
		p.do(Crashed, i, core.T("reason.never_answered", "seconds", check.Grace.Seconds(), "asked", itoa(health.Asked)))
	case i.State == core.InstanceStarting:
		p.lookAgain(grace)
	case i.State == core.InstanceUnhealthy:
		p.unwell(i, health)
	}
}

func (p *planner) unwell(i core.Instance, health core.HealthResult) {
	until := i.ReadyAt.Add(UnhealthyFor)
	if p.now.Before(until) {
		p.lookAgain(until)
		return
	}
	p.do(Crashed, i, core.T("reason.stopped_answering", "failures", itoa(health.Failures)))
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
	case c.ExitCode > 128 && c.ExitCode < 160:
		return core.T("reason.signal", "signal", signalName(c.ExitCode-128), "code", itoa(c.ExitCode))
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
		if i.State == core.InstanceCrashed && (switched || hopeless(i)) || p.fellOut(i) {
			p.plan.Actions = nil
			p.do(FailRelease, i, i.Reason)
			return true
		}
	}
	return false
}

func hopeless(i core.Instance) bool {
	return i.Crashes >= DeployCrashes || i.Reason.Key == "reason.never_answered" || i.Reason.Key == "reason.cannot_start"
}

// stuck returns a wanted instance that keeps failing.
func (p *planner) stuck() core.Instance {
	for _, i := range p.wanted {
		if i.State == core.InstanceCrashed && hopeless(i) {
			return i
		}
	}
	return core.Instance{}
}

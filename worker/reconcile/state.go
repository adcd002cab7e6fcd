package reconcile

import (
	"strconv"

	"berth/core"
)

// state words what the instances amount to.
func (p *planner) state() (core.AppState, core.Text) {
	app := p.d.App
	switch {
	case app.Deleting:
		return core.AppDeleting, core.Text{}
	case app.Stopped && len(p.o.Instances) > 0:
		return core.AppStopping, core.Text{}
	case app.Stopped:
		return core.AppStopped, core.Text{}
	case app.Release == 0 && app.IsService():
		return app.State, app.Reason // its image is being fetched; core/service says how that goes
	case app.Release == 0:
		return core.AppNew, core.Text{}
	case p.release.Number == 0:
		return core.AppFailed, core.T("reason.release_failed", "release", itoa(app.Release))
	}
	return p.runningState()
}

func (p *planner) runningState() (core.AppState, core.Text) {
	ready, crashing, why := 0, false, core.Text{}
	for _, i := range p.wanted {
		if i.State == core.InstanceReady {
			ready++
		}
		if down(i) && i.Crashes >= DeployCrashes {
			crashing, why = true, i.Reason
		}
	}
	total := len(p.wanted) + len(p.missing)
	switch {
	case p.release.Status == core.ReleasePending && p.d.Live.Number == 0 && p.d.App.Serving != p.release.Number:
		return core.AppDeploying, core.Text{}
	case p.plan.Waits && !p.release.Spec.Strategy.Auto:
		return core.AppSwitching, core.T("reason.waits_for_switch", "release", itoa(p.release.Number))
	case p.release.Status == core.ReleasePending:
		return core.AppSwitching, core.Text{}
	case crashing:
		return core.AppCrashing, why
	case total == 0 && p.d.App.Asleep:
		return core.AppAsleep, core.Text{}
	case total == 0:
		return core.AppStopped, core.Text{}
	case ready == total && p.d.Target.Status == core.ReleaseFailed:
		return core.AppRunning, core.T("reason.release_failed", "release", itoa(p.d.Target.Number))
	case ready == total:
		return core.AppRunning, core.Text{}
	case ready > 0 || len(p.old) > 0:
		return core.AppPartly, core.Text{}
	}
	return core.AppFailed, p.firstReason()
}

func (p *planner) firstReason() core.Text {
	for _, i := range p.wanted {
		if !i.Reason.IsZero() {
			return i.Reason
		}
	}
	return core.Text{}
}

func itoa(n int) string { return strconv.Itoa(n) }

package reconcile

import (
	"context"
	"errors"
	"sync"
	"syscall"
	"time"

	"berth/core"
)

// stopGrace is what a program is given to end by itself.
const stopGrace = 10 * time.Second

// apply carries out a plan and reports whether anything was done. Actions on different instances run side by side.
func (l *Loop) apply(ctx context.Context, d Desired, plan Plan) (did bool, err error) {
	var mu sync.Mutex
	var all sync.WaitGroup
	var errs []error
	publish := false
	for _, a := range plan.Actions {
		if a.Kind == Remove && !l.removals.begin(a.Instance.ID) {
			continue // it is being removed already
		}
		did = did || a.Kind != Remove
		publish = publish || changesRegistry[a.Kind]
		all.Go(func() {
			if err := l.do(ctx, d, a); err != nil {
				mu.Lock()
				defer mu.Unlock()
				errs = append(errs, err)
			}
		})
	}
	all.Wait()
	if publish {
		errs = append(errs, l.publish(ctx, d, plan))
	}
	if len(plan.Actions) > 0 {
		l.notify(d.App, "app", "")
	}
	return did, errors.Join(errs...)
}

// changesRegistry names the actions after which the gateways must be told.
var changesRegistry = map[ActionKind]bool{Ready: true, Unhealthy: true, Crashed: true, Interrupted: true,
	Vanished: true, Drain: true, Undrain: true, Switch: true, FailRelease: true}

// publish tells the gateways. Only then does the time begin in which a draining instance may finish.
func (l *Loop) publish(ctx context.Context, d Desired, plan Plan) error {
	if err := l.Discovery.SyncApp(ctx, d.App.ID); err != nil {
		return err
	}
	for _, a := range plan.Actions {
		if a.Kind != Drain {
			continue
		}
		i := a.Instance
		i.State, i.DrainedAt = core.InstanceDraining, time.Now().Add(DrainFor)
		if err := l.Store.Instances().Update(ctx, i); err != nil {
			return err
		}
	}
	return nil
}

func (l *Loop) do(ctx context.Context, d Desired, a Action) error {
	switch a.Kind {
	case Place:
		return l.place(ctx, d, a)
	case Create:
		return l.create(ctx, d, a)
	case Start:
		return l.start(ctx, d, a.Instance)
	case Ready:
		return l.ready(ctx, d, a.Instance)
	case Unhealthy:
		return l.unhealthy(ctx, d, a)
	case Crashed:
		return l.crashed(ctx, d, a)
	case Interrupted:
		return l.interrupted(ctx, a.Instance)
	case Vanished:
		return l.vanished(ctx, d, a.Instance)
	case Drain:
		return l.setState(ctx, a.Instance, core.InstanceDraining)
	case Undrain:
		return l.undrain(ctx, a.Instance)
	case Remove:
		l.remove(ctx, d, a.Instance)
		return nil
	case Switch:
		return l.switchTo(ctx, d, a.Release)
	case GoLive:
		return l.goLive(ctx, d, a.Release)
	case FailRelease:
		return l.failRelease(ctx, d, a.Release, a.Instance, a.Text)
	}
	return l.removeApp(ctx, d)
}

func (l *Loop) setState(ctx context.Context, i core.Instance, s core.InstanceState) error {
	i.State = s
	return l.Store.Instances().Update(ctx, i)
}

func (l *Loop) ready(ctx context.Context, d Desired, i core.Instance) error {
	i.State, i.Reason, i.ReadyAt = core.InstanceReady, core.Text{}, time.Now()
	if err := l.Store.Instances().Update(ctx, i); err != nil {
		return err
	}
	if i.Crashes > 0 && d.Wanted().Status == core.ReleaseLive {
		return l.event(ctx, d.App, i, core.LevelGood, "healed", "instance", core.ShortID(i.ID))
	}
	return nil
}

func (l *Loop) unhealthy(ctx context.Context, d Desired, a Action) error {
	i := a.Instance
	i.State, i.Reason, i.ReadyAt = core.InstanceUnhealthy, a.Text, time.Now()
	if err := l.Store.Instances().Update(ctx, i); err != nil {
		return err
	}
	return l.event(ctx, d.App, i, core.LevelWarning, "unhealthy", "instance", core.ShortID(i.ID))
}

// crashed notes why an instance stopped and when it is started again.
func (l *Loop) crashed(ctx context.Context, d Desired, a Action) error {
	i := a.Instance
	engine, err := l.Engines.Engine(i.HostID)
	if err != nil {
		return err
	}
	if err := engine.Stop(ctx, i.ContainerID, stopGrace); err != nil { // one that runs but does not answer
		return err
	}
	if c, err := engine.Inspect(ctx, i.ContainerID); err == nil {
		i.ExitCode, i.OOM = c.ExitCode, c.OOM
	}
	return l.noteCrash(ctx, d, i, a.Text)
}

func (l *Loop) noteCrash(ctx context.Context, d Desired, i core.Instance, why core.Text) error {
	now := time.Now()
	if i.State == core.InstanceReady && now.Sub(i.ReadyAt) > WellFor {
		i.Crashes = 0
	}
	i.Crashes++
	i.State, i.Reason, i.RetryAt = core.InstanceCrashed, why, now.Add(backoff(i.Crashes))
	if err := l.Store.Instances().Update(ctx, i); err != nil {
		return err
	}
	l.Health.Forget(i.ID)
	e := stopEvent(d.App, i, why)
	e.InstanceID, e.Cause = i.ID, why
	return l.Store.Events().Create(ctx, e)
}

// stopEvent words that an instance stopped, or had to be stopped.
func stopEvent(a core.App, i core.Instance, why core.Text) core.Event {
	id := core.ShortID(i.ID)
	switch {
	case askedToEnd(i, why):
		return core.NewEvent(a, core.LevelWarning, "ended", "instance", id)
	case why.Key == "reason.never_answered" || why.Key == "reason.stopped_answering":
		return core.NewEvent(a, core.LevelBad, "silent", "instance", id)
	}
	return core.NewEvent(a, core.LevelBad, "crashed", "instance", id, "count", itoa(i.Crashes))
}

// askedToEnd tells a program that was asked to end and did, by somebody or by an engine that is shut down, from one
// that failed. It is started again just the same, and less and less often when it keeps ending.
func askedToEnd(i core.Instance, why core.Text) bool {
	reported := why.Key == "reason.exit_code" || why.Key == "reason.signal"
	return reported && (i.ExitCode == 0 || i.ExitCode == 128+int(syscall.SIGTERM))
}

func (l *Loop) interrupted(ctx context.Context, i core.Instance) error {
	i.State, i.Reason = core.InstanceCreated, core.T("reason.engine_restarted")
	return l.Store.Instances().Update(ctx, i)
}

func (l *Loop) vanished(ctx context.Context, d Desired, i core.Instance) error {
	i.State, i.ContainerID = core.InstancePlaced, ""
	if err := l.Store.Instances().Update(ctx, i); err != nil {
		return err
	}
	return l.event(ctx, d.App, i, core.LevelWarning, "vanished", "instance", core.ShortID(i.ID))
}

func (l *Loop) undrain(ctx context.Context, i core.Instance) error {
	i.State, i.DrainedAt = core.InstanceReady, time.Time{}
	return l.Store.Instances().Update(ctx, i)
}

func (l *Loop) event(ctx context.Context, a core.App, i core.Instance, level core.Level, kind string, kv ...string) error {
	e := core.NewEvent(a, level, kind, kv...)
	e.InstanceID = i.ID
	if err := l.Store.Events().Create(ctx, e); err != nil {
		return err
	}
	l.notify(a, "event", e.ID)
	return nil
}

func (l *Loop) notify(a core.App, kind, id string) {
	l.Notifier.Notify(core.Change{TenantID: a.TenantID, AppID: a.ID, Kind: kind, ID: id})
}

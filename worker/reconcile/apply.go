package reconcile

import (
	"context"
	"errors"
	"sync"
	"time"

	"berth/core"
)

// What a program is given to end by itself. One that is not well gets no requests any more, and somebody waits for the
// next: where it has nothing to bring to its storage, that is short.
const (
	stopGrace = 10 * time.Second
	sickGrace = time.Second
)

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
var changesRegistry = map[ActionKind]bool{Ready: true, Unhealthy: true, Crashed: true, Replace: true, Interrupted: true,
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
	case Replace:
		return l.replace(ctx, d, a)
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
	ailed := i.Crashes > 0 || i.State == core.InstanceUnhealthy
	i.State, i.Reason, i.ReadyAt = core.InstanceReady, core.Text{}, time.Now()
	if err := l.Store.Instances().Update(ctx, i); err != nil {
		return err
	}
	if ailed && d.Wanted().Status == core.ReleaseLive {
		return l.event(ctx, d.App, i, core.LevelGood, "healed", "instance", core.ShortID(i.ID))
	}
	return nil
}

func (l *Loop) unhealthy(ctx context.Context, d Desired, a Action) error {
	i := a.Instance
	i.State, i.Reason = core.InstanceUnhealthy, a.Text
	if err := l.Store.Instances().Update(ctx, i); err != nil {
		return err
	}
	e := core.NewEvent(d.App, core.LevelWarning, "unhealthy", "instance", core.ShortID(i.ID))
	return l.tell(ctx, d.App, i, e, a.Text)
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

// tell puts an event about an instance on the timeline, with its cause.
func (l *Loop) tell(ctx context.Context, a core.App, i core.Instance, e core.Event, cause core.Text) error {
	e.InstanceID, e.Cause = i.ID, cause
	if err := l.Store.Events().Create(ctx, e); err != nil {
		return err
	}
	l.notify(a, "event", e.ID)
	return nil
}

func (l *Loop) event(ctx context.Context, a core.App, i core.Instance, level core.Level, kind string, kv ...string) error {
	e := core.NewEvent(a, level, kind, kv...)
	return l.tell(ctx, a, i, e, core.Text{})
}

func (l *Loop) notify(a core.App, kind, id string) {
	l.Notifier.Notify(core.Change{TenantID: a.TenantID, AppID: a.ID, Kind: kind, ID: id})
}

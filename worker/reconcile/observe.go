package reconcile

import (
	"context"
	"sync"
	"time"

	"berth/core"
)

// desired reads what people wrote of an app. Operations are read first: what an operation asks for is written with
// it, so that one which is in view here is never taken for done by looking at what was before.
func (l *Loop) desired(ctx context.Context, appID string) (d Desired, err error) {
	ops, err := l.Store.Operations().Open(ctx, appID)
	if err != nil {
		return d, err
	}
	for _, op := range ops {
		d.Open = append(d.Open, op.ID)
	}
	if d.App, err = l.Store.Apps().Get(ctx, appID); err != nil || d.App.Release == 0 {
		return d, err
	}
	if d.Target, err = l.Store.Releases().Get(ctx, appID, d.App.Release); err != nil {
		return d, err
	}
	if d.Live = d.Target; d.Target.Status != core.ReleaseLive {
		d.Live, err = l.Store.Releases().Live(ctx, appID, d.Target.Number)
	}
	if err == nil && d.Target.Spec.Strategy.Kind == core.StrategyBlueGreen {
		err = l.besideOther(ctx, &d)
	}
	d.Target, d.Live, d.Before = d.App.Sized(d.Target), d.App.Sized(d.Live), d.App.Sized(d.Before)
	return d, err
}

// besideOther reads what a blue-green release has to do with the one before it.
func (l *Loop) besideOther(ctx context.Context, d *Desired) (err error) {
	switch {
	case d.Target.Status == core.ReleasePending:
		d.Before = d.Live
		d.Switched, err = l.Store.Releases().SwitchAllowed(ctx, d.App.ID, d.Target.Number)
	case d.Target.Status == core.ReleaseLive && time.Since(d.Target.OnlineAt) < d.Target.Spec.Strategy.KeptFor():
		d.Before, err = l.Store.Releases().Before(ctx, d.App.ID, d.Target.Number)
	}
	return err
}

// observe reads what there is of an app. Health is asked of every instance whose container is to run.
func (l *Loop) observe(ctx context.Context, d Desired) (Observed, error) {
	o := Observed{Containers: map[string]core.Container{}, Health: map[string]core.HealthResult{},
		Silent: map[string]bool{}, Back: l.hosts.returned()}
	instances, err := l.Store.Instances().List(ctx, d.App.ID)
	if err != nil {
		return o, err
	}
	o.Instances = instances
	var mu sync.Mutex
	var all sync.WaitGroup
	for _, i := range instances {
		all.Go(func() {
			c, state := l.inspect(ctx, i)
			mu.Lock()
			defer mu.Unlock()
			switch state {
			case unknown:
				o.Silent[i.HostID] = true
			case present:
				o.Containers[i.ID] = c
			}
		})
	}
	all.Wait()
	l.watchHealth(d, &o)
	return o, nil
}

type presence int

const (
	absent presence = iota
	present
	unknown
)

func (l *Loop) inspect(ctx context.Context, i core.Instance) (core.Container, presence) {
	if i.ContainerID == "" {
		return core.Container{}, absent
	}
	engine, err := l.Engines.Engine(i.HostID)
	if err != nil {
		return core.Container{}, unknown
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	c, err := engine.Inspect(ctx, i.ContainerID)
	switch core.ErrorCode(err) {
	case "":
		return c, present
	case core.ENOTFOUND:
		return c, absent
	}
	return c, unknown
}

func (l *Loop) watchHealth(d Desired, o *Observed) {
	for _, i := range o.Instances {
		c, exists := o.Containers[i.ID]
		switch asked := i.State.Running() && i.State != core.InstanceDraining; {
		case asked && c.Running:
			l.Health.Watch(i, d.checkOf(i))
			o.Health[i.ID] = l.Health.Result(i.ID)
		case asked && !exists && o.Silent[i.HostID]:
			l.Health.Discount(i.ID)
		default:
			l.Health.Forget(i.ID)
		}
	}
}

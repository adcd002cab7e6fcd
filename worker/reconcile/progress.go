package reconcile

import (
	"context"
	"time"

	"berth/core"
)

// progress shows in the operations of a release how far its strategy has come.
func (l *Loop) progress(ctx context.Context, d Desired, o Observed, plan Plan) error {
	if d.Target.Status != core.ReleasePending || d.App.Serving == d.Target.Number || d.App.Stopped || d.App.Deleting {
		return nil
	}
	switch {
	case plan.Waits:
		return l.showWaiting(ctx, d)
	case d.Target.Spec.Strategy.Kind == core.StrategyRolling:
		return l.showReplaced(ctx, d, o)
	}
	return nil
}

// showWaiting says once that a blue-green release is ready.
func (l *Loop) showWaiting(ctx context.Context, d Desired) error {
	moved, err := l.moveStep(ctx, d, core.StepChecked, core.T("reason.waits_for_switch", "release", itoa(d.Target.Number)))
	if err != nil || !moved || d.Target.Spec.Strategy.Auto {
		return err
	}
	if err := l.Discovery.SyncApp(ctx, d.App.ID); err != nil {
		return err
	}
	return l.event(ctx, d.App, core.Instance{}, core.LevelInfo, "waits_for_switch", "release", itoa(d.Target.Number))
}

func (l *Loop) showReplaced(ctx context.Context, d Desired, o Observed) error {
	wanted, ready := 0, 0
	for _, n := range d.Target.Spec.Instances() {
		wanted += n
	}
	for _, i := range o.Instances {
		if i.Release == d.Target.Number && i.State == core.InstanceReady {
			ready++
		}
	}
	if ready == 0 {
		return nil
	}
	_, err := l.moveStep(ctx, d, core.StepReplaced, core.T("step.replaced", "ready", itoa(ready), "wanted", itoa(wanted)))
	return err
}

// moveStep has a step of the open operations run, with what is to be said about it, and reports whether it did not yet.
func (l *Loop) moveStep(ctx context.Context, d Desired, name string, text core.Text) (moved bool, err error) {
	l.operations.Lock()
	defer l.operations.Unlock()
	ops, err := l.openOperations(ctx, d)
	if err != nil {
		return false, err
	}
	for _, op := range ops {
		if !op.SetStep(name, core.StepRunning, text, time.Now()) {
			continue
		}
		moved, op.Status = true, core.OpRunning
		if err := l.Store.Operations().Update(ctx, op); err != nil {
			return moved, err
		}
		l.notify(d.App, "operation", op.ID)
	}
	return moved, nil
}

package reconcile

import (
	"context"
	"slices"
	"time"

	"berth/core"
)

// logTail is how many lines of a failed instance an operation shows.
const logTail = 20

// step moves the open operations of an app that bring instances up on by a step.
func (l *Loop) step(ctx context.Context, d Desired, name string, status core.StepStatus, text core.Text) error {
	l.operations.Lock()
	defer l.operations.Unlock()
	ops, err := l.openOperations(ctx, d)
	if err != nil {
		return err
	}
	for _, op := range ops {
		if stepDone(op, name) && status == core.StepRunning {
			continue
		}
		moved := op.SetStep(name, status, text, time.Now())
		if !moved && op.Status == core.OpRunning {
			continue
		}
		op.Status = core.OpRunning
		if err := l.Store.Operations().Update(ctx, op); err != nil {
			return err
		}
		l.notify(d.App, "operation", op.ID)
	}
	return nil
}

func stepDone(op core.Operation, name string) bool {
	for _, s := range op.Steps {
		if s.Name == name {
			return s.Status == core.StepSucceeded
		}
	}
	return false
}

// openOperations returns the operations that the present plan carries out: those of the release on its way, and
// those without a release.
func (l *Loop) openOperations(ctx context.Context, d Desired) ([]core.Operation, error) {
	ops, err := l.Store.Operations().Open(ctx, d.App.ID)
	if err != nil {
		return nil, err
	}
	mine := ops[:0]
	for _, op := range ops {
		if slices.Contains(d.Open, op.ID) && carriesOut(d, op) {
			mine = append(mine, op)
		}
	}
	return mine, nil
}

func carriesOut(d Desired, op core.Operation) bool {
	switch op.Kind {
	case core.OpFetch: // core/service does
		return false
	case core.OpDeploy:
		return op.Release != 0 && op.Release == d.App.Release
	}
	return true
}

// endOperations ends the open operations of an app. i is the instance at fault, its last lines are kept.
func (l *Loop) endOperations(ctx context.Context, d Desired, status core.OperationStatus, why core.Text, i core.Instance) error {
	ops, err := l.openOperations(ctx, d)
	if err != nil {
		return err
	}
	for _, op := range ops {
		if err := l.endOperation(ctx, d, op, status, why, i); err != nil {
			return err
		}
	}
	return nil
}

func (l *Loop) endOperation(ctx context.Context, d Desired, op core.Operation, status core.OperationStatus, why core.Text, i core.Instance) error {
	l.operations.Lock()
	defer l.operations.Unlock()
	now := time.Now()
	if status == core.OpSucceeded {
		succeed(&op, now)
	} else {
		op.Status, op.EndedAt = status, now
		op.Error = why
		op.LogTail = l.tail(ctx, i)
		for n := range op.Steps {
			if s := op.Steps[n].Status; s == core.StepPending || s == core.StepRunning {
				op.SetStep(op.Steps[n].Name, core.StepFailed, why, now)
				break
			}
		}
	}
	if err := l.Store.Operations().Update(ctx, op); err != nil {
		return err
	}
	l.notify(d.App, "operation", op.ID)
	return nil
}

func succeed(op *core.Operation, now time.Time) {
	op.Status, op.EndedAt = core.OpSucceeded, now
	op.SetStep(op.Steps[len(op.Steps)-1].Name, core.StepSucceeded, core.Text{}, now)
}

// tail returns the last lines of an instance; none is better than failing for want of them.
func (l *Loop) tail(ctx context.Context, i core.Instance) []string {
	if i.ContainerID == "" {
		return nil
	}
	lines, err := l.Logs.Tail(ctx, i.ID, logTail)
	if err != nil {
		l.Log.Warn("cannot read the last lines", "instance", i.ID, "error", err)
	}
	texts := make([]string, len(lines))
	for n, line := range lines {
		texts[n] = line.Line
	}
	return texts
}

// settle writes the app's state, and ends the operations whose intention has come true or cannot.
func (l *Loop) settle(ctx context.Context, d Desired, o Observed, plan Plan) error {
	app := d.App
	if app.State != plan.State || app.Reason.String() != plan.Reason.String() {
		app.State, app.Reason = plan.State, plan.Reason
		if err := l.Store.Apps().UpdateStatus(ctx, app); err != nil {
			return err
		}
		l.notify(app, "app", "")
	}
	l.switches.count(ctx, l, d)
	if err := l.progress(ctx, d, o, plan); err != nil {
		return err
	}
	switch {
	case app.Stopped && !app.Deleting && len(o.Instances) == 0:
		return l.stopped(ctx, d)
	case plan.Settled:
		l.switches.end(ctx, l, d)
		return l.endOperations(ctx, d, core.OpSucceeded, core.Text{}, core.Instance{})
	case plan.Stuck.ID != "" && d.Wanted().Status == core.ReleaseLive:
		return l.endOperations(ctx, d, core.OpFailed, plan.Stuck.Reason, plan.Stuck)
	}
	return nil
}

func (l *Loop) stopped(ctx context.Context, d Desired) error {
	ops, err := l.openOperations(ctx, d)
	if err != nil {
		return err
	}
	for _, op := range ops {
		status, why := core.OpSucceeded, core.Text{}
		if op.Kind != core.OpStop {
			status, why = core.OpFailed, core.T("error.stopped_meanwhile")
		}
		if err := l.endOperation(ctx, d, op, status, why, core.Instance{}); err != nil {
			return err
		}
	}
	return nil
}

package reconcile

import (
	"context"
	"strings"
	"time"

	"berth/core"
)

// switchTo has a release's instances serve.
func (l *Loop) switchTo(ctx context.Context, d Desired, r core.Release) error {
	l.switches.begin(ctx, l, d, r)
	app := d.App
	app.Serving = r.Number
	err := l.Store.Transact(ctx, func(tx core.Store) error {
		if r.Status == core.ReleasePending {
			r.OnlineAt = time.Now()
			if err := tx.Releases().UpdateStatus(ctx, r); err != nil {
				return err
			}
		}
		return tx.Apps().UpdateStatus(ctx, app)
	})
	if err != nil {
		return err
	}
	return l.step(ctx, d, core.StepRegistered, core.StepRunning, core.Text{})
}

// goLive records that a release has stayed well; those before it are superseded.
func (l *Loop) goLive(ctx context.Context, d Desired, r core.Release) error {
	if err := l.Discovery.SyncApp(ctx, d.App.ID); err != nil {
		return err
	}
	r.Status = core.ReleaseLive
	err := l.Store.Transact(ctx, func(tx core.Store) error {
		if err := tx.Releases().UpdateStatus(ctx, r); err != nil {
			return err
		}
		app := d.App
		app.State, app.Reason = core.AppRunning, core.Text{}
		if err := tx.Apps().UpdateStatus(ctx, app); err != nil {
			return err
		}
		return supersede(ctx, tx, r)
	})
	if err != nil {
		return err
	}
	if err := l.step(ctx, d, core.StepOnline, core.StepSucceeded, core.Text{}); err != nil {
		return err
	}
	online := l.onlineEvent(d.App, r)
	if err := l.Store.Events().Create(ctx, online); err != nil {
		return err
	}
	l.notify(d.App, "event", online.ID)
	return l.endDeploy(ctx, d)
}

// onlineEvent names what came online as people call it: a service by its program and version.
func (l *Loop) onlineEvent(a core.App, r core.Release) core.Event {
	labels := r.Spec.Labels()
	e := core.NewEvent(a, core.LevelGood, "online", "release", itoa(r.Number), "versions", labels,
		"count", itoa(strings.Count(labels, ", ")+1))
	if a.IsService() {
		title := a.Service.Entry
		if entry, err := l.Catalog.Entry(a.Service.Entry); err == nil {
			title = entry.Title
		}
		e.Text = core.T("event.online_service", "title", title, "version", labels)
	}
	return e
}

// endDeploy ends the operation of a release that came online; the old instances may still be draining.
func (l *Loop) endDeploy(ctx context.Context, d Desired) error {
	ops, err := l.openOperations(ctx, d)
	if err != nil {
		return err
	}
	for _, op := range ops {
		if op.Kind == core.OpDeploy {
			if err := l.endOperation(ctx, d, op, core.OpSucceeded, core.Text{}, core.Instance{}); err != nil {
				return err
			}
		}
	}
	return nil
}

func supersede(ctx context.Context, tx core.Store, r core.Release) error {
	const page = 20
	for before := r.Number; before > 1; {
		older, err := tx.Releases().List(ctx, r.AppID, before, page)
		if err != nil {
			return err
		}
		for _, o := range older {
			before = o.Number
			if o.Status == core.ReleaseLive || o.Status == core.ReleasePending {
				wasLive := o.Status == core.ReleaseLive
				o.Status = core.ReleaseSuperseded
				if err := tx.Releases().UpdateStatus(ctx, o); err != nil {
					return err
				}
				if wasLive {
					return nil
				}
			}
		}
		if len(older) < page {
			return nil
		}
	}
	return nil
}

// failRelease gives a release up. The one before it goes on serving.
func (l *Loop) failRelease(ctx context.Context, d Desired, r core.Release, i core.Instance, why core.Text) error {
	if err := l.endOperations(ctx, d, core.OpFailed, why, i); err != nil {
		return err
	}
	r.Status = core.ReleaseFailed
	err := l.Store.Transact(ctx, func(tx core.Store) error {
		if app := d.App; app.Serving == r.Number {
			app.Serving = d.Live.Number
			if err := tx.Apps().UpdateStatus(ctx, app); err != nil {
				return err
			}
		}
		return tx.Releases().UpdateStatus(ctx, r)
	})
	if err != nil {
		return err
	}
	e := core.NewEvent(d.App, core.LevelBad, "release_failed", "release", itoa(r.Number))
	e.InstanceID, e.Cause = i.ID, why
	if err := l.Store.Events().Create(ctx, e); err != nil {
		return err
	}
	l.queue.Add(d.App.ID)
	return nil
}

package canary

import (
	"context"
	"log/slog"
	"time"

	"berth/core"
)

// Mover changes the trial of an app as a verdict says. core/service implements it: what is done by itself is done as
// people do it. Each does nothing when the trial is not the one that was decided on. Errors: those of a release.
type Mover interface {
	StepCanary(ctx context.Context, c core.Canary, share int) error
	FinishCanary(ctx context.Context, c core.Canary) error
	EndCanary(ctx context.Context, c core.Canary, why core.Text) error
}

// Loop follows every trial. Set the fields, then call Run.
type Loop struct {
	Store    core.Store
	Traffic  core.Traffic
	Mover    Mover
	Notifier core.Notifier
	Log      *slog.Logger
	Every    time.Duration // between two looks at all; default 1 s

	failed map[string]time.Time // trials whose verdict could not be carried out, and when to try again
}

// retry is how long a verdict that could not be carried out waits.
const retry = 5 * time.Second

// Run looks at all trials every so often, until ctx ends. Each look begins from what is stored, so it does not matter
// where the one before was cut off.
func (l *Loop) Run(ctx context.Context) error {
	ctx = core.WithActor(ctx, core.System())
	if l.Every == 0 {
		l.Every = time.Second
	}
	l.failed = map[string]time.Time{}
	tick := time.NewTicker(l.Every)
	defer tick.Stop()
	for {
		l.look(ctx, time.Now())
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

func (l *Loop) look(ctx context.Context, now time.Time) {
	open, err := l.Store.Canaries().Open(ctx)
	if err != nil {
		l.warn(ctx, "cannot look for trials", err)
		return
	}
	for _, c := range open {
		if now.Before(l.failed[c.ID]) {
			continue
		}
		delete(l.failed, c.ID)
		if err := l.follow(ctx, c, now); err != nil && core.ErrorCode(err) != core.ENOTFOUND {
			l.failed[c.ID] = now.Add(retry)
			l.warn(ctx, "a trial is looked at again", err, "app", c.AppID)
		}
	}
}

func (l *Loop) warn(ctx context.Context, what string, err error, kv ...any) {
	if ctx.Err() == nil {
		l.Log.Warn(what, append(kv, "error", err)...)
	}
}

// follow counts what a trial did and carries out what is decided.
func (l *Loop) follow(ctx context.Context, c core.Canary, now time.Time) error {
	r, err := l.Store.Releases().Get(ctx, c.AppID, c.Release)
	if err != nil {
		return err
	}
	versions := l.Traffic.App(c.AppID).Versions
	counts := core.CanaryCounts{Stable: versions[c.Stable.Label], Candidate: versions[c.Candidate.Label]}
	switch {
	case c.StepAt.IsZero() && r.Status == core.ReleaseLive:
		c.StepAt, c.Base, c.Last = now, counts, counts
		if err := l.Store.Canaries().UpdateStatus(ctx, c); err != nil {
			return err
		}
	case !c.StepAt.IsZero():
		if c, err = l.count(ctx, c, counts); err != nil {
			return err
		}
	}
	broken, err := l.broken(ctx, c, r)
	if err != nil {
		return err
	}
	v := decide(c, c.Since(c.Last), broken, now)
	switch v.kind {
	case step:
		return l.Mover.StepCanary(ctx, c, v.share)
	case promote:
		return l.Mover.FinishCanary(ctx, c)
	case abort:
		return l.Mover.EndCanary(ctx, c, v.reason)
	}
	return nil
}

// count keeps what was counted when it is news.
func (l *Loop) count(ctx context.Context, c core.Canary, counts core.CanaryCounts) (core.Canary, error) {
	counts.Stable.Active, counts.Candidate.Active = 0, 0 // they do not only grow
	if counts == c.Last {
		return c, nil
	}
	c = rebased(c, counts)
	if err := l.Store.Canaries().UpdateStatus(ctx, c); err != nil {
		return c, err
	}
	l.Notifier.Notify(core.Change{TenantID: c.TenantID, AppID: c.AppID, Kind: "canary", ID: c.ID})
	return c, nil
}

// crashLoop is how often an instance of a candidate may stop before that ends the trial.
const crashLoop = 3

// broken words why a candidate does not run well; zero when it does, or somebody stopped the app.
func (l *Loop) broken(ctx context.Context, c core.Canary, r core.Release) (core.Text, error) {
	app, err := l.Store.Apps().Get(ctx, c.AppID)
	if err != nil || app.Stopped || app.Deleting {
		return core.Text{}, err
	}
	if r.Status == core.ReleaseFailed {
		return core.T("reason.canary_release_failed", "release", itoa(r.Number), "version", c.Candidate.Label), nil
	}
	instances, err := l.Store.Instances().List(ctx, c.AppID)
	for _, i := range instances {
		switch {
		case i.VersionID != c.Candidate.VersionID || c.StepAt.IsZero():
		case i.State == core.InstanceCrashed && i.Crashes >= crashLoop:
			return core.T("reason.canary_crashing", "version", c.Candidate.Label), err
		case i.State == core.InstanceUnhealthy:
			return core.T("reason.canary_unhealthy", "version", c.Candidate.Label), err
		}
	}
	return core.Text{}, err
}

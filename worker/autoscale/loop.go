// Package autoscale keeps the number of instances of apps as their scaling says. core/scale decides; this measures,
// has it done, and says why.
package autoscale

import (
	"context"
	"log/slog"
	"time"

	"berth/core"
)

// Traffic is what is asked of the gateways' counts.
type Traffic interface {
	core.Traffic
	Gateways() []core.GatewayState
}

// Metrics is what the engines measured last of an app's instances.
type Metrics interface {
	Latest(appID string) ([]core.MetricSample, time.Time)
}

// Scaler makes a number the one in force. core/service implements it. Errors: ECONFLICT when the app has changed since,
// or there is not enough quota.
type Scaler interface {
	ApplyScaling(ctx context.Context, app core.App, from int, decided core.ScaleStatus) error
}

// Loop follows every app with a scaling. Set the fields, then call Run.
type Loop struct {
	Store    core.Store
	Traffic  Traffic
	Metrics  Metrics
	Catalog  core.Catalog
	Scaler   Scaler
	Notifier core.Notifier
	Log      *slog.Logger
	Every    time.Duration // between two looks at all; default 1 s
	Now      func() time.Time

	apps map[string]*follower
}

const (
	retry      = 5 * time.Second        // after a decision that could not be carried out
	wakeEvery  = 200 * time.Millisecond // between two looks for requests to what is asleep
	showEvery  = 15 * time.Second       // between two writes of a status that differs in its figures only
	sleepLooks = 10                     // in how many looks at all what is asleep is looked at once
)

// Run looks at all apps every so often, until ctx ends. Each look begins from what is stored; what was measured before
// is not, so that a worker that begins anew takes nothing away until it has seen enough.
func (l *Loop) Run(ctx context.Context) error {
	ctx = core.WithActor(ctx, core.System())
	l.init()
	tick, wake := time.NewTicker(l.Every), time.NewTicker(min(wakeEvery, l.Every))
	defer tick.Stop()
	defer wake.Stop()
	for n := 0; ; {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
			l.Look(ctx, n%sleepLooks == 0)
			n++
		case <-wake.C:
			l.wake(ctx)
		}
	}
}

func (l *Loop) init() {
	if l.Every == 0 {
		l.Every = time.Second
	}
	if l.Now == nil {
		l.Now = time.Now
	}
	if l.apps == nil {
		l.apps = map[string]*follower{}
	}
}

// Look decides once for every app, for those that are asleep when asked to.
func (l *Loop) Look(ctx context.Context, sleeping bool) {
	l.init()
	ids, err := l.Store.Scalings().On(ctx)
	if err != nil {
		l.warn(ctx, "cannot look for apps to scale", err)
		return
	}
	present := make(map[string]bool, len(ids))
	for _, id := range ids {
		present[id] = true
		f := l.apps[id]
		if f == nil {
			f = &follower{Loop: l, id: id}
			l.apps[id] = f
		}
		if !f.state.Asleep || sleeping {
			l.follow(ctx, f)
		}
	}
	for id := range l.apps {
		if !present[id] {
			delete(l.apps, id)
		}
	}
}

// wake looks at what is asleep and has a request.
func (l *Loop) wake(ctx context.Context) {
	for _, f := range l.apps {
		if f.state.Asleep && f.asked() {
			l.follow(ctx, f)
		}
	}
}

// follow looks at one app. A panic or a failure hurts no other.
func (l *Loop) follow(ctx context.Context, f *follower) {
	defer func() {
		if p := recover(); p != nil {
			l.Log.Error("scaling panicked", "app", f.id, "panic", p)
			f.after = l.Now().Add(retry)
		}
	}()
	if l.Now().Before(f.after) && !l.Now().Before(f.after.Add(-retry)) { // unless the clock jumped
		return
	}
	if err := f.look(ctx); err != nil && core.ErrorCode(err) != core.ENOTFOUND {
		if core.ErrorCode(err) != core.ECONFLICT {
			f.after = l.Now().Add(retry)
		}
		l.warn(ctx, "scaling is tried again", err, "app", f.id)
	}
}

func (l *Loop) warn(ctx context.Context, what string, err error, kv ...any) {
	if ctx.Err() == nil {
		l.Log.Warn(what, append(kv, "error", err)...)
	}
}

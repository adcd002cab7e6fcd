// Package alert looks at the rules of alerts, remembers what came of it, and tells people.
package alert

import (
	"context"
	"log/slog"
	"time"

	"berth/core"
)

// Options are what a Loop works with.
type Options struct {
	Store    core.Store
	Metrics  core.MetricStore
	Lines    core.LogStore // nil where no lines are kept: rules about them hold nowhere
	Sender   *Sender
	Notifier core.Notifier // tells the pages
	Now      func() time.Time
	Log      *slog.Logger
}

// Loop looks at rules and delivers what there is to tell. Of several processes one does both at a time. Make it with New.
type Loop struct {
	Options
	owner string // of the lead
	looks int
	desk  *desk
}

const (
	leadFor    = 45 * time.Second // without a look, until another process takes over
	tellEvery  = 5 * time.Second
	slowly     = 4                // looks for one at what changes slowly
	groupFor   = 20 * time.Second // that what happens together is told together
	tellWithin = 24 * time.Hour   // what a channel does not take is given up
)

// New makes a Loop.
func New(o Options) *Loop {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return &Loop{Options: o, owner: core.NewID(), desk: newDesk()}
}

// Run looks at the rules every so often, until ctx ends.
func (l *Loop) Run(ctx context.Context) error {
	return l.every(ctx, core.AlertEvery, "alerts cannot be looked at", l.Look)
}

// RunDelivery tells what there is to tell, until ctx ends and with it what is being told. It is a loop of its own: a receiver that is slow keeps nobody
// from looking.
func (l *Loop) RunDelivery(ctx context.Context) error {
	defer l.desk.close()
	return l.every(ctx, tellEvery, "alerts cannot be delivered", l.Deliver)
}

func (l *Loop) every(ctx context.Context, pause time.Duration, what string, do func(context.Context) error) error {
	ctx = core.WithActor(ctx, core.System())
	tick := time.NewTicker(pause)
	defer tick.Stop()
	for failing := false; ; {
		err := do(ctx)
		if err != nil && ctx.Err() == nil && !failing {
			l.Log.Warn(what, "error", err)
		}
		failing = err != nil
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

// leads reports whether this process is the one that looks and tells.
func (l *Loop) leads(ctx context.Context, s core.Store) (bool, error) {
	now := l.Now()
	return s.Alerts().Lead(ctx, l.owner, now, now.Add(leadFor))
}

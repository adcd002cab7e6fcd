package reconcile

import (
	"context"
	"time"

	"berth/core"
)

// guardEvery is how long tenants may be without the rules that keep them apart when somebody has swept these away.
const guardEvery = 2 * time.Second

// guard keeps the rules of a host in force, where its engine needs any. It asks nothing of the engine itself, so it
// goes on while that is away.
func (l *Loop) guard(ctx context.Context, hostID string) {
	tick := time.NewTicker(guardEvery)
	defer tick.Stop()
	failing := false
	for {
		err := l.guardOnce(ctx, hostID)
		if err != nil && !failing && ctx.Err() == nil {
			l.Log.Error("the rules that keep tenants apart are not in force", "host", hostID, "error", err)
		}
		failing = err != nil
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

func (l *Loop) guardOnce(ctx context.Context, hostID string) error {
	engine, err := l.Engines.Engine(hostID)
	if err != nil {
		return err
	}
	if g, ok := engine.(core.Guard); ok {
		return g.Guard(ctx)
	}
	return nil
}

package reconcile

import (
	"context"
	"maps"
	"strconv"
	"time"

	"berth/core"
)

// repairEvery is how often the sums of what tenants use are counted anew.
const repairEvery = time.Minute

// count gives back what an app no longer takes. What is counted is read from what there is, so nothing is lost when
// the process ends between any two steps.
func (l *Loop) count(ctx context.Context, d Desired, o Observed) error {
	use := core.AppUse{App: d.App, Target: d.Target, Live: d.Live, Instances: o.Instances, Plan: core.ServicePlan(l.Catalog, d.App)}
	var err error
	if use.Images, err = l.Store.Versions().Size(ctx, d.App.ID); err != nil {
		return err
	}
	counted, err := l.Store.Usage().Of(ctx, d.App.TenantID, d.App.ID)
	if err != nil || len(counted.Minus(use.Amounts())) == 0 {
		return err
	}
	var grown core.Amounts
	err = l.Store.Transact(ctx, func(tx core.Store) error {
		app, err := tx.Apps().Get(ctx, d.App.ID)
		if err != nil {
			return err
		}
		use, err := core.MeasureApp(ctx, tx, l.Catalog, app)
		if err != nil {
			return err
		}
		before, err := tx.Usage().Set(ctx, app.TenantID, app.ID, use.Amounts(), nil)
		grown = use.Amounts().Minus(before)
		maps.DeleteFunc(grown, func(_ core.Resource, n int64) bool { return n < 0 })
		return err
	})
	if core.ErrorCode(err) == core.ENOTFOUND {
		return nil // deleted meanwhile, and what it used with it
	}
	if err == nil && len(grown) > 0 { // what runs was granted before it ran, so this cannot be
		l.drifted(ctx, d.App.TenantID, d.App.ID, grown)
	}
	if err == nil {
		l.notify(d.App, "quota", "")
	}
	return err
}

// repairLoop counts the sums anew, at the start and every minute, and notes the peaks of the hour.
func (l *Loop) repairLoop(ctx context.Context) {
	tick := time.NewTicker(repairEvery)
	defer tick.Stop()
	for {
		if err := l.repair(ctx); err != nil && ctx.Err() == nil {
			l.Log.Warn("what teams use is to be counted again", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

func (l *Loop) repair(ctx context.Context) error {
	drift, err := l.Store.Usage().Recount(ctx)
	for tenantID, off := range drift {
		l.drifted(ctx, tenantID, tenantID, off)
	}
	if err != nil {
		return err
	}
	return l.Store.Usage().Sample(ctx, time.Now())
}

// Drift returns how often what was counted was not what there is, since the start.
func (l *Loop) Drift() int64 { return l.drift.Load() }

// drifted reports that a count was wrong and has been put right.
func (l *Loop) drifted(ctx context.Context, tenantID, object string, off core.Amounts) {
	l.drift.Add(1)
	l.Log.Error("what a team uses was counted wrong and is put right", "tenant", tenantID, "holder", object, "off", off)
	values := map[string]string{"tenant": tenantID}
	for r, n := range off {
		values[string(r)] = strconv.FormatInt(n, 10)
	}
	err := l.Store.Audit().Append(ctx, core.AuditEntry{ID: core.NewID(), CreatedAt: time.Now(), Action: "quota.drift",
		Object: object, ActorKind: core.ActorSystem, ActorName: core.System().Name, After: values, Outcome: core.AuditDone})
	if err != nil && ctx.Err() == nil {
		l.Log.Error("an audit entry is lost", "action", "quota.drift", "error", err)
	}
}

package reconcile

import (
	"context"
	"strings"
	"time"

	"berth/core"
)

// tenantKey begins the keys under which the queue holds tenants, among those of apps, which have no such character.
const tenantKey = "tenant/"

// tenantLook is how long until a tenant is looked at again that waits for something to go.
const tenantLook = time.Second

func tenantOf(key string) (tenantID string, ok bool) { return strings.CutPrefix(key, tenantKey) }

var _ core.TenantWaker = (*Loop)(nil)

// WakeTenant has a tenant looked at soon, which is of use only when it is to go.
func (l *Loop) WakeTenant(tenantID string) { l.Wake(tenantKey + tenantID) }

// wakeTenants looks at every tenant that is to go: whoever asked for it may have been killed since.
func (l *Loop) wakeTenants(ctx context.Context) {
	ids, err := l.Store.Tenants().Deleting(ctx)
	if err != nil && ctx.Err() == nil {
		l.Log.Warn("cannot look for tenants that are to go", "error", err)
	}
	for _, id := range ids {
		l.WakeTenant(id)
	}
}

// reconcileTenant takes a tenant that is to go a step further and returns when to look again. Each look begins from
// what is there, so it does not matter where the one before was cut off.
func (l *Loop) reconcileTenant(ctx context.Context, id string) (time.Time, error) {
	tenant, err := l.Store.Tenants().Get(ctx, id)
	if core.ErrorCode(err) == core.ENOTFOUND || err == nil && !tenant.Deleting {
		return time.Time{}, nil
	}
	if err != nil {
		return time.Time{}, err
	}
	left, err := l.removeApps(ctx, tenant)
	if err != nil || left {
		return time.Now().Add(tenantLook), err
	}
	if err := l.removeTenantFromHosts(ctx, tenant); err != nil {
		return time.Time{}, err
	}
	err = l.eraseTenant(ctx, tenant)
	if core.ErrorCode(err) == core.ECONFLICT { // an upload is still being put away by the portal, or an app came between
		return time.Now().Add(tenantLook), nil
	}
	return time.Time{}, err
}

// removeApps sees to it that every app of a tenant is to go with its storage, and reports whether any is left.
func (l *Loop) removeApps(ctx context.Context, tenant core.Tenant) (left bool, err error) {
	estate, err := l.Store.Tenants().Estate(ctx, tenant.ID)
	if err != nil || len(estate.Apps) == 0 {
		return false, err
	}
	for _, app := range estate.Apps {
		if app.Deleting && !app.KeepData {
			continue
		}
		app.Deleting, app.KeepData = true, false
		if err := l.Store.Apps().UpdateSpec(ctx, app); err != nil && core.ErrorCode(err) != core.ENOTFOUND {
			return true, err
		}
		l.Wake(app.ID)
	}
	return true, l.tenantStep(ctx, tenant, core.StepApps)
}

// removeTenantFromHosts removes what belongs to no app any more: storage that was once kept, and the network.
func (l *Loop) removeTenantFromHosts(ctx context.Context, tenant core.Tenant) error {
	if err := l.tenantStep(ctx, tenant, core.StepNetwork); err != nil {
		return err
	}
	for _, hostID := range l.HostIDs {
		engine, err := l.Engines.Engine(hostID)
		if err != nil {
			return err
		}
		if err := l.removeOrphans(ctx, hostID); err != nil {
			return err
		}
		volumes, err := engine.TenantVolumes(ctx, tenant.ID)
		if err != nil {
			return err
		}
		for _, name := range volumes {
			if err := engine.RemoveVolume(ctx, name); err != nil {
				return err
			}
		}
		if err := engine.RemoveNetwork(ctx, tenant.ID); err != nil {
			return err
		}
	}
	return nil
}

// tenantStep moves the operation that deletes a tenant on to a step.
func (l *Loop) tenantStep(ctx context.Context, tenant core.Tenant, step string) error {
	return l.moveDeletion(ctx, l.Store, tenant, func(op *core.Operation) bool {
		moved := op.SetStep(step, core.StepRunning, core.Text{}, time.Now())
		moved = moved || op.Status == core.OpPending
		op.Status = core.OpRunning
		return moved
	})
}

// moveDeletion changes the open operation that deletes a tenant, and tells the pages.
func (l *Loop) moveDeletion(ctx context.Context, store core.Store, tenant core.Tenant, change func(*core.Operation) bool) error {
	open, err := store.Operations().OpenOf(ctx, tenant.ID)
	if err != nil {
		return err
	}
	for _, op := range open {
		if op.Kind != core.OpDeleteTenant || !change(&op) {
			continue
		}
		if err := store.Operations().Update(ctx, op); err != nil {
			return err
		}
		l.Notifier.Notify(core.Change{TenantID: tenant.ID, Kind: "operation", ID: op.ID})
	}
	return nil
}

// eraseTenant ends the operation and removes what is recorded of the tenant, both or neither.
func (l *Loop) eraseTenant(ctx context.Context, tenant core.Tenant) error {
	err := l.Store.Transact(ctx, func(tx core.Store) error {
		err := l.moveDeletion(ctx, tx, tenant, func(op *core.Operation) bool {
			now := time.Now()
			op.SetStep(core.StepErased, core.StepSucceeded, core.Text{}, now)
			op.Status, op.EndedAt = core.OpSucceeded, now
			return true
		})
		if err != nil {
			return err
		}
		return tx.Tenants().Delete(ctx, tenant.ID)
	})
	if err == nil {
		l.Log.Info("a tenant is gone", "tenant", tenant.ID)
		l.Notifier.Notify(core.Change{TenantID: tenant.ID, Kind: "tenant"})
	}
	return err
}

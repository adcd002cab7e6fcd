package reconcile

import (
	"context"
	"sync"
	"time"

	"berth/core"
)

// removals are the instances being removed right now: a program may take its time to end, and nothing else of the
// app waits for it.
type removals struct {
	mu      sync.Mutex
	running map[string]bool
	all     sync.WaitGroup
}

func newRemovals() *removals { return &removals{running: map[string]bool{}} }

// begin reports whether the caller is to remove the instance; nobody else does at the same time.
func (r *removals) begin(instanceID string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.running[instanceID] {
		return false
	}
	r.running[instanceID] = true
	return true
}

func (r *removals) end(instanceID string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.running, instanceID)
}

func (r *removals) wait() { r.all.Wait() }

// remove stops and removes an instance in the background and looks at the app again afterwards.
func (l *Loop) remove(ctx context.Context, d Desired, i core.Instance) {
	l.Health.Forget(i.ID)
	l.removals.all.Go(func() {
		err := l.removeNow(ctx, d, i)
		l.removals.end(i.ID)
		if err != nil {
			if ctx.Err() == nil {
				l.Log.Warn("an instance is still to be removed", "app", i.AppID, "instance", i.ID, "error", err)
			}
			l.queue.AddAt(i.AppID, time.Now().Add(time.Second))
			return
		}
		l.notify(d.App, "app", "")
		l.queue.Add(i.AppID)
	})
}

// removeNow takes an instance away: out of the registry, off the host, and only then its row and port.
func (l *Loop) removeNow(ctx context.Context, d Desired, i core.Instance) error {
	published := i.State == core.InstanceReady
	if err := l.setState(ctx, i, core.InstanceStopping); err != nil {
		if core.ErrorCode(err) == core.ENOTFOUND {
			return nil // removed by the plan before
		}
		return err
	}
	if published {
		if err := l.Discovery.SyncApp(ctx, i.AppID); err != nil {
			return err
		}
	}
	engine, err := l.Engines.Engine(i.HostID)
	if err != nil {
		return err
	}
	if i.ContainerID != "" {
		if err := engine.Stop(ctx, i.ContainerID, stopGrace); err != nil {
			return err
		}
		if l.Kept != nil {
			l.Kept.AwaitRead(ctx, i)
		}
		if err := engine.Remove(ctx, i.ContainerID); err != nil {
			return err
		}
	}
	return l.Store.Instances().Delete(ctx, i.ID)
}

// LogKeeper keeps what instances write.
type LogKeeper interface {
	// AwaitRead waits a few seconds at most until the log of an instance whose container has ended is kept, and says if
	// some of it is lost.
	AwaitRead(ctx context.Context, i core.Instance)
	// Forget removes what an app wrote.
	Forget(ctx context.Context, tenantID, appID string) error
}

// removeOrphans removes containers of Berth that no instance stands for. Containers are listed before rows, so that
// one that is just being made is never taken for an orphan.
func (l *Loop) removeOrphans(ctx context.Context, hostID string) error {
	engine, err := l.Engines.Engine(hostID)
	if err != nil {
		return err
	}
	containers, err := engine.List(ctx)
	if err != nil || len(containers) == 0 {
		return err
	}
	instances, err := l.Store.Instances().List(ctx, "")
	if err != nil {
		return err
	}
	known := map[string]core.Instance{}
	for _, i := range instances {
		known[i.ID] = i
	}
	for _, c := range containers {
		i, ok := known[c.Instance]
		if ok && (i.ContainerID == c.ID || i.ContainerID == "") {
			continue
		}
		l.Log.Warn("a container without an instance is removed", "host", hostID, "container", c.ID, "instance", c.Instance, "app", c.AppID)
		if err := engine.Remove(ctx, c.ID); err != nil {
			return err
		}
	}
	return nil
}

// removeApp takes away what an app leaves behind when no instance is left, and then the app.
func (l *Loop) removeApp(ctx context.Context, d Desired) error {
	if err := l.removeFromHosts(ctx, d); err != nil {
		return err
	}
	if err := l.Images.DeleteRepository(ctx, d.App.ID); err != nil {
		return err
	}
	if l.Metrics != nil {
		if err := l.Metrics.Forget(ctx, d.App.ID); err != nil {
			return err
		}
	}
	if err := l.deleteRow(ctx, d); err != nil {
		return err
	}
	if l.Kept != nil {
		if err := l.Kept.Forget(ctx, d.App.TenantID, d.App.ID); err != nil { // nobody can read it any more, and it goes in time
			l.Log.Warn("what an app wrote is still kept", "app", d.App.ID, "error", err)
		}
	}
	l.notify(d.App, "app", "")
	l.WakeTenant(d.App.TenantID)
	return l.removeNetwork(ctx, d.App.TenantID)
}

// deleteRow deletes the app and ends what deletes it, so that whoever reads that it is done finds it gone.
func (l *Loop) deleteRow(ctx context.Context, d Desired) error {
	l.operations.Lock()
	defer l.operations.Unlock()
	ops, err := l.openOperations(ctx, d)
	if err != nil {
		return err
	}
	now := time.Now()
	err = l.Store.Transact(ctx, func(tx core.Store) error {
		for _, op := range ops {
			succeed(&op, now)
			if err := tx.Operations().Update(ctx, op); err != nil {
				return err
			}
		}
		return tx.Apps().Delete(ctx, d.App.ID)
	})
	if err != nil {
		return err
	}
	for _, op := range ops {
		l.notify(d.App, "operation", op.ID)
	}
	return nil
}

func (l *Loop) removeFromHosts(ctx context.Context, d Desired) error {
	app := d.App
	versions, err := l.Store.Versions().List(ctx, app.ID)
	if err != nil {
		return err
	}
	for _, id := range l.HostIDs {
		engine, err := l.Engines.Engine(id)
		if err != nil {
			return err
		}
		for _, v := range versions {
			if err := engine.RemoveImage(ctx, core.ImageRef{Repository: app.ID, Digest: v.Digest}); err != nil {
				return err
			}
		}
		if err := removeVolumes(ctx, engine, d); err != nil {
			return err
		}
	}
	return nil
}

// removeVolumes removes an app's own storage, unless it is to be kept. What an earlier app of the same name left
// behind on purpose is not its own.
func removeVolumes(ctx context.Context, engine core.Engine, d Desired) error {
	if d.App.KeepData {
		return nil
	}
	for _, r := range []core.Release{d.Target, d.Live} {
		if v := r.Spec.Volume; v != nil {
			if err := engine.RemoveVolume(ctx, v.Name); err != nil {
				return err
			}
		}
	}
	return nil
}

// removeNetwork removes a tenant's network when its last app is gone. One that is made again meanwhile is made
// again by EnsureNetwork; one that cannot be removed now is found by removeLeftNetworks.
func (l *Loop) removeNetwork(ctx context.Context, tenantID string) error {
	for _, id := range l.HostIDs {
		engine, err := l.Engines.Engine(id)
		if err != nil {
			return err
		}
		if err := l.removeUnused(ctx, engine, tenantID); err != nil {
			l.Log.Warn("a tenant's network is still to be removed", "tenant", tenantID, "error", err)
		}
	}
	return nil
}

func (l *Loop) removeUnused(ctx context.Context, engine core.Engine, tenantID string) error {
	apps, _, err := l.Store.Apps().List(ctx, core.AppFilter{TenantID: tenantID, Limit: 1})
	if err != nil || len(apps) > 0 {
		return err
	}
	return engine.RemoveNetwork(ctx, tenantID)
}

// removeLeftNetworks removes the networks of tenants that have no app, or are gone themselves: an engine that was away
// kept them.
func (l *Loop) removeLeftNetworks(ctx context.Context, hostID string) error {
	engine, err := l.Engines.Engine(hostID)
	if err != nil {
		return err
	}
	lister, ok := engine.(core.NetworkLister)
	if !ok {
		return nil
	}
	tenants, err := lister.TenantNetworks(ctx)
	for _, id := range tenants {
		if e := l.removeUnused(ctx, engine, id); e != nil {
			err = e
		}
	}
	return err
}

package reconcile

import (
	"context"
	"net"
	"slices"
	"time"

	"berth/core"
	"berth/worker/schedule"
)

// place chooses a host, takes a port of it and records the instance, in one transaction.
func (l *Loop) place(ctx context.Context, d Desired, a Action) error {
	var placed core.Instance
	overtaken := false
	err := l.Store.Transact(ctx, func(tx core.Store) error {
		app, err := tx.Apps().Get(ctx, d.App.ID)
		if err != nil {
			return err
		}
		if overtaken = app.Revision != d.App.Revision; overtaken { // its quota may be another one's by now
			return nil
		}
		placed, err = l.placeIn(ctx, tx, d, a, core.Instance{})
		return err
	})
	if err != nil && a.Release.Number != d.Target.Number {
		return err // the one that serves has no room to grow, which is no fault of the one on its way
	}
	if err != nil {
		return l.giveUp(ctx, d, core.Instance{}, err)
	}
	if overtaken {
		l.queue.Add(d.App.ID)
		return nil
	}
	return l.step(ctx, d, core.StepPlaced, core.StepSucceeded, placed.Placement)
}

// placeIn records a new instance of the target of a, which takes over from what base says.
func (l *Loop) placeIn(ctx context.Context, tx core.Store, d Desired, a Action, base core.Instance) (core.Instance, error) {
	choice, err := l.choose(ctx, tx, d, a)
	if err != nil {
		return base, err
	}
	i := base
	i.ID, i.AppID, i.TenantID = core.NewInstanceID(), d.App.ID, d.App.TenantID
	i.VersionID, i.Label, i.Digest = a.Target.VersionID, a.Target.Label, a.Target.Digest
	i.Release, i.Template = a.Release.Number, a.Release.Spec.Template(a.Target, d.App.Restart)
	i.Memory, i.CPU = a.Release.Spec.Memory, a.Release.Spec.CPU
	i.HostID, i.Placement = choice.Host.ID, choice.Why
	i.State, i.CreatedAt = core.InstancePlaced, time.Now()
	if i.HostPort, err = tx.Hosts().TakePort(ctx, i.HostID, i.ID); err != nil {
		return i, err
	}
	i.Address = net.JoinHostPort(choice.Host.Address, itoa(i.HostPort))
	return i, tx.Instances().Create(ctx, i)
}

func (l *Loop) choose(ctx context.Context, tx core.Store, d Desired, a Action) (schedule.Choice, error) {
	hosts, err := tx.Hosts().List(ctx)
	if err != nil {
		return schedule.Choice{}, err
	}
	use, err := tx.Hosts().Use(ctx)
	if err != nil {
		return schedule.Choice{}, err
	}
	version, err := tx.Versions().Get(ctx, a.Target.VersionID)
	if err != nil {
		return schedule.Choice{}, err
	}
	peers := map[string]int{}
	instances, err := tx.Instances().List(ctx, d.App.ID)
	for _, i := range instances {
		peers[i.HostID]++
	}
	if err != nil {
		return schedule.Choice{}, err
	}
	r := schedule.Request{Memory: a.Release.Spec.Memory, CPU: a.Release.Spec.CPU, Arch: version.Detected.Arch, Peers: peers}
	if v := a.Release.Spec.Volume; v != nil {
		r.Pinned = l.volumeHost(ctx, d.App.ID, v.Name)
	}
	return schedule.Choose(hosts, use, r)
}

// volumeHost returns the host that holds a volume of an app; "" when there is none yet.
func (l *Loop) volumeHost(ctx context.Context, appID, name string) string {
	for _, id := range l.HostIDs {
		engine, err := l.Engines.Engine(id)
		if err != nil {
			continue
		}
		if names, err := engine.Volumes(ctx, appID); err == nil && slices.Contains(names, name) {
			return id
		}
	}
	return ""
}

// create makes an instance's container and starts it.
func (l *Loop) create(ctx context.Context, d Desired, a Action) error {
	i := a.Instance
	engine, err := l.Engines.Engine(i.HostID)
	if err != nil {
		return err
	}
	r, err := l.releaseOf(ctx, d, i)
	if err != nil {
		return err
	}
	if err := l.prepare(ctx, engine, d, i, r); err != nil {
		return l.giveUp(ctx, d, i, err)
	}
	spec, err := l.containerSpec(ctx, d.App, i, r)
	if err != nil {
		return l.giveUp(ctx, d, i, err)
	}
	i.ContainerID, err = engine.Create(ctx, spec)
	if core.ErrorCode(err) == core.ECONFLICT {
		return l.otherPort(ctx, i)
	}
	if err != nil {
		return l.giveUp(ctx, d, i, err)
	}
	i.State = core.InstanceCreated
	if err := l.Store.Instances().Update(ctx, i); err != nil {
		return err
	}
	if err := l.step(ctx, d, core.StepStarted, core.StepRunning, core.Text{}); err != nil {
		return err
	}
	return l.start(ctx, d, i)
}

// prepare has the tenant's network, the storage and the image on the host, and does not wait for the one to begin with
// the other.
func (l *Loop) prepare(ctx context.Context, engine core.Engine, d Desired, i core.Instance, r core.Release) error {
	if err := l.step(ctx, d, core.StepFetched, core.StepRunning, core.Text{}); err != nil {
		return err
	}
	fetched := make(chan error, 1)
	go func() { fetched <- engine.Fetch(ctx, core.ImageRef{Repository: i.AppID, Digest: i.Digest}) }()
	err := ensurePlace(ctx, engine, i, r)
	if fetchErr := <-fetched; err == nil {
		err = fetchErr
	}
	if err != nil {
		return err
	}
	return l.step(ctx, d, core.StepFetched, core.StepSucceeded, core.Text{})
}

func ensurePlace(ctx context.Context, engine core.Engine, i core.Instance, r core.Release) error {
	err := engine.EnsureNetwork(ctx, i.TenantID)
	if v := r.Spec.Volume; v != nil && err == nil {
		err = engine.EnsureVolume(ctx, v.Name, i.TenantID, i.AppID)
	}
	return err
}

// releaseOf returns the release that an instance is made from: of those in view, the one with its template.
func (l *Loop) releaseOf(ctx context.Context, d Desired, i core.Instance) (core.Release, error) {
	for _, r := range []core.Release{d.Target, d.Live} {
		if r.Number == i.Release {
			return r, nil
		}
	}
	return l.Store.Releases().Get(ctx, i.AppID, i.Release)
}

func (l *Loop) containerSpec(ctx context.Context, app core.App, i core.Instance, r core.Release) (core.ContainerSpec, error) {
	recipe, err := l.recipeOf(ctx, app, r.Spec)
	if err != nil {
		return core.ContainerSpec{}, err
	}
	return core.ContainerSpec{
		Check:    ownCheck(r.Spec.Health),
		TenantID: i.TenantID, AppID: i.AppID, Version: i.Label, Release: i.Release, Instance: i.ID,
		Image:   core.ImageRef{Repository: i.AppID, Digest: i.Digest},
		Command: recipe.command, Env: containerEnv(recipe.env), User: recipe.user,
		Memory: r.Spec.Memory, CPU: r.Spec.CPU, Port: r.Spec.Port, HostPort: i.HostPort,
		Volume: r.Spec.Volume, Capabilities: recipe.capabilities,
	}, nil
}

// ownCheck says when the engine asks the image's own check; nil when nobody wants to know.
func ownCheck(h core.HealthCheck) *core.OwnCheckTimes {
	if !h.AsksImage() {
		return nil
	}
	h = h.WithDefaults()
	return &core.OwnCheckTimes{Interval: time.Duration(h.Interval), Timeout: time.Duration(h.Timeout), Failures: h.Failures}
}

func (l *Loop) start(ctx context.Context, d Desired, i core.Instance) error {
	engine, err := l.Engines.Engine(i.HostID)
	if err != nil {
		return err
	}
	err = engine.Start(ctx, i.ContainerID)
	switch core.ErrorCode(err) {
	case "":
	case core.ECONFLICT:
		return l.otherPort(ctx, i)
	case core.EINVALID:
		return l.noteCrash(ctx, d, i, core.ErrorMessage(err), d.checkOf(i).Policy == core.PolicyStop)
	default:
		return l.giveUp(ctx, d, i, err)
	}
	i.State, i.StartedAt, i.ReadyAt = core.InstanceStarting, time.Now(), time.Time{}
	if err := l.Store.Instances().Update(ctx, i); err != nil {
		return err
	}
	l.Health.Watch(i, d.checkOf(i))
	return l.step(ctx, d, core.StepAnswering, core.StepRunning, core.Text{})
}

// otherPort gives an instance up because something that is not Berth's has taken its port. The next plan places
// another, which gets the next port of the pool.
func (l *Loop) otherPort(ctx context.Context, i core.Instance) error {
	engine, err := l.Engines.Engine(i.HostID)
	if err != nil {
		return err
	}
	if i.ContainerID != "" {
		if err := engine.Remove(ctx, i.ContainerID); err != nil {
			return err
		}
	}
	l.Log.Warn("a port of the pool is taken by something else", "host", i.HostID, "port", i.HostPort)
	return l.Store.Instances().Delete(ctx, i.ID)
}

// giveUp fails the release on its way when err will not pass by itself. What may pass is returned and tried again.
func (l *Loop) giveUp(ctx context.Context, d Desired, i core.Instance, err error) error {
	passing := map[core.Code]bool{core.EUNAVAILABLE: true, core.EUNREACHABLE: true, core.EINTERNAL: true, core.EUNAUTHORIZED: true}
	if d.Target.Status != core.ReleasePending || passing[core.ErrorCode(err)] || ctx.Err() != nil {
		return err
	}
	l.Log.Warn("a release cannot be carried out", "app", d.App.ID, "release", d.Target.Number, "error", err)
	return l.failRelease(ctx, d, d.Target, i, core.ErrorMessage(err))
}

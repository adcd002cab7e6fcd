package autoscale

import (
	"context"
	"maps"
	"time"

	"berth/core"
	"berth/core/scale"
)

// follower follows one app.
type follower struct {
	*Loop
	id       string
	release  core.Release // that is to run
	state    scale.State
	counts   counts
	measured measured
	shown    core.ScaleStatus // as it was written last
	after    time.Time        // not before
}

// subject is an app as it was read for one look.
type subject struct {
	app       core.App
	release   core.Release // that is to run, as many as are in force
	serving   core.Release
	instances []core.Instance // of the release that serves, those that answer
	missing   int             // how many do not
}

// look measures, decides, and carries it out.
func (f *follower) look(ctx context.Context) error {
	s, err := f.read(ctx)
	if err != nil || !s.release.Spec.Scaling.On() {
		return err
	}
	now, policy := f.Now(), s.release.Spec.Scaling
	if f.state.Replicas != s.release.Spec.Replicas || f.shown.Release != s.release.Number {
		f.begin(ctx, s)
	}
	gateways := f.Traffic.Gateways()
	f.counts.take(now, f.Traffic.App(f.id), gateways, f.Traffic.Gateways())
	f.measured.take(now, f.Metrics, f.id, s.instances, s.serving.Spec)
	load, err := f.load(ctx, s, gateways, now)
	if err != nil {
		return err
	}
	d := scale.Decide(policy, f.state, load, now, scale.Unlimited)
	if d.Replicas > f.state.Replicas {
		room, err := f.room(ctx, s, d.Replicas)
		if err != nil {
			return err
		}
		d = scale.Decide(policy, f.state, load, now, room)
	}
	return f.carryOut(ctx, s, d, now)
}

// begin forgets what was remembered of another release, or of another number than the one in force.
func (f *follower) begin(ctx context.Context, s subject) {
	f.state = scale.State{Replicas: s.release.Spec.Replicas, Asleep: s.release.Spec.Replicas == 0}
	f.counts.asked = 0
	known := f.shown
	if known.AppID == "" {
		known, _ = f.Store.Scalings().Get(ctx, f.id) // without it, what rules did before is not shown
	}
	f.shown = core.ScaleStatus{AppID: f.id, TenantID: s.app.TenantID, Release: s.release.Number, Acted: known.Acted}
}

// read reads what is to run of the app and what does.
func (f *follower) read(ctx context.Context) (s subject, err error) {
	if s.app, err = f.Store.Apps().Get(ctx, f.id); err != nil || s.app.Stopped || s.app.Deleting || s.app.Release == 0 {
		return s, err
	}
	target, err := f.target(ctx, s.app)
	if err != nil {
		return s, err
	}
	s.release = s.app.Sized(target)
	s.serving = target
	if s.app.Serving != target.Number && s.app.Serving > 0 {
		if s.serving, err = f.Store.Releases().Get(ctx, f.id, s.app.Serving); err != nil {
			return s, err
		}
	}
	instances, err := f.Store.Instances().List(ctx, f.id)
	if err != nil {
		return s, err
	}
	templates := map[string]bool{}
	for _, t := range s.serving.Spec.Targets {
		templates[s.serving.Spec.Template(t, s.app.Restart)] = true
	}
	for _, n := range s.release.Spec.Instances() {
		s.missing += n
	}
	for _, i := range instances {
		if i.State == core.InstanceReady && templates[i.Template] {
			s.instances = append(s.instances, i)
		}
	}
	s.missing = max(0, s.missing-len(s.instances))
	return s, nil
}

// target returns the release that is to run: the one before when the newest has failed. One that is live is not read
// again.
func (f *follower) target(ctx context.Context, app core.App) (core.Release, error) {
	if f.release.Number == app.Release && f.release.Status == core.ReleaseLive {
		return f.release, nil
	}
	r, err := f.Store.Releases().Get(ctx, f.id, app.Release)
	if err == nil && r.Status == core.ReleaseFailed {
		r, err = f.Store.Releases().Live(ctx, f.id, app.Release)
	}
	f.release = r
	return r, err
}

func (f *follower) load(ctx context.Context, s subject, gateways []core.GatewayState, now time.Time) (scale.Load, error) {
	policy, n := s.release.Spec.Scaling, s.release.Spec.Replicas
	l := scale.Load{Ready: min(max(n-s.missing, 0), n), Busy: s.release.Status == core.ReleasePending || s.app.Serving != s.release.Number,
		Active: f.counts.active(), Requests: f.counts.rate(now, core.DefaultScaleWindow)}
	for _, g := range gateways {
		l.Unsure = l.Unsure || g.Away
	}
	for _, r := range policy.Rules {
		l.Values = append(l.Values, f.value(r, len(s.instances), now))
	}
	if policy.Idle > 0 {
		ports, err := f.Store.TCPPorts().List(ctx, f.id)
		if err != nil {
			return l, err
		}
		l.Awake = len(ports) > 0 || len(s.release.Spec.Targets) > 1 // a port's connections are no requests; a trial wants instances
	}
	return l, nil
}

func (f *follower) value(r core.ScaleRule, instances int, now time.Time) scale.Value {
	if r.Metric.Measured() {
		return f.measured.mean(r.Metric, instances, now, r.Over())
	}
	v := f.counts.value(r.Metric, now, r.Over())
	if r.Metric.Divides() {
		v.Known = v.Known && instances > 0
		v.V /= float64(max(instances, 1))
	}
	return v
}

// asked reports whether a request came since the app fell asleep.
func (f *follower) asked() bool {
	c := f.Traffic.App(f.id).Total
	return c.Active > 0 || f.counts.asked > 0 && c.Requests > f.counts.asked
}

// carryOut makes what was decided the number in force, and shows why it is what it is.
func (f *follower) carryOut(ctx context.Context, s subject, d scale.Decision, now time.Time) error {
	from := f.state.Replicas
	status := core.ScaleStatus{AppID: f.id, TenantID: s.app.TenantID, Release: s.release.Number, Replicas: d.Replicas, Wanted: d.Wanted, Asleep: d.Asleep,
		Why: d.Why, Limit: d.Limit, Acted: f.shown.Acted, At: now}
	if d.Rule >= 0 {
		status.Rule = s.release.Spec.Scaling.Rules[d.Rule].String()
	}
	if d.Replicas == from {
		f.state = d.Next
		return f.show(ctx, status)
	}
	if status.Rule != "" {
		status.Acted = maps.Clone(status.Acted)
		if status.Acted == nil {
			status.Acted = map[string]core.ScaleMove{}
		}
		status.Acted[status.Rule] = core.ScaleMove{From: from, To: d.Replicas, At: now}
	}
	if err := f.Scaler.ApplyScaling(ctx, s.app, from, status); err != nil {
		return err
	}
	f.Log.Info("scaled", "app", f.id, "from", from, "to", d.Replicas, "why", d.Why.String())
	f.state, f.shown = d.Next, status
	if d.Asleep {
		f.counts.asked = f.Traffic.App(f.id).Total.Requests
	}
	return nil
}

// show writes a status that says something new, and from time to time one that differs in its figures only. That the
// room has run out is an event, once until there is room again.
func (f *follower) show(ctx context.Context, status core.ScaleStatus) error {
	was := f.shown
	same := was.Replicas == status.Replicas && was.Wanted == status.Wanted && was.Why.Key == status.Why.Key && was.Limit.Key == status.Limit.Key
	if same && (was.Why.String() == status.Why.String() || status.At.Sub(was.At).Abs() < showEvery) {
		return nil
	}
	if err := f.Store.Scalings().Put(ctx, status); err != nil {
		return err
	}
	f.shown = status
	f.Notifier.Notify(core.Change{TenantID: status.TenantID, AppID: f.id, Kind: "scaling"})
	if status.Limit.IsZero() || !was.Limit.IsZero() {
		return nil
	}
	e := core.NewEvent(core.App{ID: f.id, TenantID: status.TenantID}, core.LevelWarning, "scaling_blocked")
	e.Cause = status.Limit
	if err := f.Store.Events().Create(ctx, e); err != nil {
		return err
	}
	f.Notifier.Notify(core.Change{TenantID: status.TenantID, AppID: f.id, Kind: "event", ID: e.ID})
	return nil
}

package service

import (
	"cmp"
	"context"
	"slices"
	"time"

	"berth/core"
)

const (
	stableAndDrained = 5 * time.Second // until a release counts as online, and the instances before it are gone
	pastSwitches     = 5               // that are looked at to say how long the next takes
)

// CheckRelease says what a release of an app would take, and changes nothing. What is wrong with it otherwise is
// an error as Release has it. Errors: as Release.
func (s *Service) CheckRelease(ctx context.Context, appID string, in core.NewRelease) (core.QuotaCheck, error) {
	app, err := changeable(ctx, s.store, appID)
	if err != nil {
		return core.QuotaCheck{}, err
	}
	if in, err = hashed(in); err != nil {
		return core.QuotaCheck{}, err
	}
	return s.checkSpec(ctx, app, func(before core.ReleaseSpec) (core.ReleaseSpec, error) {
		m := merger{ctx: ctx, tx: s.store, app: app, first: app.Release == 0, spec: before}
		return m.merge(in)
	})
}

// checkSpec says what a release of an app would take; make makes it of what runs now.
func (s *Service) checkSpec(ctx context.Context, app core.App, make func(before core.ReleaseSpec) (core.ReleaseSpec, error)) (core.QuotaCheck, error) {
	use, err := core.MeasureApp(ctx, s.store, s.entries, app)
	if err != nil {
		return core.QuotaCheck{}, err
	}
	spec, err := make(use.Target.Spec)
	if err != nil {
		return core.QuotaCheck{}, err
	}
	running := len(use.Instances) > 0
	use.App.Stopped = false
	use.App.Release++
	rescale(&use.App, use.Target.Spec, spec)
	use.Target = use.App.Sized(core.Release{Number: use.App.Release, Status: core.ReleasePending, Spec: spec})
	check, err := s.check(ctx, use)
	if err == nil && running {
		check.Switch, err = s.switchTime(ctx, app, spec)
	}
	return check, err
}

// CheckApp says what an app, or a service of the catalogue, would take once it runs, and changes nothing.
// Errors: EUNAUTHORIZED, ENOTFOUND, EFORBIDDEN, EINVALID at "service" and "plan".
func (s *Service) CheckApp(ctx context.Context, in core.NewApp) (core.QuotaCheck, error) {
	if err := s.authorize(ctx, core.ActDeploy, in.TenantID); err != nil {
		return core.QuotaCheck{}, err
	}
	use := core.AppUse{App: core.App{TenantID: in.TenantID, Plan: in.Plan, State: core.AppDeploying}}
	if in.Service != "" {
		entry, err := s.entries.Entry(in.Service)
		if err != nil {
			return core.QuotaCheck{}, core.Invalid("service", "error.catalog_entry_unknown", "entry", in.Service)
		}
		if use.Plan, err = entry.Plan(in.Plan); err != nil {
			return core.QuotaCheck{}, err
		}
		use.App.Service = &core.ServiceSpec{Entry: entry.Name}
		return s.check(ctx, use)
	}
	at := slices.IndexFunc(core.AppPlans, func(p core.Plan) bool { return p.Name == cmp.Or(in.Plan, core.AppPlans[0].Name) })
	if at < 0 {
		return core.QuotaCheck{}, core.Invalid("plan", "error.plan_unknown", "plan", in.Plan)
	}
	plan := core.AppPlans[at]
	use.App.Release = 1
	use.Target = core.Release{Number: 1, Status: core.ReleasePending, Spec: core.ReleaseSpec{Replicas: 1, Memory: plan.Memory,
		CPU: plan.CPU, Targets: []core.Target{{Weight: 100}}}}
	return s.check(ctx, use)
}

// check compares what an app would take with what is left.
func (s *Service) check(ctx context.Context, use core.AppUse) (c core.QuotaCheck, err error) {
	app := use.App
	if c.Limits, err = tenantLimits(ctx, s.store, app.TenantID); err != nil {
		return c, err
	}
	if c.Used, err = s.store.Usage().Sum(ctx, app.TenantID); err != nil {
		return c, err
	}
	if app.ID != "" {
		if c.Now, err = s.store.Usage().Of(ctx, app.TenantID, app.ID); err != nil {
			return c, err
		}
	}
	c.Peak, c.After = use.Amounts(), use.Steady()
	more := c.Peak.Minus(c.Now)
	for _, r := range core.Resources {
		left, limited := c.Used.Left(c.Limits, r)
		if !limited || more[r] <= left || more[r] <= 0 {
			continue
		}
		b := core.QuotaBlock{QuotaError: core.QuotaError{Resource: r, Needs: more[r], Left: left, Limit: c.Limits[r]}}
		if b.Biggest, err = biggestUser(ctx, s.store, app.TenantID, app.ID, r); err != nil {
			return c, err
		}
		b.Text = quotaText(b)
		c.Blocks = append(c.Blocks, b)
	}
	c.Budget = overBudget(app, c.After, c.Now)
	return c, nil
}

// switchTime is how long the last switches of an app took or, when there are none, what its health check allows to
// expect.
func (s *Service) switchTime(ctx context.Context, app core.App, spec core.ReleaseSpec) (time.Duration, error) {
	operations, err := s.store.Operations().List(ctx, app.ID, 20)
	if err != nil {
		return 0, err
	}
	var sum time.Duration
	n := time.Duration(0)
	for _, op := range operations {
		if op.Kind == core.OpDeploy && op.Status == core.OpSucceeded && n < pastSwitches {
			sum += op.EndedAt.Sub(op.CreatedAt)
			n++
		}
	}
	if n > 0 {
		return (sum/n + stableAndDrained).Round(time.Second), nil
	}
	health := spec.Health.WithDefaults()
	return 2*time.Duration(health.Interval) + stableAndDrained, nil
}

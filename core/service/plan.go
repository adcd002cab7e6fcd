package service

import (
	"context"

	"berth/core"
)

// Plans returns all plans by name, and how many tenants have each. Errors: EUNAUTHORIZED, EFORBIDDEN.
func (s *Service) Plans(ctx context.Context) ([]core.QuotaPlan, map[string]int, error) {
	if err := core.ActorFrom(ctx).Authorize(core.ActOperate, ""); err != nil {
		return nil, nil, err
	}
	return s.store.Plans().List(ctx)
}

// PutPlan adds a plan, or changes its limits, which its tenants have from then on: nothing that runs is stopped.
// Errors: EUNAUTHORIZED, EFORBIDDEN, EINVALID at "name" and the resources, ECONFLICT at "name" for a new one that
// exists, and for the one without limits.
func (s *Service) PutPlan(ctx context.Context, name string, quota core.Amounts, isNew bool) (core.QuotaPlan, error) {
	plan := core.QuotaPlan{Name: name, Quota: quota, CreatedAt: s.now()}
	note := about("", "plan.put")
	return plan, s.audited(ctx, note, func(tx core.Store) error {
		if err := core.ActorFrom(ctx).Authorize(core.ActOperate, ""); err != nil {
			return err
		}
		var f core.Faults
		f.Merge("", core.ValidateSlug("name", name))
		f.Merge("", quota.Validate())
		if err := f.Err(); err != nil {
			return err
		}
		old, err := tx.Plans().Get(ctx, name)
		switch {
		case err == nil && isNew:
			return core.Conflict("name", "error.plan_taken", "name", name)
		case name == core.UnlimitedPlan:
			return core.Conflict("name", "error.plan_fixed", "name", name)
		case core.ErrorCode(err) == core.ENOTFOUND && isNew:
		case err != nil:
			return err
		}
		note.Object, note.Before, note.After = name, amountTexts(old.Quota), amountTexts(quota)
		return tx.Plans().Put(ctx, plan)
	})
}

// DeletePlan removes a plan that no tenant has. Errors: EUNAUTHORIZED, EFORBIDDEN, ENOTFOUND, ECONFLICT when one has
// it, when new tenants get it, and for the one without limits.
func (s *Service) DeletePlan(ctx context.Context, name string) error {
	note := about("", "plan.delete")
	return s.audited(ctx, note, func(tx core.Store) error {
		if err := core.ActorFrom(ctx).Authorize(core.ActOperate, ""); err != nil {
			return err
		}
		old, err := tx.Plans().Get(ctx, name)
		if err != nil {
			return err
		}
		if s.KeepsPlan(name) {
			return core.Errorf(core.ECONFLICT, "error.plan_kept", "name", name)
		}
		note.Object, note.Before = name, amountTexts(old.Quota)
		return tx.Plans().Delete(ctx, name)
	})
}

// KeepsPlan reports whether a plan cannot be deleted: the one without limits, and those that new tenants get.
func (s *Service) KeepsPlan(name string) bool {
	return name == core.UnlimitedPlan || name == s.defaultPlan || s.registration && name == s.registrationPlan
}

// DefaultPlan is the plan of tenants that are made without naming one.
func (s *Service) DefaultPlan() string { return s.defaultPlan }

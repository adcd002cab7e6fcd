package service

import (
	"cmp"
	"context"
	"slices"
	"time"

	"berth/core"
)

// Quota returns what a tenant may use and uses, by app. Errors: EUNAUTHORIZED, ENOTFOUND, EFORBIDDEN.
func (s *Service) Quota(ctx context.Context, tenantID string) (v core.QuotaView, err error) {
	if v.Tenant, err = tenantFor(ctx, s.store, tenantID, core.ActMembers); err != nil {
		return v, err
	}
	v.Plan = core.QuotaPlan{Name: cmp.Or(v.Tenant.Plan, core.UnlimitedPlan)}
	if v.Plan, err = s.store.Plans().Get(ctx, v.Plan.Name); err != nil && core.ErrorCode(err) != core.ENOTFOUND {
		return v, err
	}
	v.Limits = v.Tenant.Limits(v.Plan)
	if v.Used, err = s.store.Usage().Sum(ctx, tenantID); err != nil {
		return v, err
	}
	if v.Requests, err = s.store.QuotaRequests().List(ctx, tenantID); err != nil {
		return v, err
	}
	if v.Apps, err = s.appUsages(ctx, tenantID); err != nil {
		return v, err
	}
	v.Surge = core.Amounts{}
	for _, a := range v.Apps {
		v.Surge = v.Surge.Plus(a.Uses.Minus(a.Steady))
	}
	return v, nil
}

// appUsages returns the apps of a tenant, those that use the most memory first. Only of those on their way it is
// asked what stays, so that the number of queries does not grow with the number of apps.
func (s *Service) appUsages(ctx context.Context, tenantID string) ([]core.AppUsage, error) {
	holders, err := s.store.Usage().Holders(ctx, tenantID)
	if err != nil {
		return nil, err
	}
	var usages []core.AppUsage
	for cursor := ""; ; {
		apps, next, err := s.store.Apps().List(ctx, core.AppFilter{TenantID: tenantID, Cursor: cursor, Limit: 100})
		if err != nil {
			return nil, err
		}
		for _, a := range apps {
			u := core.AppUsage{App: a, Uses: holders[a.ID], Steady: holders[a.ID]}
			if a.State == core.AppSwitching || a.State == core.AppStopping || a.State == core.AppDeleting {
				if u.Steady, err = s.steady(ctx, a, u.Uses); err != nil {
					return nil, err
				}
			}
			usages = append(usages, u)
		}
		if cursor = next; next == "" {
			break
		}
	}
	slices.SortStableFunc(usages, func(a, b core.AppUsage) int {
		return cmp.Compare(b.Uses[core.ResourceMemory], a.Uses[core.ResourceMemory])
	})
	return usages, nil
}

// steady is what an app that uses so much keeps when its switch is over.
func (s *Service) steady(ctx context.Context, app core.App, uses core.Amounts) (core.Amounts, error) {
	use, err := core.MeasureApp(ctx, s.store, s.entries, app)
	if err != nil {
		return nil, err
	}
	kept, stays := core.Amounts{}, use.Steady()
	for r, n := range uses {
		kept[r] = n
		if r == core.ResourceMemory || r == core.ResourceCPU || r == core.ResourceInstances {
			kept[r] = min(n, stays[r])
		}
	}
	return kept, nil
}

// QuotaSamples returns what a tenant used at most in each hour since from. Errors: EUNAUTHORIZED, ENOTFOUND,
// EFORBIDDEN.
func (s *Service) QuotaSamples(ctx context.Context, tenantID string, from time.Time) ([]core.UsageSample, error) {
	if _, err := tenantFor(ctx, s.store, tenantID, core.ActMembers); err != nil {
		return nil, err
	}
	return s.store.Usage().Samples(ctx, tenantID, from)
}

// budgeted are the resources that an app can have a budget of.
var budgeted = []core.Resource{core.ResourceMemory, core.ResourceCPU, core.ResourceInstances}

// SetBudget bounds what an app takes of its tenant's quota; what is absent is not bounded. It stops nothing that runs.
// Errors: EUNAUTHORIZED, ENOTFOUND, EFORBIDDEN, EINVALID, ECONFLICT when the app is being deleted.
func (s *Service) SetBudget(ctx context.Context, appID string, budget core.Amounts) error {
	note := &core.AuditEntry{Action: "quota.budget", AppID: appID}
	var app core.App
	err := s.audited(ctx, note, func(tx core.Store) (err error) {
		if app, err = appFor(ctx, tx, appID, core.ActManage); err != nil {
			return err
		}
		note.TenantID = app.TenantID
		if app.Deleting {
			return core.Errorf(core.ECONFLICT, "error.app_deleting", "name", app.Name)
		}
		if err := checkBudget(budget); err != nil {
			return err
		}
		note.Before, note.After = amountTexts(app.Budget), amountTexts(budget)
		app.Budget = budget
		return tx.Apps().UpdateSpec(ctx, app)
	})
	if err == nil {
		s.notify(app, "quota", "")
	}
	return err
}

func checkBudget(budget core.Amounts) error {
	var f core.Faults
	f.Merge("", budget.Validate())
	for r := range budget {
		if r.Valid() && !slices.Contains(budgeted, r) {
			f.Add(string(r), "error.resource_unknown", "resource", string(r))
		}
	}
	return f.Err()
}

// amountTexts words amounts for the audit.
func amountTexts(a core.Amounts) map[string]string {
	texts := make(map[string]string, len(a))
	for r, n := range a {
		texts[string(r)] = amountText(r, n)
	}
	return texts
}

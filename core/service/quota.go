package service

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"strconv"

	"berth/core"
)

// charge counts what an app uses from now on. It is the last thing of a transaction that changes that.
// Errors: ECONFLICT at the resource's field when the tenant has not as much left, or the app's budget is exceeded.
func (s *Service) charge(ctx context.Context, tx core.Store, appID string) error {
	app, err := tx.Apps().Get(ctx, appID)
	if err != nil {
		return err
	}
	use, err := core.MeasureApp(ctx, tx, s.entries, app)
	if err != nil {
		return err
	}
	limits, err := tenantLimits(ctx, tx, app.TenantID)
	if err != nil {
		return err
	}
	before, err := tx.Usage().Set(ctx, app.TenantID, app.ID, use.Amounts(), limits)
	if err != nil {
		return s.explainQuota(ctx, tx, app.TenantID, app.ID, err)
	}
	return overBudget(app, use.Steady(), before)
}

// settle gives back what an app no longer uses. Nothing is checked: what shrinks is never refused.
func (s *Service) settle(ctx context.Context, tx core.Store, appID string) error {
	app, err := tx.Apps().Get(ctx, appID)
	if err != nil {
		return err
	}
	use, err := core.MeasureApp(ctx, tx, s.entries, app)
	if err != nil {
		return err
	}
	_, err = tx.Usage().Set(ctx, app.TenantID, app.ID, use.Amounts(), nil)
	return err
}

func tenantLimits(ctx context.Context, store core.Store, tenantID string) (core.Amounts, error) {
	tenant, err := store.Tenants().Get(ctx, tenantID)
	if err != nil {
		return nil, err
	}
	return core.LimitsOf(ctx, store, tenant)
}

// overBudget refuses what an app would take beyond its own budget. Switches are the tenant's, so only what stays
// counts; and what shrinks is never refused.
func overBudget(app core.App, steady, before core.Amounts) error {
	for _, r := range core.Resources {
		most, bounded := app.Budget[r]
		if bounded && steady[r] > most && steady[r] > before[r] {
			return core.Conflict(fieldOf(r), "error.budget_"+string(r), "name", app.Name, "needs", amountText(r, steady[r]),
				"budget", amountText(r, most))
		}
	}
	return nil
}

// explainQuota says at which field what does not suffice, and what would free some. Other errors pass.
func (s *Service) explainQuota(ctx context.Context, tx core.Store, tenantID, holder string, err error) error {
	q, ok := errors.AsType[*core.QuotaError](err)
	if !ok {
		return err
	}
	biggest, e := biggestUser(ctx, tx, tenantID, holder, q.Resource)
	if e != nil {
		return e
	}
	return quotaConflict(core.QuotaBlock{QuotaError: *q, Biggest: biggest})
}

// quotaConflict words what does not fit, for people.
func quotaConflict(b core.QuotaBlock) error {
	text := quotaText(b)
	return &core.Error{Code: core.ECONFLICT, Message: text, Err: &b.QuotaError,
		Fields: []core.FieldError{{Field: fieldOf(b.Resource), Message: text}}}
}

func quotaText(b core.QuotaBlock) core.Text {
	r := b.Resource
	kv := []string{"needs", amountText(r, b.Needs), "left", amountText(r, b.Left), "limit", amountText(r, b.Limit)}
	if b.Biggest.App == "" {
		return core.T("error.quota_"+string(r), kv...)
	}
	return core.T("error.quota_"+string(r)+"_from", append(kv, "app", b.Biggest.Name, "uses", amountText(r, b.Biggest.Uses))...)
}

// biggestUser returns the app, other than the one that asks, that holds the most of a resource. Whoever may see some
// apps only learns nothing of the others.
func biggestUser(ctx context.Context, store core.Store, tenantID, except string, r core.Resource) (core.QuotaUser, error) {
	holders, err := store.Usage().Holders(ctx, tenantID)
	if err != nil {
		return core.QuotaUser{}, err
	}
	ids := slices.SortedFunc(maps.Keys(holders), func(a, b string) int {
		return cmp.Or(cmp.Compare(holders[b][r], holders[a][r]), cmp.Compare(a, b))
	})
	for _, id := range ids {
		if id == except || holders[id][r] == 0 {
			continue
		}
		app, err := store.Apps().Get(ctx, id)
		if core.ErrorCode(err) == core.ENOTFOUND {
			continue // an upload
		}
		return core.QuotaUser{App: id, Name: app.Name, Uses: holders[id][r]}, err
	}
	return core.QuotaUser{}, nil
}

// fieldOf is the input of a form at which it is said that a resource does not suffice.
func fieldOf(r core.Resource) string {
	switch r {
	case core.ResourceInstances:
		return "replicas"
	case core.ResourceApps, core.ResourceServices:
		return "name"
	case core.ResourceImages:
		return "image"
	case core.ResourceVolumes:
		return "plan"
	}
	return string(r)
}

// amountText words an amount without a noun: what it is an amount of is said by the message.
func amountText(r core.Resource, n int64) string {
	switch r {
	case core.ResourceMemory, core.ResourceImages, core.ResourceVolumes, core.ResourceLogRate:
		return core.Bytes(n).Human()
	case core.ResourceCPU:
		return core.MilliCPU(n).String()
	}
	return strconv.FormatInt(n, 10)
}

// tooLarge makes a conflict about what is uploaded one that says so before the body is read.
func tooLarge(err error) error {
	e, ok := errors.AsType[*core.Error](err)
	if _, quota := errors.AsType[*core.QuotaError](err); !ok || !quota {
		return err
	}
	large := *e
	large.Code = core.ETOOLARGE
	return &large
}

// room refuses an image of a size that the tenant has no place for; size -1 is not known. It returns how many bytes
// there is place for.
// Errors: ETOOLARGE at "image".
func (s *Service) room(ctx context.Context, tenantID, holder string, size int64) (core.Bytes, error) {
	limits, err := tenantLimits(ctx, s.store, tenantID)
	if err != nil {
		return 0, err
	}
	if _, limited := limits[core.ResourceImages]; !limited {
		return core.Bytes(core.MaxAmount), nil
	}
	sum, err := s.store.Usage().Sum(ctx, tenantID)
	if err != nil {
		return 0, err
	}
	left, _ := sum.Left(limits, core.ResourceImages)
	if left > 0 && size <= left {
		return core.Bytes(left), nil
	}
	q := &core.QuotaError{Resource: core.ResourceImages, Needs: max(size, 1), Left: left, Limit: limits[core.ResourceImages]}
	return 0, tooLarge(s.explainQuota(ctx, s.store, tenantID, holder, q))
}

package service

import (
	"context"
	"unicode/utf8"

	"berth/core"
)

// AskQuota asks the operators for a higher limit. Errors: EUNAUTHORIZED, ENOTFOUND, EFORBIDDEN, EINVALID at
// "resource", "amount", "reason", ECONFLICT when the tenant has asked for it already.
func (s *Service) AskQuota(ctx context.Context, tenantID string, r core.Resource, amount int64, reason string) (core.QuotaRequest, error) {
	actor := core.ActorFrom(ctx)
	request := core.QuotaRequest{ID: core.NewID(), TenantID: tenantID, Resource: r, Amount: amount, Reason: reason,
		Status: core.RequestOpen, Author: actor.Name, UserID: actor.UserID, CreatedAt: s.now()}
	note := about(tenantID, "quota.ask")
	err := s.audited(ctx, note, func(tx core.Store) error {
		tenant, err := changeableTenant(ctx, tx, tenantID, core.ActManage)
		if err != nil {
			return err
		}
		limits, err := core.LimitsOf(ctx, tx, tenant)
		if err != nil {
			return err
		}
		if err := checkRequest(r, amount, reason, limits); err != nil {
			return err
		}
		note.Object, note.After = string(r), map[string]string{string(r): amountText(r, amount), "reason": reason}
		return tx.QuotaRequests().Create(ctx, request)
	})
	return request, s.quotaChanged(tenantID, err)
}

func checkRequest(r core.Resource, amount int64, reason string, limits core.Amounts) error {
	var f core.Faults
	limit, limited := limits[r]
	switch {
	case !r.Valid():
		f.Add("resource", "error.resource_unknown", "resource", string(r))
	case !limited:
		f.Add("resource", "error.request_unlimited")
	case amount <= limit || amount > core.MaxAmount:
		f.Add("amount", "error.request_amount", "limit", amountText(r, limit))
	}
	if utf8.RuneCountInString(reason) > core.MaxReason {
		f.Add("reason", "error.text_long", "max", "500")
	}
	return f.Err()
}

// WithdrawQuota takes a request back. Errors: EUNAUTHORIZED, ENOTFOUND, EFORBIDDEN, ECONFLICT when it was decided.
func (s *Service) WithdrawQuota(ctx context.Context, id string) (core.QuotaRequest, error) {
	var request core.QuotaRequest
	note := about("", "quota.withdraw")
	err := s.audited(ctx, note, func(tx core.Store) (err error) {
		if request, err = s.requestFor(ctx, tx, id, core.ActManage, note); err != nil {
			return err
		}
		request.Status, request.Decider, request.DecidedAt = core.RequestWithdrawn, core.ActorFrom(ctx).Name, s.now()
		return tx.QuotaRequests().Decide(ctx, request)
	})
	return request, s.quotaChanged(request.TenantID, err)
}

// QuotaRequests returns all open requests. Errors: EUNAUTHORIZED, EFORBIDDEN.
func (s *Service) QuotaRequests(ctx context.Context) ([]core.QuotaRequest, error) {
	if err := core.ActorFrom(ctx).Authorize(core.ActOperate, ""); err != nil {
		return nil, err
	}
	return s.store.QuotaRequests().List(ctx, "")
}

// DecideQuota answers a request; approving it makes its amount the tenant's own limit. Errors: EUNAUTHORIZED,
// EFORBIDDEN, ENOTFOUND, EINVALID at "answer", ECONFLICT when it was decided or withdrawn.
func (s *Service) DecideQuota(ctx context.Context, id string, approve bool, answer string) (core.QuotaRequest, error) {
	var request core.QuotaRequest
	action := "quota.refuse"
	if approve {
		action = "quota.approve"
	}
	note := about("", action)
	err := s.audited(ctx, note, func(tx core.Store) (err error) {
		if err := core.ActorFrom(ctx).Authorize(core.ActOperate, ""); err != nil {
			return err
		}
		if request, err = s.requestFor(ctx, tx, id, core.ActOperate, note); err != nil {
			return err
		}
		if utf8.RuneCountInString(answer) > core.MaxReason {
			return core.Invalid("answer", "error.text_long", "max", "500")
		}
		request.Status, request.Answer = core.RequestRefused, answer
		request.Decider, request.DecidedAt = core.ActorFrom(ctx).Name, s.now()
		if approve {
			request.Status = core.RequestApproved
		}
		if err := tx.QuotaRequests().Decide(ctx, request); err != nil || !approve {
			return err
		}
		return s.raise(ctx, tx, request, note)
	})
	return request, s.quotaChanged(request.TenantID, err)
}

// raise gives a tenant a limit of its own.
func (s *Service) raise(ctx context.Context, tx core.Store, r core.QuotaRequest, note *core.AuditEntry) error {
	tenant, err := tx.Tenants().Get(ctx, r.TenantID)
	if err != nil {
		return err
	}
	limits, err := core.LimitsOf(ctx, tx, tenant)
	if err != nil {
		return err
	}
	if limit, limited := limits[r.Resource]; limited {
		note.Before = amountTexts(core.Amounts{r.Resource: limit})
	}
	note.After = amountTexts(core.Amounts{r.Resource: r.Amount})
	own := core.Amounts{r.Resource: r.Amount}
	for k, n := range tenant.Quota {
		if k != r.Resource {
			own[k] = n
		}
	}
	tenant.Quota = own
	return tx.Tenants().Update(ctx, tenant)
}

// requestFor returns a request that the actor may decide about.
func (s *Service) requestFor(ctx context.Context, tx core.Store, id string, act core.Action, note *core.AuditEntry) (core.QuotaRequest, error) {
	if _, err := signedIn(ctx); err != nil {
		return core.QuotaRequest{}, err
	}
	r, err := tx.QuotaRequests().Get(ctx, id)
	if err != nil {
		return r, err
	}
	note.TenantID, note.Object = r.TenantID, string(r.Resource)
	tenantID := r.TenantID
	if act == core.ActOperate {
		tenantID = ""
	}
	return r, core.ActorFrom(ctx).Authorize(act, tenantID)
}

// SetTenantQuota gives a tenant limits of its own in place of its plan's; none of its own for nil.
// Errors: EUNAUTHORIZED, EFORBIDDEN, ENOTFOUND, EINVALID at the resources.
func (s *Service) SetTenantQuota(ctx context.Context, tenantID string, own core.Amounts) error {
	note := about(tenantID, "quota.set")
	err := s.audited(ctx, note, func(tx core.Store) error {
		if err := core.ActorFrom(ctx).Authorize(core.ActOperate, ""); err != nil {
			return err
		}
		tenant, err := changeableTenant(ctx, tx, tenantID, core.ActManage)
		if err != nil {
			return err
		}
		if err := own.Validate(); err != nil {
			return err
		}
		note.Before, note.After = amountTexts(tenant.Quota), amountTexts(own)
		tenant.Quota = own
		return tx.Tenants().Update(ctx, tenant)
	})
	return s.quotaChanged(tenantID, err)
}

func (s *Service) quotaChanged(tenantID string, err error) error {
	if err == nil {
		s.notifier.Notify(core.Change{TenantID: tenantID, Kind: "quota"})
	}
	return err
}

package service

import (
	"context"
	"strconv"

	"berth/core"
)

// Tenants returns a page of the tenants that the actor sees, by name, and the cursor of the next one.
// Errors: EUNAUTHORIZED, EINVALID at "cursor".
func (s *Service) Tenants(ctx context.Context, f core.TenantFilter) ([]core.Tenant, string, error) {
	if _, err := signedIn(ctx); err != nil {
		return nil, "", err
	}
	return s.store.Tenants().List(ctx, f)
}

// OwnTenants returns by name the tenants in which the actor has a role. Errors: EUNAUTHORIZED.
func (s *Service) OwnTenants(ctx context.Context) ([]core.Tenant, error) {
	if _, err := signedIn(ctx); err != nil {
		return nil, err
	}
	return s.store.Tenants().Own(ctx)
}

// TenantSummaries returns a page of all tenants, by name, and the cursor of the next one.
// Errors: EUNAUTHORIZED, EFORBIDDEN, EINVALID at "cursor".
func (s *Service) TenantSummaries(ctx context.Context, f core.TenantFilter) ([]core.TenantSummary, string, error) {
	if err := core.ActorFrom(ctx).Authorize(core.ActOperate, ""); err != nil {
		return nil, "", err
	}
	tenants, next, err := s.store.Tenants().List(ctx, f)
	if err != nil {
		return nil, "", err
	}
	ids := make([]string, len(tenants))
	for i, t := range tenants {
		ids[i] = t.ID
	}
	members, apps, err := s.store.Tenants().Counts(ctx, ids)
	summaries := make([]core.TenantSummary, len(tenants))
	for i, t := range tenants {
		summaries[i] = core.TenantSummary{Tenant: t, Members: members[t.ID], Apps: apps[t.ID]}
	}
	return summaries, next, err
}

// Tenant returns a tenant. Errors: EUNAUTHORIZED, ENOTFOUND.
func (s *Service) Tenant(ctx context.Context, id string) (core.Tenant, error) {
	return tenantFor(ctx, s.store, id, core.ActView)
}

// tenantFor returns a tenant that the actor may do something with. It reads through store, which may be a
// transaction. Errors: EUNAUTHORIZED, ENOTFOUND, EFORBIDDEN.
func tenantFor(ctx context.Context, store core.Store, id string, act core.Action) (core.Tenant, error) {
	if err := core.ActorFrom(ctx).Authorize(act, id); err != nil {
		return core.Tenant{}, err
	}
	if core.ValidateSlug("tenant", id) != nil {
		return core.Tenant{}, core.NotFound()
	}
	return store.Tenants().Get(ctx, id)
}

// changeableTenant is tenantFor for what adds to or changes a tenant. Errors: ECONFLICT when it is being deleted.
func changeableTenant(ctx context.Context, store core.Store, id string, act core.Action) (core.Tenant, error) {
	t, err := tenantFor(ctx, store, id, act)
	if err == nil {
		err = alive(t)
	}
	return t, err
}

// alive refuses changes of a tenant that is to go. Errors: ECONFLICT.
func alive(t core.Tenant) error {
	if t.Deleting {
		return core.Errorf(core.ECONFLICT, "error.tenant_deleting", "name", t.Name)
	}
	return nil
}

// about begins an audit entry. What was asked for may be rubbish; the object is named when it was found.
func about(tenantID, action string) *core.AuditEntry {
	return &core.AuditEntry{TenantID: tenantID, Action: action}
}

// CreateTenant makes a tenant with a plan, "" for the one of the settings; the operator who asks becomes its admin.
// Errors: EUNAUTHORIZED, EFORBIDDEN, EINVALID at "name" and "plan", ECONFLICT at "name".
func (s *Service) CreateTenant(ctx context.Context, name, plan string) (core.Tenant, error) {
	actor := core.ActorFrom(ctx)
	if plan == "" {
		plan = s.defaultPlan
	}
	tenant := core.Tenant{ID: tenantID(name), Name: name, Plan: plan, CreatedAt: s.now()}
	note := about("", "tenant.create")
	err := s.audited(ctx, note, func(tx core.Store) error {
		if err := actor.Authorize(core.ActOperate, ""); err != nil {
			return err
		}
		if err := s.checkTenant(ctx, tx, name, plan); err != nil {
			return err
		}
		if err := tx.Tenants().Create(ctx, tenant); err != nil {
			return err
		}
		note.Object, note.After = tenant.ID, map[string]string{"name": tenant.Name, "plan": tenant.Plan}
		if actor.UserID == "" {
			return nil
		}
		return tx.Members().Put(ctx, core.Membership{TenantID: tenant.ID, UserID: actor.UserID, Role: core.RoleAdmin, CreatedAt: s.now()})
	})
	return tenant, err
}

// checkTenant checks what people say of a tenant. Errors: EINVALID at "name" and "plan".
func (s *Service) checkTenant(ctx context.Context, tx core.Store, name, plan string) error {
	var f core.Faults
	f.Merge("", core.ValidateName("name", name))
	if err := s.checkPlan(ctx, tx, plan); core.ErrorCode(err) == core.EINVALID {
		f.Merge("", err)
	} else if err != nil {
		return err
	}
	return f.Err()
}

// checkPlan checks that a plan exists. Errors: EINVALID at "plan".
func (s *Service) checkPlan(ctx context.Context, tx core.Store, plan string) error {
	_, err := tx.Plans().Get(ctx, plan)
	if core.ErrorCode(err) == core.ENOTFOUND {
		return core.Invalid("plan", "error.tenant_plan_unknown", "plan", plan)
	}
	return err
}

// ChangeTenant renames a tenant, or gives it another plan, which is for operators.
// Errors: EUNAUTHORIZED, ENOTFOUND, EFORBIDDEN, EINVALID at "name" and "plan", ECONFLICT while it is being deleted.
func (s *Service) ChangeTenant(ctx context.Context, id string, in core.TenantChange) (core.Tenant, error) {
	var tenant core.Tenant
	note := about(id, "tenant.change")
	err := s.audited(ctx, note, func(tx core.Store) (err error) {
		if tenant, err = changeableTenant(ctx, tx, id, core.ActManage); err != nil {
			return err
		}
		if in.Plan != nil && *in.Plan != tenant.Plan {
			if err := core.ActorFrom(ctx).Authorize(core.ActOperate, ""); err != nil {
				return err
			}
		}
		note.Object, note.Before = tenant.ID, map[string]string{"name": tenant.Name, "plan": tenant.Plan}
		if in.Name != nil {
			tenant.Name = *in.Name
		}
		if in.Plan != nil {
			tenant.Plan = *in.Plan
		}
		note.After = map[string]string{"name": tenant.Name, "plan": tenant.Plan}
		if err := s.checkTenant(ctx, tx, tenant.Name, tenant.Plan); err != nil {
			return err
		}
		return tx.Tenants().Update(ctx, tenant)
	})
	if err != nil {
		return core.Tenant{}, err
	}
	s.notifier.Notify(core.Change{TenantID: id, Kind: "tenant"})
	return tenant, nil
}

// newTenant makes a tenant under the first free id near its name.
func (s *Service) newTenant(ctx context.Context, tx core.Store, name, plan string) (core.Tenant, error) {
	tenant := core.Tenant{ID: tenantID(name), Name: name, Plan: plan, CreatedAt: s.now()}
	const most = 9000 // of one name; a number fits into what numbered leaves
	for n := 2; ; n++ {
		err := tx.Transact(ctx, func(tx core.Store) error { return tx.Tenants().Create(ctx, tenant) })
		if core.ErrorCode(err) != core.ECONFLICT || n > most {
			return tenant, err
		}
		tenant.ID = numbered(tenantID(name), n)
	}
}

// tenantID derives an id from a name, whatever that is.
func tenantID(name string) string {
	id := core.Slugify(name)
	switch {
	case id == "":
		return "team-" + core.NewInstanceID()
	case core.ValidateSlug("id", id) != nil:
		return id[:min(len(id), 50)] + "-team"
	}
	return id
}

// numbered returns an id with a number behind it that is still a valid one.
func numbered(id string, n int) string {
	const room = 63 - 5
	if len(id) > room {
		id = id[:room]
	}
	return id + "-" + strconv.Itoa(n)
}

// PlanNames returns the plans that a tenant can have, by name. Errors: EUNAUTHORIZED, EFORBIDDEN.
func (s *Service) PlanNames(ctx context.Context) ([]string, error) {
	if err := core.ActorFrom(ctx).Authorize(core.ActOperate, ""); err != nil {
		return nil, err
	}
	plans, _, err := s.store.Plans().List(ctx)
	names := make([]string, len(plans))
	for i, p := range plans {
		names[i] = p.Name
	}
	return names, err
}

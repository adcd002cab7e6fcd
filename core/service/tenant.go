package service

import (
	"context"
	"strconv"

	"berth/core"
)

// Tenants returns the actor's tenants by name. Errors: EUNAUTHORIZED.
func (s *Service) Tenants(ctx context.Context) ([]core.Tenant, error) {
	if _, err := signedIn(ctx); err != nil {
		return nil, err
	}
	return s.store.Tenants().List(ctx)
}

// Tenant returns a tenant. Errors: EUNAUTHORIZED, ENOTFOUND.
func (s *Service) Tenant(ctx context.Context, id string) (core.Tenant, error) {
	if err := core.ActorFrom(ctx).Authorize(core.ActView, id); err != nil {
		return core.Tenant{}, err
	}
	return s.store.Tenants().Get(ctx, id)
}

// CreateTenant makes a tenant; the operator who asks becomes its admin.
// Errors: EUNAUTHORIZED, EFORBIDDEN, EINVALID and ECONFLICT at "name".
func (s *Service) CreateTenant(ctx context.Context, name string) (_ core.Tenant, err error) {
	note := core.AuditEntry{Action: "tenant.create"}
	defer s.attempted(ctx, &note, &err)
	actor := core.ActorFrom(ctx)
	if err := actor.Authorize(core.ActOperate, ""); err != nil {
		return core.Tenant{}, err
	}
	if err := core.ValidateName("name", name); err != nil {
		return core.Tenant{}, err
	}
	tenant := core.Tenant{ID: tenantID(name), Name: name, Plan: core.UnlimitedPlan, CreatedAt: s.now()}
	err = s.store.Transact(ctx, func(tx core.Store) error {
		if err := tx.Tenants().Create(ctx, tenant); err != nil {
			return err
		}
		note.Object, note.After = tenant.ID, map[string]string{"name": tenant.Name, "plan": tenant.Plan}
		if err := s.note(ctx, tx, &note); err != nil || actor.UserID == "" {
			return err
		}
		return tx.Tenants().AddMember(ctx, core.Membership{TenantID: tenant.ID, UserID: actor.UserID, Role: core.RoleAdmin})
	})
	return tenant, err
}

// newTenant makes a tenant under the first free id near its name.
func (s *Service) newTenant(ctx context.Context, tx core.Store, name string) (core.Tenant, error) {
	tenant := core.Tenant{ID: tenantID(name), Name: name, Plan: core.UnlimitedPlan, CreatedAt: s.now()}
	for n := 2; ; n++ {
		_, err := tx.Tenants().Get(ctx, tenant.ID)
		if core.ErrorCode(err) == core.ENOTFOUND {
			return tenant, tx.Tenants().Create(ctx, tenant)
		}
		if err != nil {
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
		return id + "-team"
	}
	return id
}

// numbered returns an id with a number behind it that is still a valid one.
func numbered(id string, n int) string {
	const room = 63 - 4
	if len(id) > room {
		id = id[:room]
	}
	return id + "-" + strconv.Itoa(n)
}

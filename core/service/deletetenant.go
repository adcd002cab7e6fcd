package service

import (
	"context"

	"berth/core"
)

// TenantEstate returns what a tenant has, and so what goes with it. Errors: EUNAUTHORIZED, ENOTFOUND, EFORBIDDEN.
func (s *Service) TenantEstate(ctx context.Context, id string) (core.Estate, error) {
	if _, err := tenantFor(ctx, s.store, id, core.ActManage); err != nil {
		return core.Estate{}, err
	}
	estate, err := s.store.Tenants().Estate(ctx, id)
	for _, a := range estate.Apps {
		if !a.IsService() {
			estate.Domains++ // the one under the base domain
		}
	}
	return estate, err
}

// DeleteTenant takes away a tenant with everything that it has. typedName is its name or id, typed by the person.
// From now on nothing can be added to it; the workers remove its apps, its network, and at last what is recorded of
// it. Deleting what is being deleted returns the operation that does so.
// Errors: EUNAUTHORIZED, ENOTFOUND, EFORBIDDEN, EINVALID at "name".
func (s *Service) DeleteTenant(ctx context.Context, id, typedName string) (core.Operation, error) {
	var op core.Operation
	var apps []core.App
	note := about(id, "tenant.delete")
	err := s.audited(ctx, note, func(tx core.Store) error {
		tenant, err := tenantFor(ctx, tx, id, core.ActManage)
		if err != nil {
			return err
		}
		if typedName != tenant.ID && typedName != tenant.Name {
			return core.Invalid("name", "error.name_typed", "name", tenant.Name)
		}
		note.Object, note.Before = tenant.ID, map[string]string{"name": tenant.Name, "plan": tenant.Plan}
		op, apps, err = s.beginDeleting(ctx, tx, tenant)
		return err
	})
	if err != nil {
		return core.Operation{}, err
	}
	s.goOnDeleting(id, apps)
	return op, nil
}

// beginDeleting writes that a tenant and all of its apps are to go, and the operation that carries it out.
func (s *Service) beginDeleting(ctx context.Context, tx core.Store, tenant core.Tenant) (core.Operation, []core.App, error) {
	open, err := tx.Operations().OpenOf(ctx, tenant.ID)
	for _, op := range open {
		if op.Kind == core.OpDeleteTenant {
			return op, nil, err
		}
	}
	if err != nil {
		return core.Operation{}, nil, err
	}
	tenant.Deleting = true
	if err := tx.Tenants().Update(ctx, tenant); err != nil {
		return core.Operation{}, nil, err
	}
	estate, err := tx.Tenants().Estate(ctx, tenant.ID)
	if err != nil {
		return core.Operation{}, nil, err
	}
	for _, app := range estate.Apps {
		if err := s.overtake(ctx, tx, core.Operation{AppID: app.ID, Kind: core.OpDelete}); err != nil {
			return core.Operation{}, nil, err
		}
		app.Deleting, app.KeepData = true, false
		if err := tx.Apps().UpdateSpec(ctx, app); err != nil {
			return core.Operation{}, nil, err
		}
	}
	now := s.now()
	op := core.Operation{ID: core.NewID(), TenantID: tenant.ID, Kind: core.OpDeleteTenant, Status: core.OpPending,
		Name: tenant.Name, Steps: core.StepsOf(core.OpDeleteTenant, now), Author: core.ActorFrom(ctx).Name, CreatedAt: now}
	return op, estate.Apps, tx.Operations().Create(ctx, op)
}

// goOnDeleting has everybody look at a tenant that is to go. What is lost of it is found by the loops.
func (s *Service) goOnDeleting(tenantID string, apps []core.App) {
	for _, app := range apps {
		s.fetches.cancel(app.ID)
		s.changed(app, "app", "")
	}
	s.garbage.add()
	s.hurry.now()
	if w, ok := s.waker.(core.TenantWaker); ok {
		w.WakeTenant(tenantID)
	}
	s.notifier.Notify(core.Change{TenantID: tenantID, Kind: "tenant"})
}

// hurry has housekeeping look at once.
type hurry struct{ signal chan struct{} }

func newHurry() hurry { return hurry{make(chan struct{}, 1)} }

func (h hurry) now() {
	select {
	case h.signal <- struct{}{}:
	default:
	}
}

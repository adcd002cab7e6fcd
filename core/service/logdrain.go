package service

import (
	"context"
	"crypto/x509"
	"strings"

	"berth/core"
)

// LogDrains returns where a tenant's logs are forwarded to, by name. Errors: EUNAUTHORIZED, ENOTFOUND, EFORBIDDEN.
func (s *Service) LogDrains(ctx context.Context, tenantID string) ([]core.LogDrain, error) {
	if err := s.authorize(ctx, core.ActManage, tenantID); err != nil {
		return nil, err
	}
	return s.store.LogDrains().List(ctx, tenantID)
}

// CreateLogDrain forwards what a tenant's apps write from now on. Errors: EUNAUTHORIZED, ENOTFOUND, EFORBIDDEN,
// ECONFLICT when there are too many, EINVALID as core.LogDrain.Validate.
func (s *Service) CreateLogDrain(ctx context.Context, in core.LogDrain, t core.DrainTarget) (d core.LogDrain, err error) {
	note := core.AuditEntry{Action: "log_drain.create", TenantID: in.TenantID, Object: in.Name}
	defer s.attempted(ctx, &note, &err)
	actor, err := s.mayDrain(ctx, in, t)
	if err != nil {
		return d, err
	}
	d = core.LogDrain{ID: core.NewID(), TenantID: in.TenantID, Name: in.Name, Kind: in.Kind, Shows: t.Shows(), Revision: 1,
		Author: actor.Name, CreatedAt: s.now()}
	note.After = drainValues(d, t)
	return d, s.store.Transact(ctx, func(tx core.Store) error {
		if err := tx.LogDrains().Create(ctx, d, t); err != nil {
			return err
		}
		return s.note(ctx, tx, &note)
	})
}

// ChangeLogDrain gives a drain another name or target; where it has come to stays. Errors: as CreateLogDrain.
func (s *Service) ChangeLogDrain(ctx context.Context, in core.LogDrain, t core.DrainTarget) (d core.LogDrain, err error) {
	note := core.AuditEntry{Action: "log_drain.change", TenantID: in.TenantID}
	defer s.attempted(ctx, &note, &err)
	if _, err := s.mayDrain(ctx, in, t); err != nil {
		return d, err
	}
	return d, s.store.Transact(ctx, func(tx core.Store) error {
		old, err := tx.LogDrains().Get(ctx, in.TenantID, in.ID)
		if err != nil {
			return err
		}
		was, err := tx.LogDrains().Open(ctx, in.TenantID, in.ID)
		if err != nil && core.ErrorCode(err) != core.EINTERNAL { // one that cannot be opened any more can be mended here
			return err
		}
		d = old
		d.Name, d.Kind, d.Shows, d.Revision = in.Name, in.Kind, t.Shows(), old.Revision+1
		note.Object, note.Before, note.After = old.Name, drainValues(old, was), drainValues(d, t)
		if err := tx.LogDrains().Update(ctx, d, t); err != nil {
			return err
		}
		return s.note(ctx, tx, &note)
	})
}

// DeleteLogDrain forwards to a server no longer. Errors: EUNAUTHORIZED, ENOTFOUND, EFORBIDDEN.
func (s *Service) DeleteLogDrain(ctx context.Context, tenantID, id string) (err error) {
	note := core.AuditEntry{Action: "log_drain.delete", TenantID: tenantID}
	defer s.attempted(ctx, &note, &err)
	if err := s.authorize(ctx, core.ActManage, tenantID); err != nil {
		return err
	}
	return s.store.Transact(ctx, func(tx core.Store) error {
		old, err := tx.LogDrains().Get(ctx, tenantID, id)
		if err != nil {
			return err
		}
		note.Object, note.Before = old.Name, drainValues(old, core.DrainTarget{})
		if err := tx.LogDrains().Delete(ctx, tenantID, id); err != nil {
			return err
		}
		return s.note(ctx, tx, &note)
	})
}

// mayDrain checks who asks, and what for.
func (s *Service) mayDrain(ctx context.Context, d core.LogDrain, t core.DrainTarget) (core.Actor, error) {
	if err := s.authorize(ctx, core.ActManage, d.TenantID); err != nil {
		return core.Actor{}, err
	}
	if _, err := changeableTenant(ctx, s.store, d.TenantID, core.ActManage); err != nil {
		return core.Actor{}, err
	}
	return core.ActorFrom(ctx), d.Validate(t)
}

// drainValues is what the audit says of a drain.
func drainValues(d core.LogDrain, t core.DrainTarget) map[string]string {
	values := map[string]string{"name": d.Name, "drain.kind": string(d.Kind), "drain.to": d.Shows}
	if t.Header != "" {
		values["drain.header"], values["drain.secret"] = t.Header, core.Masked
	}
	if names := issuers(t.Authorities()); names != "" {
		values["drain.ca"] = names
	}
	return values
}

// issuers names authorities, as people read it.
func issuers(certs []*x509.Certificate) string {
	names := make([]string, len(certs))
	for i, c := range certs {
		names[i] = core.IssuerName(c)
	}
	return strings.Join(names, ", ")
}

package service

import (
	"context"
	"slices"

	"berth/core"
)

// Members returns who is in a tenant, by name. Errors: EUNAUTHORIZED, ENOTFOUND, EFORBIDDEN.
func (s *Service) Members(ctx context.Context, tenantID string) ([]core.Member, error) {
	if _, err := tenantFor(ctx, s.store, tenantID, core.ActMembers); err != nil {
		return nil, err
	}
	return s.store.Members().List(ctx, tenantID)
}

// SetRole makes a member something else. Errors: EUNAUTHORIZED, ENOTFOUND, EFORBIDDEN, EINVALID at "role", ECONFLICT
// when the last admin would be none.
func (s *Service) SetRole(ctx context.Context, tenantID, userID string, role core.Role) error {
	note := about(tenantID, "member.role")
	err := s.audited(ctx, note, func(tx core.Store) error {
		m, err := s.memberFor(ctx, tx, tenantID, userID, note)
		if err != nil {
			return err
		}
		if !role.Valid() {
			return core.Invalid("role", "error.role_unknown")
		}
		note.Before, note.After = map[string]string{"role": string(m.Role)}, map[string]string{"role": string(role)}
		if role != core.RoleAdmin {
			if err := keepsAdmin(ctx, tx, tenantID, userID); err != nil {
				return err
			}
		}
		m.Role = role
		return tx.Members().Put(ctx, m)
	})
	return s.membersChanged(tenantID, err)
}

// RemoveMember ends a membership. Errors: EUNAUTHORIZED, ENOTFOUND, EFORBIDDEN, ECONFLICT for the last admin.
func (s *Service) RemoveMember(ctx context.Context, tenantID, userID string) error {
	note := about(tenantID, "member.remove")
	err := s.audited(ctx, note, func(tx core.Store) error {
		if _, err := s.memberFor(ctx, tx, tenantID, userID, note); err != nil {
			return err
		}
		return s.endMembership(ctx, tx, tenantID, userID)
	})
	return s.membersChanged(tenantID, err)
}

// LeaveTenant ends the membership of the person who asks. Leaving what one is not in changes nothing and is no error.
// Errors: EUNAUTHORIZED, EFORBIDDEN for what is no person, ECONFLICT for the last admin.
func (s *Service) LeaveTenant(ctx context.Context, tenantID string) error {
	note := about(tenantID, "member.leave")
	_, err := asOneself(ctx)
	if err != nil {
		s.refused(ctx, note, err)
		return err
	}
	actor := core.ActorFrom(ctx)
	note.Object = actor.Name
	if role := actor.Roles[tenantID]; !role.Valid() {
		return nil
	}
	err = s.audited(ctx, note, func(tx core.Store) error { return s.endMembership(ctx, tx, tenantID, actor.UserID) })
	return s.membersChanged(tenantID, err)
}

// memberFor returns a membership that the actor may change, and names it in the audit.
func (s *Service) memberFor(ctx context.Context, tx core.Store, tenantID, userID string, note *core.AuditEntry) (core.Membership, error) {
	if _, err := tenantFor(ctx, tx, tenantID, core.ActManage); err != nil {
		return core.Membership{}, err
	}
	m, err := tx.Members().Get(ctx, tenantID, userID)
	if err != nil {
		return m, err
	}
	user, err := tx.Users().Get(ctx, userID)
	note.Object = user.Email
	return m, err
}

func (s *Service) endMembership(ctx context.Context, tx core.Store, tenantID, userID string) error {
	if err := keepsAdmin(ctx, tx, tenantID, userID); err != nil {
		return err
	}
	return tx.Members().Remove(ctx, tenantID, userID)
}

// keepsAdmin refuses what would leave a tenant without an admin. Errors: ECONFLICT.
func keepsAdmin(ctx context.Context, tx core.Store, tenantID, userID string) error {
	admins, err := tx.Members().Admins(ctx, tenantID)
	if err == nil && len(admins) == 1 && slices.Contains(admins, userID) {
		err = core.Errorf(core.ECONFLICT, "error.last_admin")
	}
	return err
}

// membersChanged tells the pages of a change that succeeded.
func (s *Service) membersChanged(tenantID string, err error) error {
	if err == nil {
		s.notifier.Notify(core.Change{TenantID: tenantID, Kind: "members"})
	}
	return err
}

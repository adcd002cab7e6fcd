package service

import (
	"context"
	"slices"

	"berth/core"
)

// Invitation returns what a link offers. Opening it changes nothing. Errors: EGONE when it was used, taken back,
// renewed or has expired.
func (s *Service) Invitation(ctx context.Context, secret string) (core.InvitationOffer, error) {
	ctx = asSystem(ctx)
	i, tenant, err := s.usable(ctx, s.store, secret)
	if err != nil {
		return core.InvitationOffer{}, err
	}
	_, err = s.store.Users().ByEmail(ctx, i.Email)
	known := err == nil
	if core.ErrorCode(err) == core.ENOTFOUND {
		err = nil
	}
	i.SecretHash = ""
	return core.InvitationOffer{Invitation: i, Tenant: tenant.Name, Known: known}, err
}

// usable returns the invitation of a secret that can still be accepted. ctx is the system's: who has the link is in
// no tenant yet. Errors: EGONE.
func (s *Service) usable(ctx context.Context, store core.Store, secret string) (core.Invitation, core.Tenant, error) {
	gone := core.Errorf(core.EGONE, "error.invitation_gone")
	i, err := store.Invitations().BySecretHash(ctx, hashSecret(secret))
	if core.ErrorCode(err) == core.ENOTFOUND {
		return i, core.Tenant{}, gone
	}
	if err != nil {
		return i, core.Tenant{}, err
	}
	if err := i.Usable(s.now()); err != nil {
		return i, core.Tenant{}, err
	}
	tenant, err := store.Tenants().Get(ctx, i.TenantID)
	if err == nil && tenant.Deleting {
		err = gone
	}
	return i, tenant, err
}

// AcceptInvitation makes the person who asks a member and returns of which tenant. Exactly one of several callers
// succeeds. Errors: EUNAUTHORIZED, EGONE, EFORBIDDEN when the invitation is for another email, or for a token.
func (s *Service) AcceptInvitation(ctx context.Context, secret string) (tenantID string, err error) {
	actor, err := asOneself(ctx)
	if err != nil {
		return "", err
	}
	note := about("", "invitation.accept")
	err = s.audited(ctx, note, func(tx core.Store) error {
		system := asSystem(ctx)
		i, tenant, err := s.usable(system, tx, secret)
		tenantID = i.TenantID
		note.TenantID, note.Object = i.TenantID, i.Email
		if err != nil {
			return err
		}
		user, err := tx.Users().Get(system, actor.UserID)
		if err != nil {
			return err
		}
		if user.Email != i.Email {
			return core.Errorf(core.EFORBIDDEN, "error.invitation_other", "email", i.Email, "team", tenant.Name)
		}
		return s.join(system, tx, i, user.ID, note)
	})
	return tenantID, s.membersChanged(tenantID, err)
}

// JoinByInvitation makes an account for the email of an invitation, and it a member. Exactly one of several callers
// succeeds. Errors: EGONE, EINVALID at "name" and "password", ECONFLICT when somebody has that email already.
func (s *Service) JoinByInvitation(ctx context.Context, secret, name, password string) (core.User, error) {
	i, _, err := s.usable(asSystem(ctx), s.store, secret)
	if err != nil {
		return core.User{}, err
	}
	user, err := s.newMember(ctx, name, i.Email, password, nil)
	if err != nil {
		return core.User{}, err
	}
	ctx = core.WithActor(ctx, core.Actor{Kind: core.ActorUser, ID: user.ID, UserID: user.ID, Name: user.Name,
		Roles: map[string]core.Role{i.TenantID: i.Role}})
	note := about(i.TenantID, "invitation.accept")
	note.Object = i.Email
	err = s.audited(ctx, note, func(tx core.Store) error {
		system := asSystem(ctx)
		i, _, err := s.usable(system, tx, secret)
		if err != nil {
			return err
		}
		if err := tx.Users().Create(system, user); err != nil {
			if core.ErrorCode(err) == core.ECONFLICT {
				return core.Errorf(core.ECONFLICT, "error.invitation_sign_in", "email", i.Email)
			}
			return err
		}
		return s.join(system, tx, i, user.ID, note)
	})
	user.PasswordHash = ""
	return user, s.membersChanged(i.TenantID, err)
}

// newMember returns somebody with a password who is not kept yet; also is a further fault. Errors: EINVALID at "name",
// "email", "password".
func (s *Service) newMember(ctx context.Context, name, email, password string, also error) (core.User, error) {
	user := core.User{ID: core.NewID(), Email: core.NormalizeEmail(email), Name: name, CreatedAt: s.now()}
	var f core.Faults
	f.Merge("", user.Validate())
	f.Merge("", core.ValidatePassword(password))
	f.Merge("", also)
	if err := f.Err(); err != nil {
		return user, err
	}
	var err error
	user.PasswordHash, err = s.passwords.hash(ctx, password)
	return user, err
}

// join takes an invitation. Who is a member already keeps the higher role.
func (s *Service) join(system context.Context, tx core.Store, i core.Invitation, userID string, note *core.AuditEntry) error {
	if err := tx.Invitations().Take(system, i.ID, s.now()); err != nil {
		return err
	}
	role := i.Role
	old, err := tx.Members().Get(system, i.TenantID, userID)
	switch {
	case err == nil && slices.Index(core.Roles, old.Role) > slices.Index(core.Roles, role):
		role = old.Role
	case err != nil && core.ErrorCode(err) != core.ENOTFOUND:
		return err
	}
	note.After = map[string]string{"role": string(role)}
	return tx.Members().Put(system, core.Membership{TenantID: i.TenantID, UserID: userID, Role: role, CreatedAt: s.now()})
}

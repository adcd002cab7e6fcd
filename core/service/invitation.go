package service

import (
	"context"
	"slices"
	"time"

	"berth/core"
)

const mailPatience = 10 * time.Second

// Invite makes a link by which somebody joins a tenant, and mails it when mail can be sent.
// Errors: EUNAUTHORIZED, ENOTFOUND, EFORBIDDEN, EINVALID at "email" and "role", ECONFLICT at "email" when they are in
// the tenant or invited already, ECONFLICT while it is being deleted.
func (s *Service) Invite(ctx context.Context, tenantID, email string, role core.Role) (core.InvitationLink, error) {
	actor, now, secret := core.ActorFrom(ctx), s.now(), core.NewSecret()
	i := core.Invitation{ID: core.NewID(), TenantID: tenantID, Email: core.NormalizeEmail(email), Role: role,
		SecretHash: hashSecret(secret), InviterID: actor.UserID, InviterName: actor.Name, CreatedAt: now,
		ExpiresAt: now.Add(core.InvitationFor)}
	note := about(tenantID, "invitation.create")
	var tenant core.Tenant
	err := s.audited(ctx, note, func(tx core.Store) (err error) {
		if tenant, err = changeableTenant(ctx, tx, tenantID, core.ActManage); err != nil {
			return err
		}
		if err := i.Validate(); err != nil {
			return err
		}
		note.Object, note.After = i.Email, map[string]string{"role": string(role)}
		if err := s.checkNotInvited(ctx, tx, i); err != nil {
			return err
		}
		return tx.Invitations().Create(ctx, i)
	})
	if err != nil {
		return core.InvitationLink{}, err
	}
	return s.invitationLink(ctx, tenant, i, secret), s.membersChanged(tenantID, nil)
}

func (s *Service) checkNotInvited(ctx context.Context, tx core.Store, i core.Invitation) error {
	open, err := tx.Invitations().Open(ctx, i.TenantID)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(open, func(o core.Invitation) bool { return o.Email == i.Email }) {
		return core.Conflict("email", "error.invited_already", "email", i.Email)
	}
	user, err := tx.Users().ByEmail(ctx, i.Email)
	if err == nil {
		_, err = tx.Members().Get(ctx, i.TenantID, user.ID)
	}
	switch {
	case err == nil:
		return core.Conflict("email", "error.member_already", "email", i.Email)
	case core.ErrorCode(err) == core.ENOTFOUND:
		return nil
	}
	return err
}

// invitationLink puts the link together, and mails it.
func (s *Service) invitationLink(ctx context.Context, tenant core.Tenant, i core.Invitation, secret string) core.InvitationLink {
	link := core.InvitationLink{Invitation: i, URL: s.portal.JoinPath("invitations", secret).String()}
	link.Invitation.SecretHash = ""
	if !s.MailEnabled() {
		return link
	}
	language := "en"
	if inviter, err := s.store.Users().Get(ctx, i.InviterID); err == nil && inviter.Language != "" {
		language = inviter.Language
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), mailPatience)
	defer cancel()
	err := s.mail(ctx, i.Email, language, core.T("mail.invitation_subject", "team", tenant.Name),
		core.T("mail.invitation", "team", tenant.Name, "inviter", i.InviterName, "link", link.URL))
	if err != nil {
		s.log.Warn("an invitation could not be mailed", "tenant", tenant.ID, "invitation", i.ID, "error", err)
	}
	link.Mailed = err == nil
	return link
}

// Invitations returns the invitations of a tenant that nobody has accepted or taken back, newest first.
// Errors: EUNAUTHORIZED, ENOTFOUND, EFORBIDDEN.
func (s *Service) Invitations(ctx context.Context, tenantID string) ([]core.Invitation, error) {
	if _, err := tenantFor(ctx, s.store, tenantID, core.ActManage); err != nil {
		return nil, err
	}
	open, err := s.store.Invitations().Open(ctx, tenantID)
	for i := range open {
		open[i].SecretHash = ""
	}
	return open, err
}

// RevokeInvitation takes an invitation back. Errors: EUNAUTHORIZED, ENOTFOUND, EFORBIDDEN.
func (s *Service) RevokeInvitation(ctx context.Context, tenantID, id string) error {
	_, _, err := s.changeInvitation(ctx, tenantID, id, "invitation.revoke", func(i *core.Invitation) { i.RevokedAt = s.now() })
	return s.membersChanged(tenantID, err)
}

// RenewInvitation gives an invitation a new link and its whole time again; the link before works no longer.
// Errors: EUNAUTHORIZED, ENOTFOUND, EFORBIDDEN, ECONFLICT while the tenant is being deleted.
func (s *Service) RenewInvitation(ctx context.Context, tenantID, id string) (core.InvitationLink, error) {
	secret := core.NewSecret()
	tenant, i, err := s.changeInvitation(ctx, tenantID, id, "invitation.renew", func(i *core.Invitation) {
		i.SecretHash, i.ExpiresAt = hashSecret(secret), s.now().Add(core.InvitationFor)
	})
	if err != nil {
		return core.InvitationLink{}, err
	}
	return s.invitationLink(ctx, tenant, i, secret), s.membersChanged(tenantID, nil)
}

// changeInvitation changes an invitation that is still open; any other counts as absent.
func (s *Service) changeInvitation(ctx context.Context, tenantID, id, action string, change func(*core.Invitation)) (core.Tenant, core.Invitation, error) {
	var tenant core.Tenant
	var i core.Invitation
	note := about(tenantID, action)
	err := s.audited(ctx, note, func(tx core.Store) (err error) {
		if tenant, err = changeableTenant(ctx, tx, tenantID, core.ActManage); err != nil {
			return err
		}
		if i, err = tx.Invitations().Get(ctx, tenantID, id); err != nil {
			return err
		}
		if !i.AcceptedAt.IsZero() || !i.RevokedAt.IsZero() {
			return core.NotFound()
		}
		note.Object = i.Email
		change(&i)
		return tx.Invitations().Update(ctx, i)
	})
	return tenant, i, err
}

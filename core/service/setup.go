package service

import (
	"context"
	"crypto/subtle"
	"time"

	"berth/core"
)

const setupLinkFor = time.Hour

// NeedsSetup reports whether nobody can sign in yet.
func (s *Service) NeedsSetup(ctx context.Context) (bool, error) {
	n, err := s.store.Users().Count(ctx)
	return n == 0, err
}

// NewSetupLink makes the secret of a link that lets whoever opens it become the first operator, once, within an
// hour. A link made before no longer works. Errors: ECONFLICT when somebody can sign in already.
func (s *Service) NewSetupLink(ctx context.Context) (secret string, expires time.Time, err error) {
	needed, err := s.NeedsSetup(ctx)
	if err != nil {
		return "", time.Time{}, err
	}
	if !needed {
		return "", time.Time{}, core.Errorf(core.ECONFLICT, "error.already_set_up")
	}
	secret, expires = core.NewSecret(), s.now().Add(setupLinkFor)
	err = s.store.Setup().Put(ctx, core.SetupLink{TokenHash: hashSecret(secret), ExpiresAt: expires})
	return secret, expires, err
}

// CheckSetup returns the link of a secret. Opening it changes nothing. Errors: EGONE when it was used, replaced or
// has expired.
func (s *Service) CheckSetup(ctx context.Context, secret string) (core.SetupLink, error) {
	link, err := s.store.Setup().Get(ctx)
	if err != nil {
		return core.SetupLink{}, err
	}
	same := subtle.ConstantTimeCompare([]byte(link.TokenHash), []byte(hashSecret(secret))) == 1
	if !same || !s.now().Before(link.ExpiresAt) {
		return core.SetupLink{}, core.Errorf(core.EGONE, "error.setup_link_gone")
	}
	return link, nil
}

// Setup makes the first operator, their tenant, and them its admin. Exactly one of several callers succeeds.
// Errors: EGONE, EINVALID at "name", "email", "password", "tenant".
func (s *Service) Setup(ctx context.Context, in core.SetupInput) (_ core.User, err error) {
	note := core.AuditEntry{Action: "berth.setup"}
	stranger := ctx
	defer func() {
		if err != nil {
			s.strange(stranger, &core.AuditEntry{Action: note.Action}, err)
		}
	}()
	link, err := s.CheckSetup(ctx, in.Secret)
	if err != nil {
		return core.User{}, err
	}
	user := core.User{ID: core.NewID(), Email: core.NormalizeEmail(in.Email), Name: in.Name, Operator: true, CreatedAt: s.now()}
	if err := checkSetup(user, in); err != nil {
		return core.User{}, err
	}
	if user.PasswordHash, err = s.passwords.hash(ctx, in.Password); err != nil {
		return core.User{}, err
	}
	note.ActorKind, note.ActorID, note.UserID, note.ActorName = core.ActorUser, user.ID, user.ID, user.Name
	ctx = asSystem(ctx)
	err = s.store.Transact(ctx, func(tx core.Store) error {
		if err := tx.Setup().Take(ctx, link.TokenHash); err != nil {
			return err
		}
		if n, err := tx.Users().Count(ctx); err != nil || n > 0 {
			return errOr(err, core.Errorf(core.EGONE, "error.setup_link_gone"))
		}
		if err := tx.Users().Create(ctx, user); err != nil {
			return err
		}
		tenant, err := s.newTenant(ctx, tx, tenantName(in), core.UnlimitedPlan)
		if err != nil {
			return err
		}
		note.Object = tenant.ID
		note.After = map[string]string{"person": user.Email, "tenant": tenant.Name}
		if err := s.note(ctx, tx, &note); err != nil {
			return err
		}
		return tx.Members().Put(ctx, core.Membership{TenantID: tenant.ID, UserID: user.ID, Role: core.RoleAdmin, CreatedAt: s.now()})
	})
	user.PasswordHash = ""
	return user, err
}

func checkSetup(user core.User, in core.SetupInput) error {
	var f core.Faults
	f.Merge("", user.Validate())
	f.Merge("", core.ValidatePassword(in.Password))
	if in.Tenant != "" {
		f.Merge("", core.ValidateName("tenant", in.Tenant))
	}
	return f.Err()
}

func tenantName(in core.SetupInput) string {
	if in.Tenant != "" {
		return in.Tenant
	}
	return in.Name
}

// errOr returns err, or otherwise when there is none.
func errOr(err, otherwise error) error {
	if err != nil {
		return err
	}
	return otherwise
}

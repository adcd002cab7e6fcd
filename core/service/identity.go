package service

import (
	"context"
	"strings"

	"berth/core"
)

// maxSubject is how long the parts of an identity may be.
const maxSubject = 255

// SignInWith returns the person whom a provider has signed in. One who comes for the first time is found by their
// email, if the provider has verified that, or is made when registration is on. Two-factor is the provider's business.
// Errors: EFORBIDDEN, saying why, EUNAVAILABLE.
func (s *Service) SignInWith(ctx context.Context, c core.Claims, peer string) (core.User, error) {
	if c.Subject == "" || len(c.Subject) > maxSubject || len(c.Issuer) > maxSubject {
		return core.User{}, core.Errorf(core.EFORBIDDEN, "error.provider_identity")
	}
	var user core.User
	err := s.store.Transact(ctx, func(tx core.Store) error {
		var err error
		if user, err = s.userOf(ctx, tx, c); err != nil {
			return err
		}
		return s.noteSignIn(ctx, tx, user, byProvider)
	})
	if core.ErrorCode(err) == core.EFORBIDDEN {
		s.signInFailed(ctx, core.NormalizeEmail(c.Email), peer, err)
	}
	return public(user), err
}

func (s *Service) userOf(ctx context.Context, tx core.Store, c core.Claims) (core.User, error) {
	i, err := tx.Identities().Get(ctx, c.Issuer, c.Subject)
	if err == nil {
		return tx.Users().Get(ctx, i.UserID)
	}
	if core.ErrorCode(err) != core.ENOTFOUND {
		return core.User{}, err
	}
	email := core.NormalizeEmail(c.Email)
	if email == "" || !c.EmailVerified {
		return core.User{}, core.Errorf(core.EFORBIDDEN, "error.provider_unverified")
	}
	user, err := tx.Users().ByEmail(ctx, email)
	if core.ErrorCode(err) == core.ENOTFOUND {
		user, err = s.registerUser(ctx, tx, email, c.Name)
	}
	if err != nil {
		return core.User{}, err
	}
	err = tx.Identities().Create(ctx, core.Identity{Issuer: c.Issuer, Subject: c.Subject, UserID: user.ID, CreatedAt: s.now()})
	if err != nil {
		return core.User{}, err
	}
	return user, s.note(asUser(ctx, user), tx, &core.AuditEntry{Action: "identity.link", Object: user.Email, After: map[string]string{"issuer": shown(c.Issuer)}})
}

// registerUser makes a person of what a provider says. They have no password and are in no tenant yet.
func (s *Service) registerUser(ctx context.Context, tx core.Store, email, name string) (core.User, error) {
	if n, err := tx.Users().Count(ctx); err != nil || !s.register || n == 0 {
		return core.User{}, errOr(err, core.Errorf(core.EFORBIDDEN, "error.provider_unknown", "email", email))
	}
	user := core.User{ID: core.NewID(), Email: email, Name: strings.TrimSpace(name), CreatedAt: s.now()}
	if core.ValidateName("name", user.Name) != nil {
		user.Name, _, _ = strings.Cut(email, "@")
	}
	if core.ValidateName("name", user.Name) != nil {
		user.Name = "Member"
	}
	if err := user.Validate(); err != nil {
		return core.User{}, core.Errorf(core.EFORBIDDEN, "error.provider_identity")
	}
	if err := tx.Users().Create(ctx, user); err != nil {
		return core.User{}, err
	}
	return user, s.note(asUser(ctx, user), tx, &core.AuditEntry{Action: "user.register", Object: user.Email})
}

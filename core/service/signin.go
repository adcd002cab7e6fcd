package service

import (
	"context"

	"berth/core"
)

// SignIn returns the person of an email and a password. peer is the address that connects, as the server sees it.
// An unknown email and a wrong password get the same answer after the same time.
// Errors: EUNAUTHORIZED, ETOOMANY after 20 failures a minute of the address or the account, EUNAVAILABLE.
func (s *Service) SignIn(ctx context.Context, email, password, peer string) (core.User, error) {
	email = core.NormalizeEmail(email)
	now, keys := s.now(), []string{peerKey(peer), "account " + hashSecret(email)}
	if wait := s.failures.begin(now, keys...); wait > 0 {
		e := core.Errorf(core.ETOOMANY, "error.sign_in_limit")
		e.RetryAfter = wait
		return core.User{}, e
	}
	user, err := s.store.Users().ByEmail(ctx, email)
	known := err == nil
	if !known {
		if core.ErrorCode(err) != core.ENOTFOUND {
			return core.User{}, err
		}
		user.PasswordHash = decoy
	}
	ok, err := s.passwords.matches(ctx, user.PasswordHash, password)
	if err != nil {
		return core.User{}, err
	}
	note := core.AuditEntry{Action: "session.create"}
	if known {
		note.Object = user.Email // otherwise it is not known what was typed: it may be the password
	}
	if !ok || !known {
		s.log.Info("sign-in failed", "peer", peer)
		err := core.Errorf(core.EUNAUTHORIZED, "error.sign_in_wrong")
		s.strange(ctx, &note, err)
		return core.User{}, err
	}
	s.failures.succeed(now, keys...)
	s.log.Info("signed in", "user", user.ID, "peer", peer)
	note.ActorKind, note.ActorID, note.UserID, note.ActorName = core.ActorUser, user.ID, user.ID, user.Name
	s.noted(ctx, &note)
	user.PasswordHash = ""
	return user, nil
}

// ActorOfUser returns the actor that a session's person is now. Errors: EUNAUTHORIZED when there is no such person.
func (s *Service) ActorOfUser(ctx context.Context, userID string) (core.Actor, core.User, error) {
	user, err := s.store.Users().Get(ctx, userID)
	if core.ErrorCode(err) == core.ENOTFOUND {
		return core.Actor{}, core.User{}, core.Errorf(core.EUNAUTHORIZED, "error.sign_in_first")
	}
	if err != nil {
		return core.Actor{}, core.User{}, err
	}
	memberships, err := s.store.Members().Of(ctx, userID)
	if err != nil {
		return core.Actor{}, core.User{}, err
	}
	actor := core.Actor{Kind: core.ActorUser, ID: user.ID, UserID: user.ID, Name: user.Name, Operator: user.Operator, Support: user.Support,
		Roles: make(map[string]core.Role, len(memberships))}
	for _, m := range memberships {
		actor.Roles[m.TenantID] = m.Role
	}
	user.PasswordHash = ""
	err = s.withSupport(ctx, &actor)
	return actor, user, err
}

// SetPreferences keeps the language ("en", "zh-Hans", "" follows the browser) and the theme ("light", "dark", ""
// follows the system) of the person who asks. Errors: EUNAUTHORIZED, EFORBIDDEN for a token, EINVALID.
func (s *Service) SetPreferences(ctx context.Context, language, theme string) error {
	actor, err := signedIn(ctx)
	if err != nil {
		return err
	}
	if actor.Kind != core.ActorUser {
		return core.Errorf(core.EFORBIDDEN, "error.forbidden")
	}
	var f core.Faults
	if language != "" && language != "en" && language != "zh-Hans" {
		f.Add("language", "error.language_unknown")
	}
	if theme != "" && theme != "light" && theme != "dark" {
		f.Add("theme", "error.theme_unknown")
	}
	if err := f.Err(); err != nil {
		return err
	}
	return s.store.Transact(ctx, func(tx core.Store) error {
		user, err := tx.Users().Get(ctx, actor.UserID)
		if err != nil {
			return err
		}
		user.Language, user.Theme = language, theme
		return tx.Users().Update(ctx, user)
	})
}

package service

import (
	"context"
	"time"

	"berth/core"
)

// SignIn looks at an email and a password. With two-factor on it returns a ticket for SignInCode and nobody yet. peer
// is the address that connects, as the server sees it. An unknown email and a wrong password get the same answer after
// the same time. Errors: EUNAUTHORIZED, ETOOMANY after 20 failures a minute of the address or the account, EUNAVAILABLE.
func (s *Service) SignIn(ctx context.Context, email, password, peer string) (core.SignedIn, error) {
	email = core.NormalizeEmail(email)
	attempt, err := s.begin(email, peer)
	if err != nil {
		return core.SignedIn{}, err
	}
	user, err := s.store.Users().ByEmail(ctx, email)
	known := err == nil && user.PasswordHash != ""
	if !known {
		if err != nil && core.ErrorCode(err) != core.ENOTFOUND {
			return core.SignedIn{}, err
		}
		user.PasswordHash = decoy
	}
	ok, err := s.passwords.matches(ctx, user.PasswordHash, password)
	if err != nil {
		return core.SignedIn{}, err
	}
	if !ok || !known {
		err := core.Errorf(core.EUNAUTHORIZED, "error.sign_in_wrong")
		s.signInFailed(ctx, email, peer, err)
		return core.SignedIn{}, err
	}
	attempt.succeeded()
	second, err := s.twoFactor(ctx, s.store, user.ID)
	if err != nil {
		return core.SignedIn{}, err
	}
	if second.On {
		ticket, err := s.newTicket(ctx, s.store, core.TicketCode, user.ID, codeTicketFor)
		return core.SignedIn{Ticket: ticket}, err
	}
	s.log.Info("signed in", "user", user.ID, "peer", peer)
	s.noted(asUser(ctx, user), &core.AuditEntry{Action: actSignIn, Object: user.Email, After: map[string]string{"by": byPassword}})
	return core.SignedIn{User: public(user)}, nil
}

// codeTicketFor is how long a person has to find their code.
const codeTicketFor = 10 * time.Minute

// SignInCode completes a sign-in with a code of the person's device, or a recovery code. Wrong ones count as failures
// of the account. Errors: EGONE when the ticket is used or too old, EUNAUTHORIZED at "code", ETOOMANY.
func (s *Service) SignInCode(ctx context.Context, ticket, code, peer string) (core.User, error) {
	t, err := s.ticket(ctx, core.TicketCode, ticket)
	if err != nil {
		return core.User{}, err
	}
	user, err := s.store.Users().Get(ctx, t.UserID)
	if err != nil {
		return core.User{}, gone(err)
	}
	attempt, err := s.begin(user.Email, peer)
	if err != nil {
		return core.User{}, err
	}
	err = s.store.Transact(ctx, func(tx core.Store) error {
		how, err := s.useCode(ctx, tx, user.ID, code)
		if err != nil {
			return err
		}
		if err := tx.Tickets().Take(ctx, core.TicketCode, t.Hash); err != nil {
			return err
		}
		return s.noteSignIn(ctx, tx, user, how)
	})
	if err != nil {
		if core.ErrorCode(err) == core.EUNAUTHORIZED {
			s.signInFailed(ctx, user.Email, peer, err)
		}
		return core.User{}, err
	}
	attempt.succeeded()
	return public(user), nil
}

// attempt is one try of a secret.
type attempt struct {
	failures *failures
	at       time.Time
	keys     []string
}

// begin counts a try by address and by account. Errors: ETOOMANY.
func (s *Service) begin(email, peer string) (attempt, error) {
	a := attempt{s.failures, s.now(), []string{peerKey(peer), "account " + hashSecret(email)}}
	if wait := a.failures.begin(a.at, a.keys...); wait > 0 {
		e := core.Errorf(core.ETOOMANY, "error.sign_in_limit")
		e.RetryAfter = wait
		return a, e
	}
	return a, nil
}

func (a attempt) succeeded() { a.failures.succeed(a.at, a.keys...) }

// How somebody signed in, for the audit.
const (
	byPassword = "password"
	byCode     = "password and code"
	byRecovery = "password and recovery code"
	byProvider = "provider"
)

// actSignIn is what the audit calls a session that begins, or that does not.
const actSignIn = "session.create"

// noteSignIn notes that a session of the person begins.
func (s *Service) noteSignIn(ctx context.Context, tx core.Store, user core.User, how string) error {
	s.log.Info("signed in", "user", user.ID, "peer", core.OriginFrom(ctx).Peer, "by", how)
	return s.note(asUser(ctx, user), tx, &core.AuditEntry{Action: actSignIn, Object: user.Email, After: map[string]string{"by": how}})
}

// signInFailed notes an attempt of somebody who is nobody yet. What was typed is kept only when it is an email: people
// type their password into the wrong field.
func (s *Service) signInFailed(ctx context.Context, email, peer string, cause error) {
	s.log.Info("sign-in failed", "peer", peer)
	note := core.AuditEntry{Action: actSignIn}
	if (core.User{Name: "name", Email: email}).Validate() == nil {
		note.Object = email
	}
	s.strange(ctx, &note, cause)
}

// SignedOut notes that the person who asks has ended their session.
func (s *Service) SignedOut(ctx context.Context) error {
	if core.ActorFrom(ctx).Kind != core.ActorUser {
		return nil
	}
	s.noted(ctx, &core.AuditEntry{Action: "session.delete"})
	return nil
}

// asUser is for what a person does before they have a session.
func asUser(ctx context.Context, user core.User) context.Context {
	return core.WithActor(ctx, core.Actor{Kind: core.ActorUser, ID: user.ID, UserID: user.ID, Name: user.Name})
}

// public is a person without what nobody needs to see.
func public(user core.User) core.User {
	user.PasswordHash = ""
	return user
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
	if err := validPreferences(language, theme); err != nil {
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

func validPreferences(language, theme string) error {
	var f core.Faults
	if language != "" && language != "en" && language != "zh-Hans" {
		f.Add("language", "error.language_unknown")
	}
	if theme != "" && theme != "light" && theme != "dark" {
		f.Add("theme", "error.theme_unknown")
	}
	return f.Err()
}

package service

import (
	"context"
	"time"

	"berth/core"
)

// UpdateProfile changes the name, language and theme of the person who asks. Errors: EUNAUTHORIZED, EFORBIDDEN, EINVALID
// at "name", "language", "theme".
func (s *Service) UpdateProfile(ctx context.Context, in core.ProfileUpdate) (user core.User, err error) {
	actor, err := asOneself(ctx)
	if err != nil {
		return core.User{}, err
	}
	note := &core.AuditEntry{Action: "profile.update"}
	err = s.audited(ctx, note, func(tx core.Store) error {
		if user, err = tx.Users().Get(ctx, actor.UserID); err != nil {
			return err
		}
		note.Before = map[string]string{"name": user.Name}
		in.Apply(&user)
		note.After = map[string]string{"name": user.Name}
		var f core.Faults
		f.Merge("", core.ValidateName("name", user.Name))
		f.Merge("", validPreferences(user.Language, user.Theme))
		if err := f.Err(); err != nil {
			return err
		}
		return tx.Users().Update(ctx, user)
	})
	return public(user), err
}

// HasPassword reports whether the person who asks can sign in with a password; somebody whom a provider brought cannot
// until they set one by a link. Errors: EUNAUTHORIZED, EFORBIDDEN.
func (s *Service) HasPassword(ctx context.Context) (bool, error) {
	actor, err := themselves(ctx)
	if err != nil {
		return false, err
	}
	user, err := s.store.Users().Get(ctx, actor.UserID)
	return user.PasswordHash != "", err
}

// ChangePassword sets a new password; every session of the person but that of keep ends. Errors: EUNAUTHORIZED,
// EFORBIDDEN, EINVALID at "present" or "password", ETOOMANY.
func (s *Service) ChangePassword(ctx context.Context, present, password, keep string) error {
	actor, err := themselves(ctx)
	if err != nil {
		return err
	}
	note := &core.AuditEntry{Action: "password.change"}
	if err := core.ValidatePassword(password); err != nil {
		s.refused(ctx, note, err)
		return err
	}
	user, err := s.store.Users().Get(ctx, actor.UserID)
	if err != nil {
		return err
	}
	attempt, err := s.begin(user.Email, core.OriginFrom(ctx).Peer)
	if err == nil {
		if err = s.checkPassword(ctx, user, present); core.ErrorCode(err) != core.EUNAUTHORIZED {
			attempt.succeeded()
		}
	}
	if err != nil {
		s.refused(ctx, note, err)
		return faultAt(err, "present")
	}
	hash, err := s.passwords.hash(ctx, password)
	if err != nil {
		return err
	}
	err = s.audited(ctx, note, func(tx core.Store) error {
		now, err := tx.Users().Get(ctx, actor.UserID)
		if err != nil {
			return err
		}
		if now.PasswordHash != user.PasswordHash { // another change was faster
			return core.Errorf(core.ECONFLICT, "error.password_changed")
		}
		return s.setPassword(ctx, tx, now, hash, keep)
	})
	if err == nil {
		s.tell(ctx, actor.UserID, "mail.password_changed")
	}
	return err
}

// setPassword ends all that the old one had opened.
func (s *Service) setPassword(ctx context.Context, tx core.Store, user core.User, hash, keep string) error {
	user.PasswordHash = hash
	if err := tx.Users().Update(ctx, user); err != nil {
		return err
	}
	if err := tx.Tickets().DeleteOf(ctx, user.ID); err != nil {
		return err
	}
	_, err := tx.Sessions().DeleteOthers(ctx, user.ID, keep)
	return err
}

// checkPassword checks the password of a known person. Errors: EUNAUTHORIZED, EUNAVAILABLE.
func (s *Service) checkPassword(ctx context.Context, user core.User, password string) error {
	hash := user.PasswordHash
	if hash == "" {
		hash = decoy
	}
	ok, err := s.passwords.matches(ctx, hash, password)
	if err == nil && (!ok || user.PasswordHash == "") {
		err = core.Errorf(core.EUNAUTHORIZED, "error.password_wrong")
	}
	return err
}

// Sessions returns the sessions of the person who asks, last used first. Errors: EUNAUTHORIZED, EFORBIDDEN for a token.
func (s *Service) Sessions(ctx context.Context) ([]core.Session, error) {
	actor, err := asOneself(ctx)
	if err != nil {
		return nil, err
	}
	return s.store.Sessions().OfUser(ctx, actor.UserID, s.now())
}

// EndSession ends one session of the person who asks: its next request finds nobody, and what it has open ends within
// half a minute. Errors: EUNAUTHORIZED, EFORBIDDEN, ENOTFOUND.
func (s *Service) EndSession(ctx context.Context, id string) error {
	actor, err := asOneself(ctx)
	if err != nil {
		return err
	}
	return s.audited(ctx, &core.AuditEntry{Action: "session.revoke", Object: id}, func(tx core.Store) error {
		return tx.Sessions().DeleteOne(ctx, actor.UserID, id)
	})
}

// EndOtherSessions ends every session of the person who asks but that of keep. Errors: EUNAUTHORIZED, EFORBIDDEN.
func (s *Service) EndOtherSessions(ctx context.Context, keep string) error {
	actor, err := themselves(ctx)
	if err != nil {
		return err
	}
	return s.audited(ctx, &core.AuditEntry{Action: "session.revoke_others"}, func(tx core.Store) error {
		_, err := tx.Sessions().DeleteOthers(ctx, actor.UserID, keep)
		return err
	})
}

// tell mails a person what was done with their account; about is the beginning of the keys of subject and text.
func (s *Service) tell(ctx context.Context, userID, about string) {
	user, err := s.store.Users().Get(ctx, userID)
	if err != nil {
		s.log.Warn("a person is not told", "about", about, "error", err)
		return
	}
	peer := core.OriginFrom(ctx).Peer
	if peer == "" {
		peer = "-"
	}
	s.mailLater(ctx, user.Email, user.Language, core.T(about+".subject"), core.T(about+".text", "name", user.Name,
		"time", s.now().UTC().Format(time.DateTime+" UTC"), "peer", peer, "portal", s.portal.String()))
}

package service

import (
	"context"
	"time"

	"berth/core"
)

const resetLinkFor = time.Hour

// RequestReset mails a link to set a new password, if the email is somebody's. Nothing of the answer, nor of the time
// that it takes, tells whether it is. link makes the address of a secret. Errors: ETOOMANY, EUNREACHABLE when no mail
// can be sent at all.
func (s *Service) RequestReset(ctx context.Context, email, peer string, link func(secret string) string) error {
	if !s.MailEnabled() {
		return core.Errorf(core.EUNREACHABLE, "error.mail_off")
	}
	email = core.NormalizeEmail(email)
	if wait := s.failures.begin(s.now(), "reset "+peerKey(peer)); wait > 0 {
		e := core.Errorf(core.ETOOMANY, "error.rate_limited")
		e.RetryAfter = wait
		return e
	}
	if s.resets.begin(s.now(), "account "+hashSecret(email)) > 0 {
		return nil // enough mails are in that box
	}
	s.later(ctx, "mail.reset", func(ctx context.Context) error { return s.mailReset(ctx, email, link) })
	return nil
}

func (s *Service) mailReset(ctx context.Context, email string, link func(secret string) string) error {
	user, err := s.store.Users().ByEmail(ctx, email)
	if err != nil {
		if core.ErrorCode(err) == core.ENOTFOUND {
			err = nil
		}
		return err
	}
	secret, err := s.newTicket(ctx, s.store, core.TicketReset, user.ID, resetLinkFor)
	if err != nil {
		return err
	}
	if err := s.note(ctx, s.store, &core.AuditEntry{Action: "password.request_reset", Object: user.Email}); err != nil {
		return err
	}
	return s.mail(ctx, user.Email, user.Language, core.T("mail.reset.subject"),
		core.T("mail.reset.text", "name", user.Name, "link", link(secret)))
}

// NewResetLink makes the secret of a link with which a person sets a new password, once, within an hour. Errors:
// EUNAUTHORIZED, EFORBIDDEN, ENOTFOUND.
func (s *Service) NewResetLink(ctx context.Context, userID string) (secret string, expires time.Time, err error) {
	if err := core.ActorFrom(ctx).Authorize(core.ActOperate, ""); err != nil {
		return "", time.Time{}, err
	}
	note := &core.AuditEntry{Action: "password.reset_link", Object: userID}
	err = s.audited(ctx, note, func(tx core.Store) error {
		user, err := tx.Users().Get(ctx, userID)
		if err != nil {
			return err
		}
		note.Object = user.Email
		secret, err = s.newTicket(ctx, tx, core.TicketReset, userID, resetLinkFor)
		return err
	})
	return secret, s.now().Add(resetLinkFor), err
}

// CheckReset says whose password a link sets. Opening it changes nothing. Errors: EGONE.
func (s *Service) CheckReset(ctx context.Context, secret string) (email string, err error) {
	t, err := s.ticket(ctx, core.TicketReset, secret)
	if err != nil {
		return "", err
	}
	user, err := s.store.Users().Get(ctx, t.UserID)
	return user.Email, gone(err)
}

// ResetPassword sets a new password by a link. Every session of the person ends; two-factor stays as it is. Exactly one
// of several callers succeeds. Errors: EGONE, EINVALID at "password".
func (s *Service) ResetPassword(ctx context.Context, secret, password string) error {
	t, err := s.ticket(ctx, core.TicketReset, secret)
	if err != nil {
		return err
	}
	if err := core.ValidatePassword(password); err != nil {
		return err
	}
	user, err := s.store.Users().Get(ctx, t.UserID)
	if err != nil {
		return gone(err)
	}
	hash, err := s.passwords.hash(ctx, password)
	if err != nil {
		return err
	}
	ctx = asUser(ctx, user)
	err = s.audited(ctx, &core.AuditEntry{Action: "password.reset", Object: user.Email}, func(tx core.Store) error {
		if err := tx.Tickets().Take(ctx, core.TicketReset, t.Hash); err != nil {
			return err
		}
		now, err := tx.Users().Get(ctx, user.ID)
		if err != nil {
			return gone(err)
		}
		return s.setPassword(ctx, tx, now, hash, "")
	})
	if err == nil {
		s.tell(ctx, user.ID, "mail.password_changed")
	}
	return err
}

package service

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base32"
	"net/url"
	"strings"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/hotp"

	"berth/core"
)

const (
	codeEvery  = 30 * time.Second
	codeDigits = 6
	codeSkew   = 1  // steps that the person's clock may be off
	secretSize = 20 // bytes: what RFC 4226 recommends
)

// TwoFactor says whether the person who asks has two-factor on. Errors: EUNAUTHORIZED, EFORBIDDEN for a token.
func (s *Service) TwoFactor(ctx context.Context) (core.TwoFactorState, error) {
	actor, err := themselves(ctx)
	if err != nil {
		return core.TwoFactorState{}, err
	}
	t, err := s.twoFactor(ctx, s.store, actor.UserID)
	if err != nil || !t.On {
		return core.TwoFactorState{}, err
	}
	n, err := s.store.TwoFactors().CountCodes(ctx, actor.UserID)
	return core.TwoFactorState{On: true, Codes: n}, err
}

// BeginTwoFactor makes a new secret for the person's device. It asks for nothing at sign-in until ConfirmTwoFactor.
// Errors: EUNAUTHORIZED, EFORBIDDEN, ECONFLICT when two-factor is on.
func (s *Service) BeginTwoFactor(ctx context.Context) error {
	actor, err := themselves(ctx)
	if err != nil {
		return err
	}
	key := make([]byte, secretSize)
	rand.Read(key)
	secret := base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(key)
	return s.audited(ctx, &core.AuditEntry{Action: "two_factor.begin"}, func(tx core.Store) error {
		t, err := s.twoFactor(ctx, tx, actor.UserID)
		if err != nil {
			return err
		}
		if t.On {
			return core.Errorf(core.ECONFLICT, "error.two_factor_on")
		}
		return tx.TwoFactors().Put(ctx, core.TwoFactor{UserID: actor.UserID, Secret: secret, CreatedAt: s.now()})
	})
}

// PendingTwoFactor returns the secret that BeginTwoFactor made, as text and as what a QR code holds. Errors:
// EUNAUTHORIZED, EFORBIDDEN, EGONE when there is none or it was confirmed: it is never shown again.
func (s *Service) PendingTwoFactor(ctx context.Context) (secret, uri string, err error) {
	actor, err := themselves(ctx)
	if err != nil {
		return "", "", err
	}
	t, err := s.twoFactor(ctx, s.store, actor.UserID)
	if err != nil {
		return "", "", err
	}
	if t.Secret == "" || t.On {
		return "", "", core.Errorf(core.EGONE, "error.two_factor_gone")
	}
	user, err := s.store.Users().Get(ctx, actor.UserID)
	return t.Secret, keyURI(t.Secret, user.Email), err
}

// keyURI is how authenticators take a secret.
func keyURI(secret, email string) string {
	const issuer = "Berth"
	q := url.Values{"secret": {secret}, "issuer": {issuer}, "algorithm": {"SHA1"}, "digits": {"6"}, "period": {"30"}}
	return "otpauth://totp/" + url.PathEscape(issuer+":"+email) + "?" + q.Encode()
}

// ConfirmTwoFactor switches two-factor on with a first code and returns the recovery codes, once. Errors:
// EUNAUTHORIZED, EFORBIDDEN, EGONE when none was begun, EINVALID at "code", ETOOMANY.
func (s *Service) ConfirmTwoFactor(ctx context.Context, code string) (codes []string, err error) {
	actor, err := themselves(ctx)
	if err != nil {
		return nil, err
	}
	err = s.proven(ctx, "two_factor.on", actor, "", func(tx core.Store) error {
		t, err := s.twoFactor(ctx, tx, actor.UserID)
		if err != nil {
			return err
		}
		if t.Secret == "" || t.On {
			return core.Errorf(core.EGONE, "error.two_factor_gone")
		}
		step, ok := s.matchingStep(t.Secret, code)
		if !ok {
			return wrongCode()
		}
		if err := tx.TwoFactors().Use(ctx, actor.UserID, step); err != nil {
			return err
		}
		codes, err = newRecoveryCodes(ctx, tx, actor.UserID)
		return err
	})
	return codes, faultAt(err, "code")
}

// NewRecoveryCodes replaces the recovery codes and returns the new ones, once. proof is the person's password or a
// code. Errors: EUNAUTHORIZED, EFORBIDDEN, EGONE when two-factor is off, EINVALID at "proof", ETOOMANY.
func (s *Service) NewRecoveryCodes(ctx context.Context, proof string) (codes []string, err error) {
	actor, err := themselves(ctx)
	if err != nil {
		return nil, err
	}
	if proof == "" {
		return nil, missing("proof")
	}
	err = s.proven(ctx, "two_factor.codes", actor, proof, func(tx core.Store) error {
		if t, err := s.twoFactor(ctx, tx, actor.UserID); err != nil || !t.On {
			return errOr(err, core.Errorf(core.EGONE, "error.two_factor_gone"))
		}
		codes, err = newRecoveryCodes(ctx, tx, actor.UserID)
		return err
	})
	return codes, faultAt(err, "proof")
}

// StopTwoFactor switches two-factor off. proof is the person's password or a code. Errors: EUNAUTHORIZED, EFORBIDDEN,
// EGONE when it is off, EINVALID at "proof", ETOOMANY.
func (s *Service) StopTwoFactor(ctx context.Context, proof string) error {
	actor, err := themselves(ctx)
	if err != nil {
		return err
	}
	if proof == "" {
		return missing("proof")
	}
	err = s.proven(ctx, "two_factor.off", actor, proof, func(tx core.Store) error {
		if t, err := s.twoFactor(ctx, tx, actor.UserID); err != nil || !t.On {
			return errOr(err, core.Errorf(core.EGONE, "error.two_factor_gone"))
		}
		return tx.TwoFactors().Delete(ctx, actor.UserID)
	})
	if err == nil {
		s.tell(ctx, actor.UserID, "mail.two_factor_off")
	}
	return faultAt(err, "proof")
}

// ResetTwoFactor switches off the two-factor of somebody who has lost their device and their codes. Errors:
// EUNAUTHORIZED, EFORBIDDEN, ENOTFOUND.
func (s *Service) ResetTwoFactor(ctx context.Context, userID string) error {
	if err := core.ActorFrom(ctx).Authorize(core.ActOperate, ""); err != nil {
		return err
	}
	note := &core.AuditEntry{Action: "two_factor.reset", Object: userID}
	err := s.audited(ctx, note, func(tx core.Store) error {
		user, err := tx.Users().Get(ctx, userID)
		if err != nil {
			return err
		}
		note.Object = user.Email
		return tx.TwoFactors().Delete(ctx, userID)
	})
	if err == nil {
		s.tell(ctx, userID, "mail.two_factor_off")
	}
	return err
}

// proven carries out a change that asks for a secret of the person. A wrong one counts as a failed sign-in, so that
// whoever borrowed a session cannot try them all. proof is a password or a code; "" leaves the asking to change.
func (s *Service) proven(ctx context.Context, action string, actor core.Actor, proof string, change func(tx core.Store) error) error {
	user, err := s.store.Users().Get(ctx, actor.UserID)
	if err != nil {
		return err
	}
	note := &core.AuditEntry{Action: action}
	attempt, err := s.begin(user.Email, core.OriginFrom(ctx).Peer)
	coded := looksLikeCode(proof)
	if err == nil && proof != "" && !coded {
		err = s.checkPassword(ctx, user, proof) // not within a transaction: it takes its time
	}
	if err != nil {
		s.refused(ctx, note, err)
	} else {
		err = s.audited(ctx, note, func(tx core.Store) error {
			if coded {
				if _, err := s.useCode(ctx, tx, user.ID, proof); err != nil {
					return err
				}
			}
			return change(tx)
		})
	}
	if code := core.ErrorCode(err); code != core.EUNAUTHORIZED && code != core.ETOOMANY {
		attempt.succeeded()
	}
	return err
}

// useCode takes a code of the device or a recovery code, once. Errors: EUNAUTHORIZED.
func (s *Service) useCode(ctx context.Context, tx core.Store, userID, code string) (how string, err error) {
	t, err := s.twoFactor(ctx, tx, userID)
	if err != nil {
		return "", err
	}
	if !t.On {
		return "", core.Errorf(core.EGONE, "error.two_factor_gone") // switched off meanwhile
	}
	code = bareCode(code)
	if len(code) != codeDigits {
		return byRecovery, wrong(tx.TwoFactors().TakeCode(ctx, userID, recoveryHash(userID, code)))
	}
	step, ok := s.matchingStep(t.Secret, code)
	if !ok {
		return "", wrongCode()
	}
	return byCode, wrong(tx.TwoFactors().Use(ctx, userID, step))
}

func wrongCode() *core.Error { return core.Errorf(core.EUNAUTHORIZED, "error.code_wrong") }

// wrong words that a code was used already, as if it had never been one.
func wrong(err error) error {
	if core.ErrorCode(err) == core.EGONE {
		return wrongCode()
	}
	return err
}

// matchingStep returns the time step whose code this is. Every step is compared, so that the time tells nothing.
func (s *Service) matchingStep(secret, code string) (step int64, ok bool) {
	now := s.now().Unix() / int64(codeEvery/time.Second)
	for n := now - codeSkew; n <= now+codeSkew; n++ {
		want, err := hotp.GenerateCodeCustom(secret, uint64(n), hotp.ValidateOpts{Digits: otp.DigitsSix, Algorithm: otp.AlgorithmSHA1})
		if err == nil && subtle.ConstantTimeCompare([]byte(want), []byte(bareCode(code))) == 1 {
			step, ok = n, true
		}
	}
	return step, ok
}

// twoFactor returns a person's second step, the zero one when there is none.
func (s *Service) twoFactor(ctx context.Context, tx core.Store, userID string) (core.TwoFactor, error) {
	t, err := tx.TwoFactors().Get(ctx, userID)
	if core.ErrorCode(err) == core.ENOTFOUND {
		return core.TwoFactor{}, nil
	}
	return t, err
}

// newRecoveryCodes makes codes of 80 random bits, such as "abcd-efgh-jkmn-pqrs", and keeps their hashes.
func newRecoveryCodes(ctx context.Context, tx core.Store, userID string) ([]string, error) {
	codes, hashes := make([]string, core.RecoveryCodes), make([]string, core.RecoveryCodes)
	for i := range codes {
		text := core.NewSecret()[:16]
		hashes[i] = recoveryHash(userID, text)
		codes[i] = strings.Join([]string{text[:4], text[4:8], text[8:12], text[12:]}, "-")
	}
	return codes, tx.TwoFactors().PutCodes(ctx, userID, hashes)
}

func recoveryHash(userID, code string) string { return hashSecret("recovery " + userID + " " + code) }

// bareCode is a code without what people put between its parts.
func bareCode(code string) string {
	return strings.ToLower(strings.NewReplacer(" ", "", "-", "", "\u00a0", "").Replace(strings.TrimSpace(code)))
}

// looksLikeCode tells six digits and a recovery code from a password.
func looksLikeCode(text string) bool {
	bare := bareCode(text)
	digits := strings.Trim(bare, "0123456789") == ""
	return len(bare) == codeDigits && digits || len(bare) == 16 && strings.Count(text, "-") == 3
}

// themselves returns the person who asks about their own account. Errors: EUNAUTHORIZED, EFORBIDDEN for a token, which
// must not be worth more than what it was made for.
func themselves(ctx context.Context) (core.Actor, error) {
	actor, err := signedIn(ctx)
	if err == nil && actor.Kind != core.ActorUser {
		err = core.Errorf(core.EFORBIDDEN, "error.only_yourself")
	}
	return actor, err
}

// faultAt puts a wrong secret of a form at its field: the session itself is fine.
func faultAt(err error, field string) error {
	if core.ErrorCode(err) != core.EUNAUTHORIZED {
		return err
	}
	m := core.ErrorMessage(err)
	return &core.Error{Code: core.EINVALID, Message: m, Fields: []core.FieldError{{Field: field, Message: m}}, Err: err}
}

func missing(field string) error { return core.Invalid(field, "error.field_missing") }

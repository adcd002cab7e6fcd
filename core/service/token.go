package service

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"slices"
	"strconv"
	"strings"
	"time"

	"berth/core"
)

const (
	tokenPrefix = "berth_" // so that a leaked token can be told from other text
	touchEvery  = time.Minute
)

// CreateToken makes a token for a tenant, or for operators when in.TenantID is "". The secret is returned once.
// Errors: EUNAUTHORIZED, ENOTFOUND, EFORBIDDEN, ECONFLICT when there are too many, EINVALID at "name", "scope", "apps",
// "expires_at".
func (s *Service) CreateToken(ctx context.Context, in core.Token) (_ core.Token, _ string, err error) {
	note := core.AuditEntry{Action: "token.create", TenantID: in.TenantID}
	defer s.attempted(ctx, &note, &err)
	if err := s.authorize(ctx, tokenAction(in.TenantID), in.TenantID); err != nil {
		return core.Token{}, "", err
	}
	if in.TenantID != "" {
		if _, err := changeableTenant(ctx, s.store, in.TenantID, core.ActManage); err != nil {
			return core.Token{}, "", err
		}
	}
	in.OwnerID = ""
	return s.createToken(ctx, in, &note)
}

// CreateOwnToken makes a token that acts as the person who asks, with what its scope keeps. The secret is returned
// once. Errors: as CreateToken; EFORBIDDEN for what is no person, see asOneself.
func (s *Service) CreateOwnToken(ctx context.Context, in core.Token) (_ core.Token, _ string, err error) {
	note := core.AuditEntry{Action: "token.create"}
	defer s.attempted(ctx, &note, &err)
	person, err := asOneself(ctx)
	if err != nil {
		return core.Token{}, "", err
	}
	in.TenantID, in.OwnerID = "", person.UserID
	return s.createToken(ctx, in, &note)
}

func (s *Service) createToken(ctx context.Context, in core.Token, note *core.AuditEntry) (core.Token, string, error) {
	if err := s.checkToken(ctx, in); err != nil {
		return core.Token{}, "", err
	}
	secret := tokenPrefix + core.NewSecret()
	t := core.Token{ID: core.NewID(), TenantID: in.TenantID, OwnerID: in.OwnerID, UserID: core.ActorFrom(ctx).UserID, Name: in.Name,
		SecretHash: hashSecret(secret), Scope: in.Scope, Apps: in.Apps, CreatedAt: s.now(), ExpiresAt: in.ExpiresAt}
	note.Object, note.After = t.Name, tokenValues(t)
	err := s.store.Transact(ctx, func(tx core.Store) error {
		others, err := tokensLike(ctx, tx, t)
		if err != nil {
			return err
		}
		if len(others) >= core.MaxTokens {
			return core.Errorf(core.ECONFLICT, "error.tokens_many", "max", strconv.Itoa(core.MaxTokens))
		}
		if err := tx.Tokens().Create(ctx, t); err != nil {
			return err
		}
		return s.note(ctx, tx, note)
	})
	if err != nil {
		return core.Token{}, "", err
	}
	t.SecretHash = ""
	return t, secret, nil
}

// tokenValues is what the audit says of a token.
func tokenValues(t core.Token) map[string]string {
	values := map[string]string{"name": t.Name, "scope": string(t.Scope)}
	if t.Apps != nil {
		values["apps"] = strings.Join(t.Apps, ", ")
	}
	if !t.ExpiresAt.IsZero() {
		values["expires_at"] = t.ExpiresAt.UTC().Format(time.RFC3339)
	}
	return values
}

// checkToken reports every fault of a new token. What is made by a token has no more than that one.
func (s *Service) checkToken(ctx context.Context, in core.Token) error {
	actor := core.ActorFrom(ctx)
	var f core.Faults
	f.Merge("", in.Validate())
	if in.Scope.Valid() && actor.Scope.Valid() && slices.Index(core.Scopes, in.Scope) > slices.Index(core.Scopes, actor.Scope) {
		f.Add("scope", "error.token_beyond")
	}
	if len(in.Apps) <= core.MaxTokens {
		if err := s.checkTokenApps(ctx, in, &f); err != nil {
			return err
		}
	}
	switch {
	case !in.ExpiresAt.IsZero() && !in.ExpiresAt.After(s.now()):
		f.Add("expires_at", "error.expiry_past")
	case !actor.Expires.IsZero() && (in.ExpiresAt.IsZero() || in.ExpiresAt.Truncate(time.Microsecond).After(actor.Expires)):
		f.Add("expires_at", "error.token_outlives")
	}
	return f.Err()
}

// checkTokenApps notes the apps that are not the tenant's, or not there for the person.
func (s *Service) checkTokenApps(ctx context.Context, in core.Token, f *core.Faults) error {
	if actor := core.ActorFrom(ctx); actor.Apps != nil && in.Apps == nil {
		f.Add("apps", "error.token_beyond")
	}
	for _, id := range in.Apps {
		app, err := appFor(ctx, s.store, id, core.ActView)
		switch {
		case core.ErrorCode(err) == core.ENOTFOUND || core.ErrorCode(err) == core.EFORBIDDEN,
			err == nil && in.TenantID != "" && app.TenantID != in.TenantID:
			f.Add("apps", "error.token_app_unknown", "app", shown(id))
		case err != nil:
			return err
		}
	}
	return nil
}

// Tokens returns the tokens of a tenant, or the operators' for "", newest first. Errors: EUNAUTHORIZED, ENOTFOUND,
// EFORBIDDEN.
func (s *Service) Tokens(ctx context.Context, tenantID string) ([]core.Token, error) {
	if err := s.authorize(ctx, tokenAction(tenantID), tenantID); err != nil {
		return nil, err
	}
	return hashless(s.store.Tokens().List(ctx, tenantID))
}

// OwnTokens returns the tokens of the person who asks, newest first. Errors: EUNAUTHORIZED, EFORBIDDEN.
func (s *Service) OwnTokens(ctx context.Context) ([]core.Token, error) {
	if _, err := asOneself(ctx); err != nil {
		return nil, err
	}
	return hashless(s.store.Tokens().Owned(ctx))
}

// DeleteToken revokes a token of a tenant, or of the operators for "". Errors: EUNAUTHORIZED, ENOTFOUND, EFORBIDDEN.
func (s *Service) DeleteToken(ctx context.Context, tenantID, id string) (err error) {
	note := core.AuditEntry{Action: "token.delete", TenantID: tenantID}
	defer s.attempted(ctx, &note, &err)
	if err := s.authorize(ctx, tokenAction(tenantID), tenantID); err != nil {
		return err
	}
	return s.deleteToken(ctx, core.Token{ID: id, TenantID: tenantID}, &note)
}

// DeleteOwnToken revokes a token of the person who asks; every token of a person may revoke itself.
// Errors: EUNAUTHORIZED, ENOTFOUND, EFORBIDDEN.
func (s *Service) DeleteOwnToken(ctx context.Context, id string) (err error) {
	note := core.AuditEntry{Action: "token.delete"}
	defer s.attempted(ctx, &note, &err)
	actor, err := asOneself(ctx)
	if err != nil && (actor.Kind != core.ActorToken || actor.ID != id || actor.UserID == "") {
		return err
	}
	return s.deleteToken(ctx, core.Token{ID: id, OwnerID: actor.UserID}, &note)
}

// deleteToken revokes the token of t's id among those that belong to whom t does.
func (s *Service) deleteToken(ctx context.Context, t core.Token, note *core.AuditEntry) error {
	return s.store.Transact(ctx, func(tx core.Store) error {
		tokens, err := tokensLike(ctx, tx, t)
		if err != nil {
			return err
		}
		for _, known := range tokens {
			if known.ID == t.ID {
				note.Object, note.Before = known.Name, tokenValues(known)
			}
		}
		if t.OwnerID != "" {
			err = tx.Tokens().DeleteOwned(ctx, t.ID)
		} else {
			err = tx.Tokens().Delete(ctx, t.TenantID, t.ID)
		}
		if err != nil {
			return err
		}
		return s.note(ctx, tx, note)
	})
}

// asOneself returns the actor when it is a person, or a token of one that keeps everything. Errors: EUNAUTHORIZED,
// EFORBIDDEN.
func asOneself(ctx context.Context) (core.Actor, error) {
	actor, err := signedIn(ctx)
	if err != nil {
		return actor, err
	}
	whole := actor.Kind == core.ActorToken && actor.Scope == core.ScopeAdmin && actor.Apps == nil
	if actor.UserID == "" || actor.Kind != core.ActorUser && !whole {
		return actor, core.Errorf(core.EFORBIDDEN, "error.forbidden")
	}
	return actor, nil
}

// tokensLike returns the tokens that belong to whom t does.
func tokensLike(ctx context.Context, tx core.Store, t core.Token) ([]core.Token, error) {
	if t.OwnerID != "" {
		return tx.Tokens().Owned(ctx)
	}
	return tx.Tokens().List(ctx, t.TenantID)
}

func hashless(tokens []core.Token, err error) ([]core.Token, error) {
	for i := range tokens {
		tokens[i].SecretHash = ""
	}
	return tokens, err
}

// tokenAction is what the maker of a token must be allowed to do.
func tokenAction(tenantID string) core.Action {
	if tenantID == "" {
		return core.ActOperate
	}
	return core.ActManage
}

// hashSecret is for secrets of 256 random bits, which need no salt and no slow hash.
func hashSecret(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}

// equalSecret compares in constant time; nothing equals a secret that is not set.
func equalSecret(given, secret string) bool {
	return secret != "" && subtle.ConstantTimeCompare([]byte(hashSecret(given)), []byte(hashSecret(secret))) == 1
}

package service

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"time"

	"berth/core"
)

const (
	tokenPrefix = "berth_" // so that a leaked token can be told from other text
	touchEvery  = time.Minute
)

// CreateToken makes a token for a tenant, or for operators when in.TenantID is "". The secret is returned once.
// Errors: EUNAUTHORIZED, ENOTFOUND, EFORBIDDEN, EINVALID at "name", "scope", "expires_at".
func (s *Service) CreateToken(ctx context.Context, in core.Token) (_ core.Token, _ string, err error) {
	note := core.AuditEntry{Action: "token.create", TenantID: in.TenantID}
	defer s.attempted(ctx, &note, &err)
	if err := s.authorize(ctx, tokenAction(in.TenantID), in.TenantID); err != nil {
		return core.Token{}, "", err
	}
	var f core.Faults
	f.Merge("", in.Validate())
	if !in.ExpiresAt.IsZero() && !in.ExpiresAt.After(s.now()) {
		f.Add("expires_at", "error.expiry_past")
	}
	if err := f.Err(); err != nil {
		return core.Token{}, "", err
	}
	secret := tokenPrefix + core.NewSecret()
	t := core.Token{ID: core.NewID(), TenantID: in.TenantID, UserID: core.ActorFrom(ctx).UserID, Name: in.Name,
		SecretHash: hashSecret(secret), Scope: in.Scope, CreatedAt: s.now(), ExpiresAt: in.ExpiresAt}
	note.Object, note.After = t.Name, tokenValues(t)
	err = s.store.Transact(ctx, func(tx core.Store) error {
		if err := tx.Tokens().Create(ctx, t); err != nil {
			return err
		}
		return s.note(ctx, tx, &note)
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
	if !t.ExpiresAt.IsZero() {
		values["expires_at"] = t.ExpiresAt.UTC().Format(time.RFC3339)
	}
	return values
}

// Tokens returns the tokens of a tenant, or the operators' for "", newest first. Errors: EUNAUTHORIZED, ENOTFOUND,
// EFORBIDDEN.
func (s *Service) Tokens(ctx context.Context, tenantID string) ([]core.Token, error) {
	if err := s.authorize(ctx, tokenAction(tenantID), tenantID); err != nil {
		return nil, err
	}
	tokens, err := s.store.Tokens().List(ctx, tenantID)
	for i := range tokens {
		tokens[i].SecretHash = ""
	}
	return tokens, err
}

// DeleteToken revokes a token. Errors: EUNAUTHORIZED, ENOTFOUND, EFORBIDDEN.
func (s *Service) DeleteToken(ctx context.Context, tenantID, id string) (err error) {
	note := core.AuditEntry{Action: "token.delete", TenantID: tenantID}
	defer s.attempted(ctx, &note, &err)
	if err := s.authorize(ctx, tokenAction(tenantID), tenantID); err != nil {
		return err
	}
	return s.store.Transact(ctx, func(tx core.Store) error {
		tokens, err := tx.Tokens().List(ctx, tenantID)
		if err != nil {
			return err
		}
		for _, t := range tokens {
			if t.ID == id {
				note.Object, note.Before = t.Name, tokenValues(t)
			}
		}
		if err := tx.Tokens().Delete(ctx, tenantID, id); err != nil {
			return err
		}
		return s.note(ctx, tx, &note)
	})
}

// ActorOfToken returns the actor that a presented secret stands for. Errors: EUNAUTHORIZED.
func (s *Service) ActorOfToken(ctx context.Context, secret string) (core.Actor, error) {
	if equalSecret(secret, s.bootstrapToken) {
		return core.Actor{Kind: core.ActorToken, ID: "bootstrap", Name: "bootstrap-token", Operator: true,
			Scope: core.ScopeAdmin}, nil
	}
	t, err := s.store.Tokens().BySecretHash(ctx, hashSecret(secret))
	now := s.now()
	if core.ErrorCode(err) == core.ENOTFOUND || err == nil && !t.ExpiresAt.IsZero() && !now.Before(t.ExpiresAt) {
		return core.Actor{}, core.Errorf(core.EUNAUTHORIZED, "error.token_wrong")
	}
	if err != nil {
		return core.Actor{}, err
	}
	if now.Sub(t.LastUsedAt) >= touchEvery {
		if err := s.store.Tokens().Touch(ctx, t.ID, now); err != nil {
			s.log.Warn("the last use of a token is not noted", "token", t.ID, "error", err)
		}
	}
	actor := core.Actor{Kind: core.ActorToken, ID: t.ID, UserID: t.UserID, Name: t.Name, Scope: t.Scope,
		Operator: t.TenantID == ""}
	if t.TenantID != "" {
		actor.Roles = map[string]core.Role{t.TenantID: roleOf(t.Scope)}
	}
	return actor, nil
}

// tokenAction is what the maker of a token must be allowed to do.
func tokenAction(tenantID string) core.Action {
	if tenantID == "" {
		return core.ActOperate
	}
	return core.ActManage
}

func roleOf(scope core.Scope) core.Role {
	switch scope {
	case core.ScopeAdmin:
		return core.RoleAdmin
	case core.ScopeDeploy:
		return core.RoleDeveloper
	}
	return core.RoleViewer
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

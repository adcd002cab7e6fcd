package core

import (
	"context"
	"time"
)

// Token gives a program access to the API and the image registry. The secret is shown once and stored hashed.
type Token struct {
	ID         string
	TenantID   string // "" for an operator's token
	UserID     string // who made it
	Name       string
	SecretHash string // SHA-256 of the secret, hex; enough because the secret has 256 random bits
	Scope      Scope
	CreatedAt  time.Time
	ExpiresAt  time.Time // zero never expires
	LastUsedAt time.Time
}

// Validate reports every fault of t. Errors: EINVALID.
func (t Token) Validate() error {
	var f Faults
	f.Merge("", ValidateName("name", t.Name))
	if !t.Scope.Valid() {
		f.Add("scope", "error.scope_unknown")
	}
	return f.Err()
}

// TokenStore keeps tokens.
type TokenStore interface {
	Create(ctx context.Context, t Token) error
	// BySecretHash returns the token of a presented secret. Unscoped: it is what makes an actor. Errors: ENOTFOUND.
	BySecretHash(ctx context.Context, hash string) (Token, error)
	// List returns the tokens of a tenant, newest first.
	List(ctx context.Context, tenantID string) ([]Token, error)
	// Delete revokes a token of a tenant. Errors: ENOTFOUND.
	Delete(ctx context.Context, tenantID, id string) error
	// Touch notes when a token was last used.
	Touch(ctx context.Context, id string, at time.Time) error
}

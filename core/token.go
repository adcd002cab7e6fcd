package core

import (
	"context"
	"time"
)

// Token gives a program access to the API and the image registry. It is a tenant's, a person's, or else the
// operators'. The secret is shown once and stored hashed.
type Token struct {
	ID         string
	TenantID   string // the tenant that it belongs to; "" for a person's and the operators'
	OwnerID    string // the person who it acts as, and with whom it ends; "" for a tenant's and the operators'
	UserID     string // who made it
	Name       string
	SecretHash string // SHA-256 of the secret, hex; enough because the secret has 256 random bits
	Scope      Scope
	Apps       []string // the only apps that exist for it; nil for all
	CreatedAt  time.Time
	ExpiresAt  time.Time // zero never expires
	LastUsedAt time.Time
	LastPeer   string // the address that used it last
}

// MaxTokens is how many tokens a tenant, a person and the operators may have each, and to how many apps a token may be
// narrowed.
const MaxTokens = 100

// Validate reports every fault of t. Errors: EINVALID.
func (t Token) Validate() error {
	var f Faults
	f.Merge("", ValidateName("name", t.Name))
	if !t.Scope.Valid() {
		f.Add("scope", "error.scope_unknown")
	}
	switch {
	case t.Apps != nil && len(t.Apps) == 0:
		f.Add("apps", "error.token_apps_none")
	case len(t.Apps) > MaxTokens:
		f.Add("apps", "error.token_apps_many", "max", itoa(MaxTokens))
	}
	return f.Err()
}

// TokenStore keeps tokens.
type TokenStore interface {
	Create(ctx context.Context, t Token) error
	// BySecretHash returns the token of a presented secret. Unscoped: it is what makes an actor. Errors: ENOTFOUND.
	BySecretHash(ctx context.Context, hash string) (Token, error)
	// List returns the tokens of a tenant, or the operators' for "", newest first.
	List(ctx context.Context, tenantID string) ([]Token, error)
	// Owned returns the tokens of the person behind the actor, newest first; none when there is no person.
	Owned(ctx context.Context) ([]Token, error)
	// Delete revokes a token of a tenant, or of the operators for "". Errors: ENOTFOUND.
	Delete(ctx context.Context, tenantID, id string) error
	// DeleteOwned revokes a token of the person behind the actor. Errors: ENOTFOUND.
	DeleteOwned(ctx context.Context, id string) error
	// Touch notes when and from which address a token was last used.
	Touch(ctx context.Context, id string, at time.Time, peer string) error
}

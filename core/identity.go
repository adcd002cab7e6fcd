package core

import (
	"context"
	"time"
)

// Identity is somebody as a sign-in provider knows them, tied to a person here.
type Identity struct {
	Issuer    string
	Subject   string // unique and unchanging within the issuer
	UserID    string
	CreatedAt time.Time
}

// Claims is what a provider says of somebody who signed in there.
type Claims struct {
	Issuer, Subject string
	Email           string
	EmailVerified   bool // the provider knows that the email is theirs
	Name            string
}

// ProviderFlow is what ties the way to a provider and back to one browser: random, used once.
type ProviderFlow struct {
	State    string // comes back in the address
	Nonce    string // comes back inside the signed token
	Verifier string // proves that whoever fetches the token began the way (PKCE)
}

// IdentityStore keeps who is who at providers. Unscoped: only signing in calls it.
type IdentityStore interface {
	// Create adds i. Errors: ECONFLICT when the identity is somebody's already, ENOTFOUND when there is no such person.
	Create(ctx context.Context, i Identity) error
	// Get returns an identity. Errors: ENOTFOUND.
	Get(ctx context.Context, issuer, subject string) (Identity, error)
	// OfUser returns a person's identities.
	OfUser(ctx context.Context, userID string) ([]Identity, error)
}

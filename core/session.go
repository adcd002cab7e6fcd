package core

import (
	"context"
	"time"
)

// SessionStore keeps the portal's sessions as opaque data under the hash of their token. Unscoped.
type SessionStore interface {
	// Find returns the data of a session that has not expired; ok is false when there is none.
	Find(ctx context.Context, tokenHash string) (data []byte, ok bool, err error)
	// Save writes a session. userID is "" before sign-in.
	Save(ctx context.Context, tokenHash, userID string, data []byte, expires time.Time) error
	// Delete removes a session; removing what is absent is no error.
	Delete(ctx context.Context, tokenHash string) error
	// CountOf returns how many sessions a person has that have not expired.
	CountOf(ctx context.Context, userID string) (int, error)
	// DeleteExpired removes what expired before now.
	DeleteExpired(ctx context.Context, now time.Time) error
}

// SetupLink lets whoever opens it become the first operator. It works once.
type SetupLink struct {
	TokenHash string // SHA-256 of the secret in the link, hex
	ExpiresAt time.Time
}

// SetupStore keeps the one setup link. Unscoped.
type SetupStore interface {
	// Put replaces the link.
	Put(ctx context.Context, l SetupLink) error
	// Get returns the link. Errors: EGONE when there is none.
	Get(ctx context.Context) (SetupLink, error)
	// Take removes the link of that hash; exactly one of several callers succeeds. Errors: EGONE.
	Take(ctx context.Context, tokenHash string) error
}

// SetupInput is what the first operator says.
type SetupInput struct {
	Secret   string // of the setup link
	Name     string
	Email    string
	Password string
	Tenant   string // name of the first tenant; "" takes the person's name
}

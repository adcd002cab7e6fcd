package core

import (
	"context"
	"time"
)

// Session is a browser in which somebody is signed in.
type Session struct {
	ID        string // names it to people; says nothing of the token
	TokenHash string
	UserID    string
	Peer      string // the address that signed in
	Agent     string // the browser, as it calls itself
	CreatedAt time.Time
	SeenAt    time.Time // to the minute
	ExpiresAt time.Time
	Data      []byte // the portal's own; lists leave it out
}

// SessionStore keeps the portal's sessions under the hash of their token. Unscoped: what names a person is called with
// the person's own id, or by operators.
type SessionStore interface {
	// Create adds a session.
	Create(ctx context.Context, s Session) error
	// Find returns the data of a session that has not expired; ok is false when there is none.
	Find(ctx context.Context, tokenHash string) (data []byte, ok bool, err error)
	// Touch writes the data of a session and that it was used. One that was removed stays removed, without an error.
	Touch(ctx context.Context, tokenHash string, data []byte, seen, expires time.Time) error
	// Delete removes a session; removing what is absent is no error.
	Delete(ctx context.Context, tokenHash string) error
	// CountOf returns how many sessions a person has that have not expired.
	CountOf(ctx context.Context, userID string) (int, error)
	// OfUser returns the sessions of a person that have not expired, last used first.
	OfUser(ctx context.Context, userID string, now time.Time) ([]Session, error)
	// DeleteOne removes a session of a person. Errors: ENOTFOUND.
	DeleteOne(ctx context.Context, userID, id string) error
	// DeleteOthers removes every session of a person but the one of keepID, "" for all, and returns how many.
	DeleteOthers(ctx context.Context, userID, keepID string) (int, error)
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

package core

import (
	"context"
	"time"
)

// Ticket is a secret that works once, for one purpose and a short time.
type Ticket struct {
	Hash      string // SHA-256 of the secret, hex
	Purpose   TicketPurpose
	UserID    string
	CreatedAt time.Time
	ExpiresAt time.Time
}

// TicketPurpose is what a ticket lets its bearer do.
type TicketPurpose string

const (
	TicketCode  TicketPurpose = "code"  // the password was right; the code of the second step is still to come
	TicketReset TicketPurpose = "reset" // set a new password
)

// TicketStore keeps tickets. Unscoped: whoever has the secret may.
type TicketStore interface {
	// Create adds t. Errors: ENOTFOUND when there is no such person.
	Create(ctx context.Context, t Ticket) error
	// Get returns a ticket, expired or not. Errors: EGONE.
	Get(ctx context.Context, purpose TicketPurpose, hash string) (Ticket, error)
	// Take removes a ticket; exactly one of several callers succeeds. Errors: EGONE.
	Take(ctx context.Context, purpose TicketPurpose, hash string) error
	// DeleteOf removes every ticket of a person.
	DeleteOf(ctx context.Context, userID string) error
	// DeleteExpired removes what expired before now.
	DeleteExpired(ctx context.Context, now time.Time) error
}

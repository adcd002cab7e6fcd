package core

import (
	"context"
	"time"
)

// TwoFactor is the second step of somebody's sign-in: a code of six digits that changes every 30 seconds (RFC 6238).
type TwoFactor struct {
	UserID    string
	Secret    string // base32; sealed in the store
	On        bool   // false until a first code has shown that the person's device has the secret
	CreatedAt time.Time
}

// RecoveryCodes is how many there are: each stands in for a code once, when the device is lost.
const RecoveryCodes = 10

// TwoFactorState is what a person sees of it.
type TwoFactorState struct {
	On    bool
	Codes int // recovery codes that are left
}

// TwoFactorStore keeps second steps and the hashes of recovery codes. Unscoped: what names a person is called for that
// person alone, while signing in or on their profile, or by operators.
type TwoFactorStore interface {
	// Get returns a person's second step. Errors: ENOTFOUND.
	Get(ctx context.Context, userID string) (TwoFactor, error)
	// Put replaces a person's second step, with no recovery codes. Errors: ENOTFOUND when there is no such person.
	Put(ctx context.Context, t TwoFactor) error
	// Use notes that the code of a time step was accepted, and switches the second step on. Of several callers with a
	// step that is not later than the last one exactly none succeeds, so that a code works once. Errors: EGONE.
	Use(ctx context.Context, userID string, step int64) error
	// Delete removes a person's second step and recovery codes; removing what is absent is no error.
	Delete(ctx context.Context, userID string) error
	// PutCodes replaces the recovery codes by the hashes of new ones.
	PutCodes(ctx context.Context, userID string, hashes []string) error
	// TakeCode removes a recovery code; exactly one of several callers succeeds. Errors: EGONE.
	TakeCode(ctx context.Context, userID, hash string) error
	// CountCodes returns how many recovery codes are left.
	CountCodes(ctx context.Context, userID string) (int, error)
}

package core

import (
	"context"
	"net/mail"
	"time"
)

// InvitationFor is how long an invitation works.
const InvitationFor = 7 * 24 * time.Hour

// Invitation lets whoever has its link and its email join a tenant, once.
type Invitation struct {
	ID          string
	TenantID    string
	Email       string // normalized
	Role        Role
	SecretHash  string // SHA-256 of the secret in the link, hex
	InviterID   string // of the person; "" when a token invited
	InviterName string
	CreatedAt   time.Time
	ExpiresAt   time.Time
	AcceptedAt  time.Time // zero until somebody joined by it
	RevokedAt   time.Time // zero until it was taken back
}

// Validate reports every fault of i. Errors: EINVALID at "email", "role".
func (i Invitation) Validate() error {
	var f Faults
	f.Merge("", ValidateEmail(i.Email))
	if !i.Role.Valid() {
		f.Add("role", "error.role_unknown")
	}
	return f.Err()
}

// ValidateEmail checks a normalized email. Errors: EINVALID at "email".
func ValidateEmail(email string) error {
	if a, err := mail.ParseAddress(email); err != nil || a.Address != email || len(email) > 254 {
		return Invalid("email", "error.email_malformed")
	}
	return nil
}

// Usable returns nil when somebody can still join by i. Errors: EGONE, saying why not.
func (i Invitation) Usable(now time.Time) error {
	switch {
	case !i.AcceptedAt.IsZero():
		return Errorf(EGONE, "error.invitation_used")
	case !i.RevokedAt.IsZero():
		return Errorf(EGONE, "error.invitation_revoked")
	case !now.Before(i.ExpiresAt):
		return Errorf(EGONE, "error.invitation_expired")
	}
	return nil
}

// InvitationLink is an invitation that was just made or renewed, with what is shown of it once.
type InvitationLink struct {
	Invitation Invitation
	URL        string
	Mailed     bool // sent to its email, too
}

// InvitationOffer is an invitation as whoever has the link sees it.
type InvitationOffer struct {
	Invitation Invitation
	Tenant     string // its name
	Known      bool   // somebody with that email can sign in already
}

// InvitationStore keeps invitations.
type InvitationStore interface {
	// Create adds i. Scoped by the actor.
	Create(ctx context.Context, i Invitation) error
	// Get returns an invitation of a tenant. Scoped by the actor. Errors: ENOTFOUND.
	Get(ctx context.Context, tenantID, id string) (Invitation, error)
	// BySecretHash returns the invitation of a presented secret. Unscoped: who has the link is in no tenant yet.
	// Errors: ENOTFOUND.
	BySecretHash(ctx context.Context, hash string) (Invitation, error)
	// Open returns the invitations of a tenant that were neither accepted nor revoked, newest first; some may have
	// expired. Scoped by the actor.
	Open(ctx context.Context, tenantID string) ([]Invitation, error)
	// Update overwrites role, secret hash, expiry and revocation. Scoped by the actor. Errors: ENOTFOUND.
	Update(ctx context.Context, i Invitation) error
	// Take marks an invitation as accepted; exactly one of several callers succeeds. Unscoped, as BySecretHash.
	// Errors: EGONE when it was accepted or revoked.
	Take(ctx context.Context, id string, at time.Time) error
	// Prune removes what expired before then. Housekeeping alone calls it.
	Prune(ctx context.Context, before time.Time) error
}

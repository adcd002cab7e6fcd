package core

import (
	"context"
	"time"
)

// Membership says what a person is in a tenant.
type Membership struct {
	TenantID  string
	UserID    string
	Role      Role
	CreatedAt time.Time // since when they are in it
}

// Member is a membership with who it is, as a list shows it.
type Member struct {
	Membership
	Name      string
	Email     string
	TwoFactor bool // asked for a second factor at sign-in
}

// MemberStore keeps who is in which tenant.
type MemberStore interface {
	// Put makes a person a member, or changes the role of one; since when stays. Scoped by the actor.
	// Errors: ENOTFOUND for the tenant or the person.
	Put(ctx context.Context, m Membership) error
	// Get returns a membership. Scoped by the actor. Errors: ENOTFOUND.
	Get(ctx context.Context, tenantID, userID string) (Membership, error)
	// Remove ends a membership. Scoped by the actor. Errors: ENOTFOUND.
	Remove(ctx context.Context, tenantID, userID string) error
	// List returns who is in a tenant, by name. Scoped by the actor.
	List(ctx context.Context, tenantID string) ([]Member, error)
	// Of returns what a person is, in every tenant. Unscoped: it is what makes an actor.
	Of(ctx context.Context, userID string) ([]Membership, error)
	// Admins returns the ids of a tenant's admins. Scoped by the actor. In a transaction nobody becomes one or ceases
	// to be one until it ends.
	Admins(ctx context.Context, tenantID string) ([]string, error)
}

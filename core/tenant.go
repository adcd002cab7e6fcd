package core

import (
	"context"
	"time"
)

// Tenant owns things and is isolated from the others.
type Tenant struct {
	ID        string // a slug, globally unique
	Name      string
	Plan      string  // name of the QuotaPlan
	Quota     Amounts // its own limits, each in place of the plan's; nil for none
	CreatedAt time.Time

	AskConsent bool // support sessions begin when a member agrees
	Deleting   bool // everything of it is to go
}

// Validate reports every fault of t. Errors: EINVALID.
func (t Tenant) Validate() error {
	var f Faults
	f.Merge("", ValidateName("name", t.Name))
	f.Merge("", ValidateSlug("id", t.ID))
	return f.Err()
}

// Membership says what a person is in a tenant.
type Membership struct {
	TenantID string
	UserID   string
	Role     Role
}

// TenantStore keeps tenants and memberships. Reads are scoped by the actor.
type TenantStore interface {
	// Create adds t. Errors: ECONFLICT at "name" when the id is taken.
	Create(ctx context.Context, t Tenant) error
	// Get returns a tenant. Errors: ENOTFOUND.
	Get(ctx context.Context, id string) (Tenant, error)
	// Update overwrites name, plan, quota, consent and deleting. Errors: ENOTFOUND.
	Update(ctx context.Context, t Tenant) error
	// List returns the actor's tenants by name.
	List(ctx context.Context) ([]Tenant, error)
	// AddMember sets the role of a person in a tenant.
	AddMember(ctx context.Context, m Membership) error
	// MembershipsOf returns what a person is, in every tenant. Unscoped: it is what makes an actor.
	MembershipsOf(ctx context.Context, userID string) ([]Membership, error)
	// Members returns who is in a tenant.
	Members(ctx context.Context, tenantID string) ([]Membership, error)
}

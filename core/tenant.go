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

// TenantSummary is a tenant on the operator's list.
type TenantSummary struct {
	Tenant  Tenant
	Members int
	Apps    int
}

// TenantFilter narrows a list. The zero value takes everything that the actor sees.
type TenantFilter struct {
	Search string // part of the name or the id
	Cursor string // from the previous page
	Limit  int    // 1 to 100; 0 means 100
}

// TenantChange is what is to change of a tenant; nil leaves it.
type TenantChange struct {
	Name *string
	Plan *string
}

// Estate is what a tenant has, and so what goes with it.
type Estate struct {
	Apps        []App // those with storage are services
	Versions    int
	Domains     int
	Members     int
	Invitations int
	Tokens      int
}

// TenantStore keeps tenants. Reads are scoped by the actor.
type TenantStore interface {
	// Create adds t. Errors: ECONFLICT at "name" when the id is taken, or was that of a tenant that is gone: the audit
	// still speaks of it.
	Create(ctx context.Context, t Tenant) error
	// Get returns a tenant. Errors: ENOTFOUND.
	Get(ctx context.Context, id string) (Tenant, error)
	// Update overwrites name, plan, quota, consent and deleting. Errors: ENOTFOUND.
	Update(ctx context.Context, t Tenant) error
	// List returns a page of the actor's tenants by name, and the cursor of the next one, "" at the end.
	// Errors: EINVALID at "cursor".
	List(ctx context.Context, f TenantFilter) (tenants []Tenant, next string, err error)
	// Own returns by name the tenants in which the actor has a role, which for operators are not all that exist.
	Own(ctx context.Context) ([]Tenant, error)
	// Counts returns how many members and apps each of some tenants has. Scoped by the actor.
	Counts(ctx context.Context, ids []string) (members, apps map[string]int, err error)
	// Estate returns what a tenant has. Scoped by the actor.
	Estate(ctx context.Context, id string) (Estate, error)
	// Deleting returns the ids of the tenants that are to go, for the loops of the workers.
	Deleting(ctx context.Context) ([]string, error)
	// Delete removes a tenant that has no app left, with every row that belongs to it but the operation that deletes
	// it and the audit. Errors: ENOTFOUND, ECONFLICT while it has an app or an upload.
	Delete(ctx context.Context, id string) error
}

package core

import (
	"context"
	"time"
)

// Resource is something that a tenant has a limited amount of.
type Resource string

const (
	ResourceMemory    Resource = "memory"        // bytes that instances may take
	ResourceCPU       Resource = "cpu"           // thousandths of a core; an instance without a limit counts as one core
	ResourceInstances Resource = "instances"     // how many
	ResourceApps      Resource = "apps"          // how many that customers brought
	ResourceServices  Resource = "services"      // how many from the catalogue
	ResourceImages    Resource = "images"        // bytes of versions and of uploads on their way
	ResourceVolumes   Resource = "volumes"       // bytes of services' storage, by their size's promise
	ResourceDomains   Resource = "domains"       // how many besides the one under the base domain
	ResourceLogRate   Resource = "log_rate"      // bytes a second that an app may write; a limit only
	ResourceLogKept   Resource = "log_retention" // hours that lines are kept; a limit only
)

// Resources are all of them, in the order in which they are shown.
var Resources = []Resource{ResourceMemory, ResourceCPU, ResourceInstances, ResourceApps, ResourceServices,
	ResourceImages, ResourceVolumes, ResourceDomains, ResourceLogRate, ResourceLogKept}

// Amounts are amounts by resource. As a use, what is absent is 0; as limits, what is absent is not limited.
type Amounts map[Resource]int64

// Plus returns the sum. Neither a nor b changes.
func (a Amounts) Plus(b Amounts) Amounts { return a.with(b, 1) }

// Minus returns the difference, which may be below 0. Neither a nor b changes.
func (a Amounts) Minus(b Amounts) Amounts { return a.with(b, -1) }

func (a Amounts) with(b Amounts, sign int64) Amounts {
	sum := make(Amounts, len(a)+len(b))
	for r, n := range a {
		sum[r] += n
	}
	for r, n := range b {
		sum[r] += sign * n
	}
	for r, n := range sum {
		if n == 0 {
			delete(sum, r)
		}
	}
	return sum
}

// QuotaPlan is a named quota that operators give to tenants.
type QuotaPlan struct {
	Name      string // a slug: "standard"
	Quota     Amounts
	CreatedAt time.Time
}

// UnlimitedPlan is the plan that limits nothing. The first operator's tenant has it.
const UnlimitedPlan = "unlimited"

// Limits returns what t may use: its own limits, and the plan's where it has none.
func (t Tenant) Limits(plan QuotaPlan) Amounts {
	limits := make(Amounts, len(plan.Quota)+len(t.Quota))
	for r, n := range plan.Quota {
		limits[r] = n
	}
	for r, n := range t.Quota {
		limits[r] = n
	}
	return limits
}

// UsageStore counts what tenants use, by holder: an app's id, or "upload:" and an upload's id.
type UsageStore interface {
	// Set makes amounts what the holder uses and moves the tenant's sums by the difference, all or none, in one
	// statement a resource: of several at once that want the last unit exactly one gets it. What grows is checked
	// against limits; what shrinks never is. Call it in the transaction of what uses it.
	// Errors: ECONFLICT naming the resource, what is wanted and what is left.
	Set(ctx context.Context, tenantID, holder string, amounts, limits Amounts) error
	// Sum returns what a tenant uses. Scoped by the actor.
	Sum(ctx context.Context, tenantID string) (Amounts, error)
	// Holders returns who uses what. Scoped by the actor.
	Holders(ctx context.Context, tenantID string) (map[string]Amounts, error)
	// Recount makes a tenant's sums those of its holders and returns what they were off by. Workers alone call it.
	Recount(ctx context.Context, tenantID string) (drift Amounts, err error)
}

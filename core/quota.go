package core

import (
	"context"
	"fmt"
	"slices"
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

// Validate reports which limits make no sense. Errors: EINVALID at the resource's name.
func (a Amounts) Validate() error {
	var f Faults
	for r, n := range a {
		switch {
		case !r.Valid():
			f.Add(string(r), "error.resource_unknown", "resource", string(r))
		case n < 0 || n > MaxAmount:
			f.Add(string(r), "error.amount_range")
		}
	}
	return f.Err()
}

// MaxAmount is more than anybody has of anything.
const MaxAmount = int64(1) << 60

// Valid reports whether r is one of Resources.
func (r Resource) Valid() bool { return slices.Contains(Resources, r) }

// Counted reports whether r is counted; the others are limits that something else keeps.
func (r Resource) Counted() bool { return r.Valid() && r != ResourceLogRate && r != ResourceLogKept }

// Left returns what is left of r under limits when use is used, and whether it is limited at all.
func (a Amounts) Left(limits Amounts, r Resource) (left int64, limited bool) {
	limit, limited := limits[r]
	return max(0, limit-a[r]), limited
}

// QuotaError says which resource does not suffice.
type QuotaError struct {
	Resource Resource
	Needs    int64 // more than before
	Left     int64
	Limit    int64
}

func (e *QuotaError) Error() string {
	return fmt.Sprintf("%s: needs %d more, %d of %d left", e.Resource, e.Needs, e.Left, e.Limit)
}

// UploadHolder is who holds what an upload takes.
func UploadHolder(uploadID string) string { return "upload:" + uploadID }

// PlanStore keeps plans. It is not scoped: plans are the operators', and everybody may know the limits of their own.
type PlanStore interface {
	// Put adds a plan or overwrites its quota.
	Put(ctx context.Context, p QuotaPlan) error
	// Get returns a plan. Errors: ENOTFOUND.
	Get(ctx context.Context, name string) (QuotaPlan, error)
	// List returns all plans by name, and how many tenants have each.
	List(ctx context.Context) ([]QuotaPlan, map[string]int, error)
	// Delete removes a plan that no tenant has. Errors: ENOTFOUND, ECONFLICT when one has it.
	Delete(ctx context.Context, name string) error
}

// UsageStore counts what tenants use, by holder: an app's id, or "upload:" and an upload's id.
type UsageStore interface {
	// Set makes amounts what the holder uses and moves the tenant's sums by the difference, all or none, in one
	// statement a resource: of several at once that want the last unit exactly one gets it. What grows is checked
	// against limits; what shrinks never is. It returns what the holder used before. Call it last in the transaction
	// of what uses it: it holds the tenant's sums until the end. Scoped by the actor.
	// Errors: ENOTFOUND, ECONFLICT with a *QuotaError as its cause.
	Set(ctx context.Context, tenantID, holder string, amounts, limits Amounts) (before Amounts, err error)
	// Sum returns what a tenant uses. Scoped by the actor.
	Sum(ctx context.Context, tenantID string) (Amounts, error)
	// Of returns what one holder uses. Scoped by the actor.
	Of(ctx context.Context, tenantID, holder string) (Amounts, error)
	// Holders returns who uses what. Scoped by the actor.
	Holders(ctx context.Context, tenantID string) (map[string]Amounts, error)
	// Recount makes every tenant's sums those of its holders, drops holders that stand for nothing, and returns by
	// tenant what the sums were off by. Workers alone call it.
	Recount(ctx context.Context) (drift map[string]Amounts, err error)
	// Sample notes the peaks since the last call as those of an hour. Workers alone call it.
	Sample(ctx context.Context, hour time.Time) error
	// Samples returns a tenant's hourly peaks since from, oldest first. Scoped by the actor.
	Samples(ctx context.Context, tenantID string, from time.Time) ([]UsageSample, error)
	// PruneSamples removes what is older. Housekeeping alone calls it.
	PruneSamples(ctx context.Context, before time.Time) error
}

// UsageSample is the most that a tenant used in one hour.
type UsageSample struct {
	Hour  time.Time
	Peaks Amounts
}

// QuotaUser is an app and how much it uses of something.
type QuotaUser struct {
	App  string // its id; "" for none
	Name string
	Uses int64
}

// QuotaBlock is a resource that does not suffice, and who would have to give some back.
type QuotaBlock struct {
	QuotaError
	Biggest QuotaUser
	Text    Text // all of it in a sentence
}

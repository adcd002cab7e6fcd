package core

import (
	"context"
	"time"
)

// QuotaRequest is a tenant's wish for more of something, and what the operators said.
type QuotaRequest struct {
	ID        string // sorts by time
	TenantID  string
	Resource  Resource
	Amount    int64 // the limit that is wished for
	Reason    string
	Status    QuotaRequestStatus
	Answer    string // of the operator
	Author    string
	UserID    string
	CreatedAt time.Time
	Decider   string
	DecidedAt time.Time
}

// QuotaRequestStatus says what became of a request.
type QuotaRequestStatus string

const (
	RequestOpen      QuotaRequestStatus = "open"
	RequestApproved  QuotaRequestStatus = "approved"
	RequestRefused   QuotaRequestStatus = "refused"
	RequestWithdrawn QuotaRequestStatus = "withdrawn"
)

// MaxReason is how many characters a reason or an answer has at most.
const MaxReason = 500

// QuotaRequestStore keeps requests. Reads are scoped by the actor.
type QuotaRequestStore interface {
	// Create adds r. Errors: ECONFLICT when the tenant has an open one for the same resource.
	Create(ctx context.Context, r QuotaRequest) error
	// Get returns a request. Errors: ENOTFOUND.
	Get(ctx context.Context, id string) (QuotaRequest, error)
	// List returns requests, newest first: the latest 100 of a tenant, or all open ones of every visible tenant
	// when tenantID is "".
	List(ctx context.Context, tenantID string) ([]QuotaRequest, error)
	// Decide writes status, answer and decider of an open one. Errors: ENOTFOUND, ECONFLICT when it is not open.
	Decide(ctx context.Context, r QuotaRequest) error
}

// QuotaView is what a page says of a tenant's quota.
type QuotaView struct {
	Tenant   Tenant
	Plan     QuotaPlan
	Limits   Amounts
	Used     Amounts
	Surge    Amounts // of it what is for switches under way
	Apps     []AppUsage
	Requests []QuotaRequest
}

// AppUsage is what an app takes of its tenant's quota.
type AppUsage struct {
	App    App
	Uses   Amounts
	Steady Amounts // of it what stays when the switch is over
}

// QuotaCheck says what something would take before it is asked for.
type QuotaCheck struct {
	Limits Amounts
	Used   Amounts       // by the tenant
	Now    Amounts       // by the app
	Peak   Amounts       // by the app while it switches
	After  Amounts       // by the app once that is over
	Switch time.Duration // how long that takes, about; 0 when nothing is switched
	Blocks []QuotaBlock  // what does not suffice
	Budget error         // when the app's own budget does not
}

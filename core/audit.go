package core

import (
	"context"
	"time"
)

// AuditEntry says who did what, on what, from where, and how it ended. Entries are only ever added.
type AuditEntry struct {
	ID        string // sorts by time
	CreatedAt time.Time
	TenantID  string // "" for the platform: signing in, tenants, hosts, people
	AppID     string // "" when it is about no app
	Action    string // noun and verb: "app.rename", "member.remove", "logs.read"; worded by "audit."+Action
	Object    string // id or name of what it was done to, when that is not the app

	ActorKind ActorKind
	ActorID   string // of the person or the token
	UserID    string // the person behind it; "" for a tenant's token and for Berth itself
	ActorName string
	Peer      string // the address that connected
	Agent     string // the program, as it calls itself

	Before  map[string]string // what changed, as people read it; secrets are masked
	After   map[string]string
	Outcome AuditOutcome
	Reason  Text // why it was refused or failed
}

// AuditOutcome says how an attempt ended.
type AuditOutcome string

const (
	AuditDone    AuditOutcome = "done"
	AuditRefused AuditOutcome = "refused" // not allowed, not valid, over a quota
	AuditFailed  AuditOutcome = "failed"  // a part that Berth needs did not work
)

// Masked stands for a secret wherever one would be shown.
const Masked = "••••••••"

// AuditFilter narrows a list. The zero value takes everything that the actor sees.
type AuditFilter struct {
	TenantID string
	Platform bool // only what belongs to no tenant; for operators
	AppID    string
	UserID   string
	Action   string // the whole action, or its noun: "app"
	Outcome  AuditOutcome
	Search   string // part of the name of the actor, the object, the app's id or the address
	From, To time.Time
	Cursor   string // from the previous page
	Limit    int    // 1 to 100; 0 means 100
}

// AuditStore keeps the audit. Nothing in it changes an entry.
type AuditStore interface {
	// Append adds e. It is not scoped: a refused attempt belongs to the tenant that it was aimed at.
	Append(ctx context.Context, e AuditEntry) error
	// List returns a page, newest first, and the cursor of the next one, "" at the end. Scoped by the actor: entries
	// of the platform exist for operators only.
	List(ctx context.Context, f AuditFilter) (entries []AuditEntry, next string, err error)
	// Prune removes what is older than before and returns how many entries that were. Housekeeping alone calls it.
	Prune(ctx context.Context, before time.Time) (int, error)
}

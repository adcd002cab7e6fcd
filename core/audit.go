package core

import (
	"context"
	"strings"
	"time"
	"unicode/utf8"
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
	Actor    string // id of a person, whose tokens count too, or of a token
	Action   string // the whole action, or its noun: "app"
	Outcome  AuditOutcome
	Search   string // part of who, the object, the app's id, the address or what changed
	From, To time.Time
	Cursor   string // from the previous page
	Limit    int    // 1 to 1000; 0 means 100
}

// Validate reports every fault of f. Errors: EINVALID at "action", "outcome", "q", "from", "cursor".
func (f AuditFilter) Validate() error {
	var faults Faults
	if len(f.Action) > 64 || strings.Trim(f.Action, "abcdefghijklmnopqrstuvwxyz0123456789_.") != "" {
		faults.Add("action", "error.audit_action")
	}
	switch f.Outcome {
	case "", AuditDone, AuditRefused, AuditFailed:
	default:
		faults.Add("outcome", "error.audit_outcome")
	}
	if utf8.RuneCountInString(f.Search) > 100 || !utf8.ValidString(f.Search) {
		faults.Add("q", "error.audit_search", "max", "100")
	}
	if !f.From.IsZero() && !f.To.IsZero() && !f.From.Before(f.To) {
		faults.Add("from", "error.audit_range")
	}
	if f.Cursor != "" && !ValidID(f.Cursor) {
		faults.Add("cursor", "error.cursor_malformed")
	}
	return faults.Err()
}

// AuditActor is somebody who left entries.
type AuditActor struct {
	ID   string // as AuditFilter.Actor
	Name string
	Kind ActorKind
}

// AuditStore keeps the audit. Nothing in it changes an entry.
type AuditStore interface {
	// Append adds e. It is not scoped: a refused attempt may be aimed at what its actor does not see.
	Append(ctx context.Context, e AuditEntry) error
	// List returns a page, newest first, and the cursor of the next one, "" at the end. One call looks at a bounded
	// number of entries, so that a page may be short, even empty, and still have a next one. Scoped by the actor:
	// entries of the platform exist for operators only.
	List(ctx context.Context, f AuditFilter) (entries []AuditEntry, next string, err error)
	// Actors returns who left the newest entries of a tenant or, for "", of the platform, by name. Scoped by the actor.
	Actors(ctx context.Context, tenantID string) ([]AuditActor, error)
	// Prune removes the oldest of what is older than before, at most so many, and returns how many entries that were.
	// Housekeeping alone calls it.
	Prune(ctx context.Context, before time.Time, most int) (int, error)
}

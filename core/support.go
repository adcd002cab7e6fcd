package core

import (
	"context"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// SupportSession lets somebody of the support staff see a tenant's states and logs, for a reason and a limited time.
type SupportSession struct {
	ID        string
	TenantID  string
	UserID    string
	UserName  string
	Reason    string
	Lasts     time.Duration // how long it is open, from the agreement where the tenant is asked first
	CreatedAt time.Time
	ExpiresAt time.Time // when it ends, or when it has waited in vain; see State
	State     SupportState
	DecidedBy string // name of the member who agreed or refused; "" when nobody was asked
	DecidedAt time.Time
	EndedBy   string // name of who ended it; "" when its time was over
	EndedAt   time.Time
}

// SupportState is how far a support session has come.
type SupportState string

const (
	SupportWaiting SupportState = "waiting" // for a member's consent
	SupportOpen    SupportState = "open"
	SupportEnded   SupportState = "ended"
	SupportRefused SupportState = "refused"
)

// The times of support sessions.
const (
	DefaultSupport = time.Hour
	LeastSupport   = 5 * time.Minute
	MostSupport    = 8 * time.Hour
	SupportWaits   = 24 * time.Hour // for consent, at most
)

// The length of a reason, in characters.
const (
	MinSupportReason = 10
	MaxSupportReason = 500
)

// StateAt returns the state at a time: whatever was not ended is over when its time is.
func (s SupportSession) StateAt(now time.Time) SupportState {
	if s.Active() && !now.Before(s.ExpiresAt) {
		return SupportEnded
	}
	return s.State
}

// Active reports whether it is open or may still become so, its time aside.
func (s SupportSession) Active() bool { return s.State == SupportOpen || s.State == SupportWaiting }

// Validate reports every fault of s. Errors: EINVALID at "reason" and "lasts".
func (s SupportSession) Validate() error {
	var f Faults
	switch n := utf8.RuneCountInString(s.Reason); {
	case n < MinSupportReason || n > MaxSupportReason:
		f.Add("reason", "error.support_reason", "min", itoa(MinSupportReason), "max", itoa(MaxSupportReason))
	case strings.ContainsFunc(s.Reason, func(r rune) bool { return r != '\n' && !unicode.IsPrint(r) }):
		f.Add("reason", "error.support_reason_characters")
	}
	if s.Lasts < LeastSupport || s.Lasts > MostSupport {
		f.Add("lasts", "error.support_lasts", "max", itoa(int(MostSupport.Hours())))
	}
	return f.Err()
}

// NewSupport is what somebody of the support staff says to have a session.
type NewSupport struct {
	TenantID string
	Reason   string
	Lasts    time.Duration // zero takes DefaultSupport
}

// SupportFilter narrows a list of sessions. The zero value takes everything that the actor sees.
type SupportFilter struct {
	TenantID string
	UserID   string
	Active   time.Time // only those that are open or waiting at this time; zero takes all
	Before   string    // id; older ones only
	Limit    int       // 1 to 100; 0 means 100
}

// SupportHit is something that a search of the support staff found.
type SupportHit struct {
	Kind        SupportKind
	TenantID    string
	TenantName  string
	AppID       string // "" for a tenant
	AppName     string
	InstanceID  string // "" but for an instance
	ContainerID string
	HostID      string
	App         AppState      // "" for a tenant
	Instance    InstanceState // "" but for an instance
	Ends        time.Time     // of one's open session there; zero when there is none, or none is needed
	Waiting     bool          // one's session there waits for consent
	Open        bool          // one may see states and logs there
}

// SupportKind says what was found.
type SupportKind string

const (
	SupportTenant   SupportKind = "tenant"
	SupportApp      SupportKind = "app"
	SupportService  SupportKind = "service"
	SupportInstance SupportKind = "instance"
)

// MaxSupportHits is the most that a search finds.
const MaxSupportHits = 50

// SupportStore keeps support sessions. A session exists for those who see its tenant and for whoever opened it.
type SupportStore interface {
	// Create adds a session. It is not scoped: whoever opens one does not see the tenant yet. Errors: ENOTFOUND when
	// the tenant or the person does not exist.
	Create(ctx context.Context, s SupportSession) error
	// Get returns a session. Errors: ENOTFOUND.
	Get(ctx context.Context, id string) (SupportSession, error)
	// Update overwrites what became of a session that is still in the state from. Errors: ECONFLICT when it no longer
	// is, ENOTFOUND.
	Update(ctx context.Context, s SupportSession, from SupportState) error
	// List returns sessions, newest first.
	List(ctx context.Context, f SupportFilter) ([]SupportSession, error)
	// OpenTenants returns the tenants in which a person has an open session at a time. Unscoped: it is what makes an
	// actor.
	OpenTenants(ctx context.Context, userID string, now time.Time) ([]string, error)
	// Expired returns at most 100 sessions whose time is over and that nobody ended yet, the oldest first. Unscoped:
	// housekeeping alone calls it.
	Expired(ctx context.Context, now time.Time) ([]SupportSession, error)
	// Search finds tenants, apps and instances that have text in their name, id, container id or the name of their
	// machine, or whose address begins with app; at most limit of each. Unscoped: only the use case of the support
	// staff calls it.
	Search(ctx context.Context, text, app string, limit int) ([]SupportHit, error)
}

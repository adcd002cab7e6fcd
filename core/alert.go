package core

import (
	"context"
	"time"
)

// Alert is one time that a rule held for something: from when it began to until it was over. Workers alone write it.
type Alert struct {
	ID       string // sorts by time
	TenantID string
	RuleID   string
	AppID    string // "" when it is about the tenant
	Subject  string // what of the app or tenant, where a rule looks at several: a domain, a resource
	State    AlertState
	Severity AlertSeverity
	Rule     Text   // AlertRule.Text, as it was when it held last
	Value    string // what was found last, with its unit; "" when there is nothing to say
	Cause    Text   // why, when it is known

	BeganAt    time.Time
	FiredAt    time.Time // zero while it is pending
	ResolvedAt time.Time // zero until it is resolved
	NotifiedAt time.Time // when people were told last; zero when they were not

	SeenAt time.Time     // when it was looked at last
	Held   time.Duration // for how long it was seen to hold
	Clear  time.Duration // for how long it was seen not to hold, since it last did
}

// AlertState is how far an alert has come.
type AlertState string

// The states of an alert.
const (
	AlertPending  AlertState = "pending"  // holds, not yet for long enough
	AlertFiring   AlertState = "firing"   // people are told
	AlertResolved AlertState = "resolved" // over
)

// AlertFilter narrows a list. The zero value takes everything that the actor sees.
type AlertFilter struct {
	TenantID string
	AppID    string
	OfTenant bool       // those about the tenant itself alone
	State    AlertState // "" for all but pending
	Cursor   string     // from the previous page
	Limit    int        // 1 to 100; 0 means 50
}

// AlertSilence keeps people from being told for a while.
type AlertSilence struct {
	ID        string
	TenantID  string
	AppID     string // "" for every app
	RuleID    string // "" for every rule
	Until     time.Time
	Reason    string
	Author    string
	CreatedAt time.Time
}

// MaxSilence is how long a silence may last.
const MaxSilence = 30 * 24 * time.Hour

// Validate reports every fault of s at a time. Errors: EINVALID at "until", "reason".
func (s AlertSilence) Validate(now time.Time) error {
	var f Faults
	if !s.Until.After(now) || s.Until.After(now.Add(MaxSilence)) {
		f.Add("until", "error.alert_until")
	}
	if len(s.Reason) > 500 {
		f.Add("reason", "error.text_long", "max", "500")
	}
	return f.Err()
}

// Covers reports whether s keeps an alert quiet at a time.
func (s AlertSilence) Covers(a Alert, now time.Time) bool {
	return now.Before(s.Until) && (s.AppID == "" || s.AppID == a.AppID) && (s.RuleID == "" || s.RuleID == a.RuleID)
}

// AlertNotice is one thing that a channel is to be told of. It is written with the change of the alert that it tells of,
// and removed when the channel has it, so that none is lost or made twice when a worker ends in between.
type AlertNotice struct {
	ID        string // sorts by time; a receiver that gets one again knows it by this
	TenantID  string
	ChannelID string
	Alert     Alert // as it was then
	AppName   string
	CreatedAt time.Time
	Tries     int
	NextTry   time.Time
}

// AlertStore keeps rules, alerts, silences, channels and what is to be told. Rules, silences, channels and List are
// scoped by the actor; workers alone call what says so.
type AlertStore interface {
	// Rules returns the rules that people wrote, of one tenant or with "" of all, oldest first.
	Rules(ctx context.Context, tenantID string) ([]AlertRule, error)
	// PutRule adds a rule, or overwrites the one with its id. Errors: ENOTFOUND for the tenant and the app.
	PutRule(ctx context.Context, r AlertRule) error
	// DeleteRule removes a rule. Errors: ENOTFOUND.
	DeleteRule(ctx context.Context, tenantID, id string) error

	// Channels returns the channels of one tenant or with "" of all, by name, without their secrets.
	Channels(ctx context.Context, tenantID string) ([]AlertChannel, error)
	// PutChannel adds a channel, or overwrites the one with its id; its target only when that is not nil.
	// Errors: ENOTFOUND for the tenant.
	PutChannel(ctx context.Context, c AlertChannel, target *AlertTarget) error
	// Target returns where a channel leads. Workers alone call it. Errors: ENOTFOUND.
	Target(ctx context.Context, tenantID, id string) (AlertTarget, error)
	// SetChannelFault writes how the last try of a channel ended. Workers alone call it.
	SetChannelFault(ctx context.Context, tenantID, id string, fault Text, at time.Time) error
	// DeleteChannel removes a channel, and what it was to be told. Errors: ENOTFOUND.
	DeleteChannel(ctx context.Context, tenantID, id string) error

	// Silences returns the silences of one tenant or with "" of all, newest first.
	Silences(ctx context.Context, tenantID string) ([]AlertSilence, error)
	// CreateSilence adds a silence. Errors: ENOTFOUND for the tenant and the app.
	CreateSilence(ctx context.Context, s AlertSilence) error
	// DeleteSilence removes a silence. Errors: ENOTFOUND.
	DeleteSilence(ctx context.Context, tenantID, id string) error

	// List returns a page of alerts, newest first, and the cursor of the next page, "" at the end.
	List(ctx context.Context, f AlertFilter) (alerts []Alert, next string, err error)
	// Open returns the alerts of all tenants that are not resolved. Workers alone call it.
	Open(ctx context.Context) ([]Alert, error)
	// Put adds an alert or overwrites it. Workers alone call it.
	Put(ctx context.Context, a Alert) error
	// Delete removes an alert that never fired. Workers alone call it.
	Delete(ctx context.Context, id string) error
	// Prune removes resolved alerts, at most so many, that are older, silences and notices that are over, and returns
	// how many alerts that were. Housekeeping alone calls it.
	Prune(ctx context.Context, before time.Time, most int) (int, error)

	// Lead makes owner the one that looks at the rules until a time, unless another is at now, and reports whether it
	// is. In a transaction it stays so until that ends. Workers alone call it.
	Lead(ctx context.Context, owner string, now, until time.Time) (bool, error)
	// AddNotice adds a notice. Scoped by the actor.
	AddNotice(ctx context.Context, n AlertNotice) error
	// Notices returns those whose NextTry is not after a time, oldest first, at most 1,000. Workers alone call it.
	Notices(ctx context.Context, due time.Time) ([]AlertNotice, error)
	// RemoveNotices removes notices that a channel has. Workers alone call it.
	RemoveNotices(ctx context.Context, ids []string) error
	// DelayNotices has notices be tried again. Workers alone call it.
	DelayNotices(ctx context.Context, ids []string, next time.Time) error
}

package core

import (
	"context"
	"time"
)

// Event is a fact worth showing, on the timeline of an app.
type Event struct {
	ID         string // sorts by time
	TenantID   string
	AppID      string
	InstanceID string // "" when it is about the whole app
	Kind       string // "deployed", "crashed", "healed", ...: the part of Text.Key behind "event."
	Text       Text
	Cause      Text // why, when there is something to say: "it needed more memory than it may have"
	Level      Level
	Author     string // name of the actor, "" for Berth itself
	CreatedAt  time.Time
}

// Level says how much an event matters.
type Level string

const (
	LevelInfo    Level = "info"
	LevelGood    Level = "good"
	LevelWarning Level = "warning"
	LevelBad     Level = "bad"
)

// NewEvent makes an event of kind with the message "event."+kind.
func NewEvent(a App, level Level, kind string, kv ...string) Event {
	return Event{ID: NewID(), TenantID: a.TenantID, AppID: a.ID, Kind: kind, Level: level,
		Text: T("event."+kind, kv...), CreatedAt: time.Now()}
}

// EventFilter narrows a list.
type EventFilter struct {
	TenantID string
	AppID    string
	Before   string // id; older events only
	Limit    int    // 1 to 100; 0 means 50
}

// EventStore keeps events. Every method is scoped by the actor.
type EventStore interface {
	Create(ctx context.Context, e Event) error
	// List returns events, newest first.
	List(ctx context.Context, f EventFilter) ([]Event, error)
	// Latest returns the newest event of each app of a page.
	Latest(ctx context.Context, appIDs []string) (map[string]Event, error)
	// Prune removes the oldest of what is older than before, at most so many, and returns how many events that were.
	// PruneApp removes those of an app beyond the newest keep. Housekeeping alone calls them.
	Prune(ctx context.Context, before time.Time, most int) (int, error)
	PruneApp(ctx context.Context, appID string, keep, most int) (int, error)
}

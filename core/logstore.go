package core

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"time"
)

// LogLevel is how grave a line is, as far as it says so itself; "" when it does not.
type LogLevel string

const (
	LogError LogLevel = "error" // also fatal, critical, panic
	LogWarn  LogLevel = "warn"
	LogInfo  LogLevel = "info"
	LogDebug LogLevel = "debug" // also trace
)

// LogLevels are all of them, the gravest first.
var LogLevels = []LogLevel{LogError, LogWarn, LogInfo, LogDebug}

// LogRecord is a line as it is kept. Instance and Time together tell it from all others.
type LogRecord struct {
	LogLine
	TenantID string
	AppID    string
}

// Position returns where r stands among the lines of its app.
func (r LogRecord) Position() LogPosition { return LogPosition{Time: r.Time, Instance: r.Instance} }

// LogPosition is the place of a line among the lines of an app: by time, then by instance.
type LogPosition struct {
	Time     time.Time
	Instance string
}

// IsZero reports whether p is no place.
func (p LogPosition) IsZero() bool { return p.Time.IsZero() }

// Compare orders positions, the older first.
func (p LogPosition) Compare(q LogPosition) int {
	return cmp.Or(p.Time.Compare(q.Time), cmp.Compare(p.Instance, q.Instance))
}

// LogSearch says which lines of an app are looked for. What is empty narrows nothing.
type LogSearch struct {
	TenantID string // together with AppID: the one narrowing that is never empty
	AppID    string

	Words    []string // each is part of the line as it is, small, in capitals, or with a capital at its beginning
	Not      []string // none is
	Fields   []LogField
	Level    LogLevel
	Instance string
	Version  string
	Stream   string

	From    time.Time   // the first moment
	To      time.Time   // the moment behind the last
	Beyond  LogPosition // lines behind it in the order of the search, older ones or for Forward newer ones
	Forward bool        // the oldest first; else the newest
	Limit   int         // 1 to MaxLogPage
}

// Page makes a page of lines that a store has found: in the order of the search, those beyond the last page, at most
// Limit; more reports whether any are left over. It is for implementations of LogStore.
func (s LogSearch) Page(lines []LogRecord) (page []LogRecord, more bool) {
	order := func(p, q LogPosition) int {
		if s.Forward {
			return p.Compare(q)
		}
		return q.Compare(p)
	}
	slices.SortFunc(lines, func(a, b LogRecord) int { return order(a.Position(), b.Position()) })
	if !s.Beyond.IsZero() {
		lines = slices.DeleteFunc(lines, func(r LogRecord) bool { return order(r.Position(), s.Beyond) <= 0 })
	}
	return lines[:min(len(lines), s.Limit)], len(lines) > s.Limit
}

// Span returns the first moment of the search and the one behind its last, for a store that has lines from oldest to
// newest. Lines of the moment of Beyond are within it. It is for implementations of LogStore.
func (s LogSearch) Span(oldest, newest time.Time) (from, to time.Time) {
	from, to = oldest, newest
	if s.From.After(from) {
		from = s.From
	}
	if !s.To.IsZero() && s.To.Before(to) {
		to = s.To
	}
	at := s.Beyond.Time
	switch {
	case at.IsZero():
	case s.Forward && at.After(from):
		from = at
	case !s.Forward && at.Before(to):
		to = at.Add(1)
	}
	return from, to
}

// LogField is a field of a line that is a JSON object, and its value as text.
type LogField struct{ Name, Value string }

// MaxLogPage is the most lines that one search returns.
const MaxLogPage = 1000

// LogRefusal is the error of lines that a store will never take, such as those that are too old for it.
type LogRefusal struct {
	Lines []LogRecord
	Why   error // for the log
}

// Error implements error.
func (r *LogRefusal) Error() string {
	return strconv.Itoa(len(r.Lines)) + " lines were refused: " + r.Why.Error()
}

// LogStore keeps lines. It is unscoped: core/service checks the actor and names tenant and app before calling it.
// Errors of every method: EUNAVAILABLE when it does not answer, EINSUFFICIENT when it has no room.
type LogStore interface {
	// Append keeps lines. After an error some may be kept and some not: ask Times before offering them again. After a
	// *LogRefusal all others are kept.
	Append(ctx context.Context, lines []LogRecord) error
	// Search returns at most s.Limit lines in the order of the search, and whether there may be more behind them.
	// Lines may be found a second or two after they were appended.
	Search(ctx context.Context, s LogSearch) (lines []LogRecord, more bool, err error)
	// Times returns the times of the lines of an instance from since on, those appended before the call included.
	Times(ctx context.Context, instance string, since time.Time) ([]time.Time, error)
	// Epoch names the time since when nothing that was appended can have been lost. Errors also when nothing can be
	// appended at present.
	Epoch(ctx context.Context) (string, error)
	// Forget removes the lines of an app from before a moment; of all apps of the tenant when appID is "". It may
	// take a while until the disk has its room back.
	Forget(ctx context.Context, tenantID, appID string, before time.Time) error
}

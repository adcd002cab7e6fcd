package core

import (
	"context"
	"time"
)

// LogLine is one line that an instance wrote.
type LogLine struct {
	Time     time.Time `json:"time"`
	Instance string    `json:"instance"`
	Version  string    `json:"version"`
	Stream   string    `json:"stream"` // "stdout" or "stderr"
	Line     string    `json:"line"`   // valid UTF-8; colours as the program wrote them
	Cursor   string    `json:"cursor,omitempty"`
	Dropped  int       `json:"dropped,omitempty"` // lines left out before this one because the reader was slow
}

// MaxLogLine is the longest piece of a line, in bytes.
const MaxLogLine = 16 * 1024

// LogQuery narrows a container's log.
type LogQuery struct {
	Since  time.Time // lines after this time; zero from the start
	Tail   int       // the last lines only; 0 all
	Follow bool
}

// LogSource merges the lines of an app's instances. core/service checks the actor before calling it.
type LogSource interface {
	// Stream calls f for the lines of all instances of an app, present and coming, until ctx ends. cursor "" begins
	// with the last tail lines; else with the first line behind it, without a gap or a double. A reader slower than
	// the instances gets LogLine.Dropped; nothing is buffered without bound.
	Stream(ctx context.Context, appID, cursor string, tail int, f func(LogLine) error) error
	// Tail returns the last lines of an instance, oldest first.
	Tail(ctx context.Context, instanceID string, n int) ([]LogLine, error)
}

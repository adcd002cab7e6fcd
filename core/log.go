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
	Stream   string    `json:"stream"`         // "stdout" or "stderr"; StreamBerth for what Berth says
	Line     string    `json:"line"`           // valid UTF-8; colours as the program wrote them
	Part     bool      `json:"part,omitempty"` // goes on with the line before, which was longer than MaxLogLine
	Level    LogLevel  `json:"level,omitempty"`
	Cursor   string    `json:"cursor,omitempty"`
	Dropped  int       `json:"dropped,omitempty"` // lines left out before this one because the reader was slow
}

// StreamBerth is the stream of lines that Berth puts between those of an instance: Dropped says how many were not kept,
// because the app wrote more than its quota allows.
const StreamBerth = "berth"

// MaxLogLine is the longest piece of a line, in bytes.
const MaxLogLine = 16 * 1024

// LogView says what somebody reads of an app's log.
type LogView struct {
	AppID      string
	InstanceID string // one of its instances; "" for all of them
	Cursor     string // begin with the first line behind it, without a gap or a double; "" begins with the last Tail lines
	Tail       int
	PastOnly   bool // end behind the lines that are there
}

// LogQuery narrows a container's log.
type LogQuery struct {
	Since  time.Time // lines after this time; zero from the start
	Tail   int       // the last lines only; 0 all
	Follow bool
}

// LogSource merges the lines of an app's instances. core/service checks the actor before calling it.
type LogSource interface {
	// Stream calls f for the lines of all instances of an app, present and coming, or of one of them, until ctx ends or, for
	// PastOnly, behind those that are there. A reader slower than the instances gets LogLine.Dropped; nothing is
	// buffered without bound.
	Stream(ctx context.Context, v LogView, f func(LogLine) error) error
	// Tail returns the last lines of an instance, oldest first.
	Tail(ctx context.Context, instanceID string, n int) ([]LogLine, error)
}

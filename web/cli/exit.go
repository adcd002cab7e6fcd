package cli

import (
	"context"
	"errors"
	"fmt"

	"berth/core"
	"berth/web/client"
)

// The exit codes, on which scripts rely. They are described in the topic exit-codes and in docs/cli.md.
const (
	exitOK          = 0
	exitFailed      = 1
	exitUsage       = 2
	exitNotAllowed  = 3
	exitNotFound    = 4
	exitConflict    = 5
	exitUnreachable = 6
	exitInterrupted = 130 // as shells have it: 128 and the number of the signal
)

// failure is an error with an exit code of its own.
type failure struct {
	code int
	err  error
}

func (f failure) Error() string { return f.err.Error() }
func (f failure) Unwrap() error { return f.err }

func usage(format string, args ...any) error { return failure{exitUsage, fmt.Errorf(format, args...)} }
func failed(format string, args ...any) error {
	return failure{exitFailed, fmt.Errorf(format, args...)}
}
func absent(format string, args ...any) error {
	return failure{exitNotFound, fmt.Errorf(format, args...)}
}
func notSignedIn(format string, args ...any) error {
	return failure{exitNotAllowed, fmt.Errorf(format, args...)}
}

// errSaid is a failure about which everything was said.
var errSaid = errors.New("")

// explain returns the exit code of an error and what to say about it.
func explain(err error) (int, string) {
	if err == nil {
		return exitOK, ""
	}
	if f, ok := errors.AsType[failure](err); ok {
		return f.code, f.Error()
	}
	if errors.Is(err, context.Canceled) {
		return exitInterrupted, ""
	}
	if _, ok := errors.AsType[*client.Unreachable](err); ok {
		return exitUnreachable, err.Error()
	}
	if e, ok := errors.AsType[*client.Error](err); ok {
		say := e.Error()
		if e.Code == core.EUNAUTHORIZED {
			say += "\nSign in with a token: berth login URL"
		}
		if e.Code == core.ENOTFOUND {
			say += "\nSee what there is: berth apps"
		}
		return codeOf(e.Code), say
	}
	return exitFailed, err.Error()
}

func codeOf(c core.Code) int {
	switch c {
	case core.EUNAUTHORIZED, core.EFORBIDDEN:
		return exitNotAllowed
	case core.ENOTFOUND, core.EGONE:
		return exitNotFound
	case core.ECONFLICT, core.ETOOLARGE, core.ETOOMANY:
		return exitConflict
	case core.EUNAVAILABLE, "": // what answers is no Berth
		return exitUnreachable
	}
	return exitFailed
}

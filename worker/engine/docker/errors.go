package docker

import (
	"context"
	"errors"
	"regexp"
	"strings"

	"github.com/containerd/errdefs"

	"berth/core"
)

// wrap turns an error of the engine into Berth's. What the engine did not answer itself, the connection said: then
// the engine is away.
func wrap(err error) error {
	if err == nil {
		return nil
	}
	if _, ok := errors.AsType[*core.Error](err); ok {
		return err
	}
	text := err.Error()
	switch {
	case isNotFound(err):
		return core.Wrap(err, core.ENOTFOUND, "error.engine_gone")
	case strings.Contains(text, "no space left on device"):
		return core.Wrap(err, core.EINSUFFICIENT, "error.engine_disk_full")
	case errdefs.IsConflict(err):
		return core.Wrap(err, core.ECONFLICT, "error.engine_conflict")
	case errdefs.IsInvalidArgument(err):
		return core.Wrap(err, core.EINVALID, "error.engine_refused", "reason", reason(text))
	case !answered(err):
		return core.Wrap(err, core.EUNAVAILABLE, "error.engine_unavailable")
	}
	return core.Wrap(err, core.EINTERNAL, "error.engine_failed", "reason", reason(text))
}

func isNotFound(err error) bool { return errdefs.IsNotFound(err) }

// answered reports whether err is the engine's own, not the connection's.
func answered(err error) bool {
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return false
	}
	return errdefs.IsInternal(err) || errdefs.IsPermissionDenied(err) || errdefs.IsUnauthorized(err) ||
		errdefs.IsNotImplemented(err)
}

// startFaults translates what the engine says when a program cannot be started.
var startFaults = []struct {
	pattern *regexp.Regexp
	code    core.Code
	key     string
	name    string // of the first group
}{
	{regexp.MustCompile(`port is already allocated|address already in use`), core.ECONFLICT, "error.engine_port_taken", ""},
	{regexp.MustCompile(`no available IPv4 addresses`), core.EUNAVAILABLE, "error.engine_network_full", ""},
	{regexp.MustCompile(`cannot assign requested address`), core.EUNAVAILABLE, "error.engine_address", ""},
	{regexp.MustCompile(`unable to find (?:user|group) ([^:]+)`), core.EINVALID, "error.engine_user_missing", "user"},
	{regexp.MustCompile(`exec: "([^"]+)":? (?:executable file not found|stat .*no such file|no such file)`),
		core.EINVALID, "error.engine_program_missing", "program"},
	{regexp.MustCompile(`exec: "([^"]+)":? (?:permission denied|is a directory)`),
		core.EINVALID, "error.engine_program_denied", "program"},
	{regexp.MustCompile(`exec ([^ :]+): exec format error`), core.EINVALID, "error.engine_program_format", "program"},
	{regexp.MustCompile(`container init was OOM-killed|cannot allocate memory`), core.EINVALID, "error.engine_memory_low", ""},
	{regexp.MustCompile(`No command specified|no command specified`), core.EINVALID, "error.engine_no_command", ""},
}

// wrapStart is wrap for creating and starting: there the engine's words say what is wrong with what it was given.
func wrapStart(err error) error {
	if err == nil {
		return nil
	}
	for _, f := range startFaults {
		m := f.pattern.FindStringSubmatch(err.Error())
		switch {
		case m == nil:
		case f.name != "":
			return core.Wrap(err, f.code, f.key, f.name, m[1])
		default:
			return core.Wrap(err, f.code, f.key)
		}
	}
	if strings.Contains(err.Error(), "OCI runtime create failed") || strings.Contains(err.Error(), "failed to create shim") {
		return core.Wrap(err, core.EINVALID, "error.engine_start", "reason", reason(err.Error()))
	}
	return wrap(err)
}

// reason keeps of the engine's words what a reader can use: the innermost cause.
func reason(text string) string {
	text = strings.TrimSuffix(strings.TrimSpace(text), ": unknown")
	for _, mark := range []string{"caused: ", "unable to start container process: ", "Error response from daemon: "} {
		if i := strings.LastIndex(text, mark); i >= 0 {
			text = text[i+len(mark):]
		}
	}
	return text
}

package docker

import (
	"context"
	"errors"
	"io"
	"testing"

	"github.com/containerd/errdefs"

	"berth/core"
)

// TestWrapStart translates what engines from 20.10 to 28 were seen to say.
func TestWrapStart(t *testing.T) {
	const runc = "failed to create task for container: failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: "
	for said, want := range map[string]string{
		runc + `exec: "sh": executable file not found in $PATH: unknown`:                                                                          "invalid error.engine_program_missing(program=sh)",
		runc + `error during container init: exec: "/no/thing": stat /no/thing: no such file or directory: unknown`:                               "invalid error.engine_program_missing(program=/no/thing)",
		runc + `exec: "/etc/passwd": permission denied: unknown`:                                                                                  "invalid error.engine_program_denied(program=/etc/passwd)",
		runc + `error during container init: exec: "/tmp": is a directory: unknown`:                                                               "invalid error.engine_program_denied(program=/tmp)",
		runc + `exec /bin/app: exec format error: unknown`:                                                                                        "invalid error.engine_program_format(program=/bin/app)",
		runc + `container init was OOM-killed (memory limit too low?): unknown`:                                                                   "invalid error.engine_memory_low",
		runc + `error setting rlimits for ready process: operation not permitted: unknown`:                                                        "invalid error.engine_start(reason=error setting rlimits for ready process: operation not permitted)",
		`unable to find user web: no matching entries in passwd file`:                                                                             "invalid error.engine_user_missing(user=web)",
		`unable to find group web: no matching entries in group file`:                                                                             "invalid error.engine_user_missing(user=web)",
		`driver failed programming external connectivity on endpoint x (1): Bind for 172.17.0.1:25700 failed: port is already allocated`:          "conflict error.engine_port_taken",
		`driver failed programming external connectivity on endpoint x (1): Error starting userland proxy: listen tcp4: address already in use`:   "conflict error.engine_port_taken",
		`failed to set up container networking: failed to bind host port for 172.17.0.1:25700:10.0.0.2:80/tcp: address already in use`:            "conflict error.engine_port_taken",
		`driver failed programming external connectivity on endpoint x (1): listen tcp4 203.0.113.1:25700: bind: cannot assign requested address`: "unavailable error.engine_address",
		`no available IPv4 addresses on this network's address pools: berth-a-b (1)`:                                                              "unavailable error.engine_network_full",
		`no command specified`:                             "invalid error.engine_no_command",
		`write /var/lib/docker/x: no space left on device`: "insufficient error.engine_disk_full",
		`something else`:                                   "internal error.engine_failed(reason=something else)",
	} {
		err := wrapStart(engineError(said))
		if got := string(core.ErrorCode(err)) + " " + core.ErrorMessage(err).String(); got != want {
			t.Errorf("%s:\n got %s\nwant %s", said, got, want)
		}
	}
}

func TestWrap(t *testing.T) {
	for _, c := range []struct {
		err  error
		want core.Code
	}{
		{nil, ""},
		{errdefs.ErrNotFound, core.ENOTFOUND},
		{errdefs.ErrConflict, core.ECONFLICT},
		{errdefs.ErrInvalidArgument, core.EINVALID},
		{errdefs.ErrUnavailable, core.EUNAVAILABLE},
		{io.ErrUnexpectedEOF, core.EUNAVAILABLE},
		{context.Canceled, core.EUNAVAILABLE},
		{core.NotFound(), core.ENOTFOUND},
	} {
		if err := wrap(c.err); core.ErrorCode(err) != c.want {
			t.Errorf("%v becomes %v", c.err, err)
		} else if c.err != nil && !errors.Is(err, c.err) {
			t.Errorf("%v is lost", c.err)
		}
	}
}

// engineError is an answer with the status 500.
type engineError string

func (e engineError) Error() string { return string(e) }
func (engineError) System()         {}

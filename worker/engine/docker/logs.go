package docker

import (
	"bufio"
	"context"
	"errors"
	"io"
	"strconv"
	"time"

	"github.com/docker/docker/api/types/container"

	"berth/core"
)

// Logs calls f for each line of a container's log, oldest first, from Since (exclusive when set), following when
// asked, until ctx ends or the log does. The times of a container's lines strictly ascend, and are the same at every
// reading, so that the time of a line tells it from all others. Since the clock was set back, the engine's stamps are
// earlier than those times: with a Since that is still to come, all of the log is read. Errors: ENOTFOUND; what f
// returns.
func (e *Engine) Logs(ctx context.Context, containerID string, q core.LogQuery, f func(core.LogLine) error) error {
	opts := container.LogsOptions{ShowStdout: true, ShowStderr: true, Timestamps: true, Follow: q.Follow}
	if q.Tail > 0 {
		opts.Tail = strconv.Itoa(q.Tail)
	}
	if !q.Since.IsZero() && !q.Since.After(time.Now()) {
		opts.Since = engineTime(q.Since.Add(-lookBack))
	}
	stream, err := e.api.ContainerLogs(ctx, containerID, opts)
	if err != nil {
		return wrap(err)
	}
	defer stream.Close()
	err = readLines(bufio.NewReaderSize(stream, readAhead), func(l core.LogLine) error {
		if !l.Time.After(q.Since) {
			return nil
		}
		if err := f(l); err != nil {
			return stopped{err}
		}
		return nil
	})
	if s, ok := errors.AsType[stopped](err); ok {
		return s.error
	}
	return wrap(err)
}

// lookBack is how far before Since the log is read again. Lines with equal or disordered times got later ones, and
// get the same ones again only when their neighbours are read too.
const lookBack = 250 * time.Millisecond

// readAhead is how much of a log is taken from the engine at once if it is there: each line is two small reads.
const readAhead = 16 << 10

// stopped carries the error of the one who reads past the errors of the log.
type stopped struct{ error }

// readLines reads the engine's multiplexed log.
func readLines(r io.Reader, f func(core.LogLine) error) error {
	var clock time.Time
	give := func(at time.Time, stream, line string, part bool) error {
		if clock = clock.Add(1); at.After(clock) {
			clock = at
		}
		return f(core.LogLine{Time: clock, Stream: stream, Line: line, Part: part})
	}
	frames := frameReader{r: r}
	var lines [len(streams)]lineCutter
	for {
		at, stream, text, err := frames.next()
		if err != nil && err != io.EOF {
			return err
		}
		if err == io.EOF {
			for i := range lines {
				if err := lines[i].end(func(line string, part bool) error { return give(clock, streams[i], line, part) }); err != nil {
					return err
				}
			}
			return nil
		}
		err = lines[stream].add(text, func(line string, part bool) error { return give(at, streams[stream], line, part) })
		if err != nil {
			return err
		}
	}
}

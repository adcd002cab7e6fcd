package enginetest

import (
	"context"
	"errors"
	"slices"
	"time"

	"berth/core"
)

func testEvents(b *bench) {
	ctx, cancel := context.WithCancel(b.ctx)
	defer cancel()
	events := make(chan core.EngineEvent, 100)
	go b.Events(ctx, func(e core.EngineEvent) { events <- e })
	spec := b.spec("CRASH_AT_START=1")
	await := func(kind string) {
		b.Helper()
		for {
			select {
			case e := <-events:
				if e.Kind == kind && (kind == "listening" || e.Instance == spec.Instance && e.AppID == spec.AppID) {
					return
				}
			case <-ctx.Done():
				b.Fatalf("no event %q", kind)
			}
		}
	}
	await("listening")
	id := b.start(spec)
	await("start")
	await("die")
	b.ok(b.Remove(b.ctx, id))
	await("destroy")
}

func testEventsEnd(b *bench) {
	ctx, cancel := context.WithCancel(b.ctx)
	err := b.Events(ctx, func(core.EngineEvent) { cancel() })
	if !errors.Is(err, context.Canceled) {
		b.Errorf("ended with %v", err)
	}
}

// lines reads a log to its end.
func (b *bench) lines(id string, q core.LogQuery) []core.LogLine {
	b.Helper()
	var lines []core.LogLine
	b.ok(b.Logs(b.ctx, id, q, func(l core.LogLine) error {
		lines = append(lines, l)
		return nil
	}))
	return lines
}

var errSeen = errors.New("seen")

// awaitLine follows a log until a line comes.
func (b *bench) awaitLine(id, line string) {
	b.Helper()
	err := b.Logs(b.ctx, id, core.LogQuery{Follow: true}, func(l core.LogLine) error {
		if l.Line == line {
			return errSeen
		}
		return nil
	})
	if !errors.Is(err, errSeen) {
		b.Fatalf("no line %q: %v", line, err)
	}
}

func testLogs(b *bench) {
	id := b.start(b.spec())
	b.awaitLine(id, "listening")
	b.ok(b.Stop(b.ctx, id, 10*time.Second))
	all := b.lines(id, core.LogQuery{})
	if len(all) != 4 || all[1].Line != "listening" || all[3].Line != "stopped" || all[0].Stream != "stdout" {
		b.Fatalf("lines: %+v", all)
	}
	for i, l := range all {
		if i > 0 && !l.Time.After(all[i-1].Time) {
			b.Errorf("line %d is not later than the one before", i)
		}
		if rest := b.lines(id, core.LogQuery{Since: l.Time}); !slices.Equal(rest, all[i+1:]) {
			b.Errorf("after line %d come %+v", i, rest)
		}
		if tail := b.lines(id, core.LogQuery{Tail: i + 1}); len(tail) != i+1 || tail[i].Line != "stopped" {
			b.Errorf("the last %d lines: %+v", i+1, tail)
		}
	}
	b.code(b.Logs(b.ctx, "0123456789ab", core.LogQuery{}, nil), core.ENOTFOUND)
}

func testLogsFollow(b *bench) {
	id := b.start(b.spec())
	lines := make(chan string, 100)
	done := make(chan error, 1)
	go func() {
		done <- b.Logs(b.ctx, id, core.LogQuery{Follow: true}, func(l core.LogLine) error {
			lines <- l.Line
			return nil
		})
	}()
	b.awaitLine(id, "listening")
	b.ok(b.Stop(b.ctx, id, 10*time.Second))
	b.ok(<-done) // the log ends with the program
	close(lines)
	var all []string
	for l := range lines {
		all = append(all, l)
	}
	if len(all) != 4 || all[3] != "stopped" {
		b.Errorf("lines: %q", all)
	}
}

func testLogsEndWithReader(b *bench) {
	id := b.start(b.spec())
	ctx, cancel := context.WithCancel(b.ctx)
	err := b.Logs(ctx, id, core.LogQuery{Follow: true}, func(core.LogLine) error { cancel(); return nil })
	if !errors.Is(err, context.Canceled) {
		b.Errorf("ended with %v", err)
	}
}

package docker_test

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"unicode/utf8"

	"berth/core"
	"berth/e2e/testenv"
	"berth/worker/engine/docker"
)

// TestHostileLogLines has a program write what no viewer should have to bear.
func TestHostileLogLines(t *testing.T) {
	t.Parallel()
	registry := testenv.StartImageRegistry(t)
	n := newTenant(t, open(t, docker.Options{Registry: registry.Host}), registry)
	r := n.run(n.spec("shop"))
	say := func(line string, size int) {
		t.Helper()
		_, err := r.get(fmt.Sprintf("/log?stream=stderr&size=%d&line=%s", size, url.QueryEscape(line)))
		n.ok(err)
	}
	say("<script>\x1b[31mred\x1b[0m\x1b]52;c;x\x07", 0)
	say("a\xffb\xc3", 0)
	say("", 0)
	say("ж", 1<<20)
	say("x", core.MaxLogLine)
	say("x", core.MaxLogLine+1)
	say("end", 0)
	lines := r.streamUntil("end")
	want := []string{"<script>\x1b[31mred\x1b[0m\x1b]52;c;x\x07", "a\uFFFDb\uFFFD", ""}
	for i, w := range want {
		if lines[i].Line != w {
			t.Errorf("line %d is %q, want %q", i, lines[i].Line, w)
		}
	}
	var long strings.Builder
	rest := lines[len(want):]
	for ; strings.HasPrefix(rest[0].Line, "ж"); rest = rest[1:] {
		if len(rest[0].Line) > core.MaxLogLine || !utf8.ValidString(rest[0].Line) {
			t.Errorf("a piece of %d bytes, valid: %t", len(rest[0].Line), utf8.ValidString(rest[0].Line))
		}
		long.WriteString(rest[0].Line)
	}
	if long.String() != strings.Repeat("ж", 1<<19) {
		t.Errorf("the long line came as %d bytes", long.Len())
	}
	var lengths []int
	for _, l := range rest {
		lengths = append(lengths, len(l.Line))
	}
	if fmt.Sprint(lengths) != fmt.Sprint([]int{core.MaxLogLine, core.MaxLogLine, 1, 3}) {
		t.Errorf("lines of %d bytes", lengths)
	}
}

// TestLogResumes breaks a flood off at many places, in the middle of lines too, and goes on behind the last one.
func TestLogResumes(t *testing.T) {
	t.Parallel()
	registry := testenv.StartImageRegistry(t)
	n := newTenant(t, open(t, docker.Options{Registry: registry.Host}), registry)
	r := n.run(n.spec("shop"))
	for _, path := range []string{"/flood?n=2000", "/log?line=y&size=100000", "/log?stream=stderr&line=z&size=50000", "/flood?n=2000"} {
		_, err := r.get(path)
		n.ok(err)
	}
	n.ok(n.engine.Stop(t.Context(), r.container, 1e10))
	all := r.lines(core.LogQuery{})
	if len(all) < 4000 {
		t.Fatalf("%d lines", len(all))
	}
	broken, seen := errors.New("broken off"), core.LogQuery{}
	for i := 0; i < len(all); {
		count := 0
		err := n.engine.Logs(t.Context(), r.container, seen, func(l core.LogLine) error {
			if l != all[i] {
				t.Fatalf("line %d is %+.60v, want %+.60v", i, l, all[i])
			}
			i, seen.Since = i+1, l.Time
			if count++; count > 150 {
				return broken
			}
			return nil
		})
		if err != nil && !errors.Is(err, broken) {
			t.Fatal(err)
		}
	}
	if rest := r.lines(seen); len(rest) != 0 {
		t.Errorf("%d lines behind the last", len(rest))
	}
}

// streamUntil follows stderr from the start until a line comes.
func (r *running) streamUntil(last string) []core.LogLine {
	r.t.Helper()
	var lines []core.LogLine
	done := errors.New("done")
	err := r.engine.Logs(r.t.Context(), r.container, core.LogQuery{Follow: true}, func(l core.LogLine) error {
		if l.Stream == "stderr" {
			lines = append(lines, l)
		}
		if l.Line == last {
			return done
		}
		return nil
	})
	if !errors.Is(err, done) {
		r.t.Fatal(err)
	}
	return lines
}

package handlers

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"berth/core"
)

// written is a Service that knows only lines, and finds two at a time.
type written struct {
	Service
	lines []core.LogRecord
}

func (s written) SearchLogs(_ context.Context, q core.LogSearch) ([]core.LogRecord, bool, error) {
	q.Limit = 2
	lines, more := q.Page(append([]core.LogRecord{}, s.lines...))
	return lines, more, nil
}

func newWritten(n int) (s written) {
	for i := range n {
		at := time.Date(2026, 3, 1, 12, 0, i, 0, time.UTC)
		s.lines = append(s.lines, core.LogRecord{LogLine: core.LogLine{Time: at, Instance: "one", Version: "1.0", Stream: "stdout", Line: fmt.Sprint("line ", i)}})
	}
	return s
}

// file downloads lines of the log, at most four, and returns those of the file.
func (s written) file(t *testing.T, query string) []string {
	t.Helper()
	before := fileLines
	fileLines = 4
	t.Cleanup(func() { fileLines = before })
	h := &Handlers{Service: s}
	return strings.Split(strings.TrimSuffix(answerOf(t, h, h.logFile, "/?"+query).Body.String(), "\n"), "\n")
}

// A file that does not hold all lines says so at its end, and how to have the others: all lines are had in the end, once.
func TestAFileSaysThatItIsNotWhole(t *testing.T) {
	s := newWritten(7)
	first := s.file(t, "format=ndjson")
	var end logFileEnd
	if err := json.Unmarshal([]byte(first[len(first)-1]), &end); err != nil || len(first) != 5 {
		t.Fatal(err, first)
	}
	if want := s.lines[3].Position().String(); end.Next != want || !strings.Contains(end.Detail, "4 lines") {
		t.Errorf("the file ends with %+v, want to go on at %s", end, want)
	}
	rest := s.file(t, "format=ndjson&cursor="+end.Next)
	all := append(first[:4], rest...)
	for i, text := range all {
		var line logLineJSON
		if want := fmt.Sprint("line ", 6-i); json.Unmarshal([]byte(text), &line) != nil || line.Line != want {
			t.Errorf("line %d is %s, want %s", i, text, want)
		}
	}
	if len(all) != 7 {
		t.Errorf("both files have %d lines, want 7", len(all))
	}

	text := s.file(t, "format=text")
	if last := text[len(text)-1]; len(text) != 5 || !strings.HasPrefix(last, "# The file ends here") || !strings.Contains(last, "cursor="+end.Next+" ") {
		t.Errorf("%q does not say where to go on", text)
	}
}

func TestAWholeFileHoldsNothingButLines(t *testing.T) {
	for _, format := range []string{"ndjson", "text"} {
		if lines := newWritten(4).file(t, "format="+format); len(lines) != 4 || !strings.Contains(lines[3], "line 0") {
			t.Errorf("%s has %q", format, lines)
		}
	}
}

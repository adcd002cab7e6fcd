package access

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"time"

	"berth/core"
)

const (
	block      = 256 << 10 // read at once
	maxScanned = 16 << 20  // in one search; the next one goes on from there
	longest    = 4 << 10   // no line is longer
)

// Search implements core.AccessLog. It reads backwards, so that the newest lines cost little, and no more than a
// bounded piece at once.
func (l *Log) Search(ctx context.Context, appID string, q core.AccessQuery) (core.AccessPage, error) {
	if err := core.ValidateLabel("appId", appID); err != nil {
		return core.AccessPage{}, err
	}
	if err := q.Validate(); err != nil {
		return core.AccessPage{}, err
	}
	q.Limit = min(max(q.Limit, 1), core.MaxAccessLines)
	s := search{query: q, match: q.Match(), left: maxScanned}
	l.mu.Lock()
	s.page.Lost = l.lost[appID]
	l.mu.Unlock()
	for _, file := range l.opened(appID) {
		if !s.done && ctx.Err() == nil {
			s.file(ctx, file)
		}
		file.Close()
	}
	return s.page, ctx.Err()
}

// opened opens all files of an app at one moment, the newest first: rotation then moves names, not what is read.
func (l *Log) opened(appID string) []*os.File {
	l.files.mu.Lock()
	defer l.files.mu.Unlock()
	var all []*os.File
	for n := range l.Files {
		if f, err := os.Open(filepath.Join(l.Dir, appID, fileName(n))); err == nil {
			all = append(all, f)
		}
	}
	return all
}

type search struct {
	query core.AccessQuery
	match func(core.AccessLine) bool
	page  core.AccessPage
	left  int64
	last  time.Time // of the line looked at last
	done  bool
}

// file reads a file from its end.
func (s *search) file(ctx context.Context, f *os.File) {
	size, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		return
	}
	var tail []byte // of the block before: the end of a line that begins earlier
	for end := size; end > 0 && !s.done && ctx.Err() == nil; {
		begin := max(end-block, 0)
		buffer := make([]byte, end-begin, int(end-begin)+len(tail))
		if _, err := f.ReadAt(buffer, begin); err != nil && err != io.EOF {
			return
		}
		s.left -= int64(len(buffer))
		buffer = append(buffer, tail...)
		first := 0
		if begin > 0 {
			if first = bytes.IndexByte(buffer, '\n') + 1; first == 0 {
				first = min(len(buffer), longest)
			}
		}
		s.lines(buffer[first:])
		tail = append([]byte(nil), buffer[:first]...)
		end = begin
	}
}

// lines looks at whole lines, the last first.
func (s *search) lines(b []byte) {
	path := []byte(s.query.Path)
	for len(b) > 0 && !s.done {
		b = bytes.TrimSuffix(b, []byte("\n"))
		at := bytes.LastIndexByte(b, '\n') + 1
		line := b[at:]
		b = b[:at]
		if len(path) > 0 && !bytes.Contains(line, path) && s.left > 0 {
			continue
		}
		if parsed, ok := core.ParseAccessLine(line); ok {
			s.line(parsed)
		}
	}
}

// line takes a line. Those of one microsecond stay together, so that the next search can go on before it.
func (s *search) line(l core.AccessLine) {
	full := len(s.page.Lines) >= s.query.Limit || s.left <= 0
	switch {
	case l.Time.Before(s.query.After):
		s.done = true
	case full && !s.last.IsZero() && l.Time.Before(s.last):
		s.done, s.page.Until = true, s.last
	default:
		s.last = l.Time
		if s.query.Within(l.Time) && s.match(l) {
			s.page.Lines = append(s.page.Lines, l)
		}
	}
}

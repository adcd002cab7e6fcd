package access

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"berth/core"
)

func line(at time.Time, source, path string, status int, fault core.Fault) string {
	return fmt.Sprintf("%d\tapp.test\t%s\tGET\t%s\tHTTP/1.1\t%d\t0\t12\t1500\t10.0.0.1:80\t1.0\t%s\tcurl\n", at.UnixMicro(), source, path, status, fault)
}

var noon = time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)

// filled has n lines, one a millisecond from noon on; every tenth failed.
func filled(t *testing.T, o Options, n int) *Log {
	o.Dir = filepath.Join(t.TempDir(), "access")
	l := New(o)
	for i := range n {
		status, fault := 200, core.FaultNone
		if i%10 == 0 {
			status, fault = 502, core.FaultBroken
		}
		l.Write("app", []byte(line(noon.Add(time.Duration(i)*time.Millisecond), fmt.Sprintf("192.0.2.%d", i%250), fmt.Sprintf("/p/%d", i), status, fault)), 0)
	}
	return l
}

func find(t *testing.T, l *Log, q core.AccessQuery) core.AccessPage {
	t.Helper()
	page, err := l.Search(t.Context(), "app", q)
	if err != nil {
		t.Fatal(err)
	}
	return page
}

func TestSearch(t *testing.T) {
	l := filled(t, Options{}, 5000)
	for name, c := range map[string]struct {
		q     core.AccessQuery
		first string
		n     int
	}{
		"newest":        {core.AccessQuery{Limit: 10}, "/p/4999", 10},
		"a class":       {core.AccessQuery{Status: "5xx", Limit: 1000}, "/p/4990", 500},
		"a status":      {core.AccessQuery{Status: "502", Limit: 3}, "/p/4990", 3},
		"failed":        {core.AccessQuery{Status: "failed", Limit: 3}, "/p/4990", 3},
		"no such":       {core.AccessQuery{Status: "404", Limit: 3}, "", 0},
		"part of path":  {core.AccessQuery{Path: "p/123", Limit: 100}, "/p/1239", 11},
		"an address":    {core.AccessQuery{Source: "192.0.2.7", Limit: 100}, "/p/4757", 20},
		"a network":     {core.AccessQuery{Source: "192.0.2.0/31", Limit: 100}, "/p/4751", 40},
		"other network": {core.AccessQuery{Source: "2001:db8::/32", Limit: 100}, "", 0},
		"before":        {core.AccessQuery{Before: noon.Add(5 * time.Millisecond), Limit: 100}, "/p/4", 5},
		"after":         {core.AccessQuery{After: noon.Add(4990 * time.Millisecond), Limit: 100}, "/p/4999", 10},
	} {
		t.Run(name, func(t *testing.T) {
			page := find(t, l, c.q)
			if len(page.Lines) != c.n || c.n > 0 && page.Lines[0].Path != c.first {
				t.Errorf("%d lines, %+v", len(page.Lines), page.Lines[:min(1, len(page.Lines))])
			}
		})
	}
	for _, q := range []core.AccessQuery{{Status: "600"}, {Status: "2x"}, {Status: "' OR 1"}, {Source: "everywhere"}, {Source: "10.0.0.0/33"}, {Path: strings.Repeat("x", 300)}} {
		if _, err := l.Search(t.Context(), "app", q); core.ErrorCode(err) != core.EINVALID {
			t.Errorf("%+v: %v", q, err)
		}
	}
	if _, err := l.Search(t.Context(), "../app", core.AccessQuery{}); core.ErrorCode(err) != core.EINVALID {
		t.Errorf("a path as an app: %v", err)
	}
}

// Page after page comes every line once, across files and among lines of the same microsecond.
func TestSearchGoesOn(t *testing.T) {
	l := filled(t, Options{Size: 20_000, Files: 50}, 3000)
	for i := range 300 {
		l.Write("app", []byte(line(noon.Add(time.Hour+time.Duration(i/7)*time.Microsecond), "::1", fmt.Sprintf("/t/%d", i), 200, "")), 0)
	}
	seen := map[string]int{}
	for q := (core.AccessQuery{Limit: 100}); ; {
		page := find(t, l, q)
		for _, line := range page.Lines {
			seen[line.Path]++
		}
		if q.Before = page.Until; q.Before.IsZero() {
			break
		}
	}
	if len(seen) != 3300 {
		t.Errorf("%d lines of 3300", len(seen))
	}
	for path, n := range seen {
		if n != 1 {
			t.Errorf("%s came %d times", path, n)
		}
	}
}

// An app takes no more than its files; the oldest lines go.
func TestLogIsBounded(t *testing.T) {
	l := filled(t, Options{Size: 10_000, Files: 3}, 5000)
	entries, _ := os.ReadDir(filepath.Join(l.Dir, "app"))
	total := int64(0)
	for _, e := range entries {
		info, _ := e.Info()
		total += info.Size()
		if info.Mode().Perm() != 0o600 {
			t.Errorf("%s may be read by others: %v", e.Name(), info.Mode())
		}
	}
	if len(entries) != 3 || total > 30_000 || total < 20_000 {
		t.Errorf("%d files, %d bytes", len(entries), total)
	}
	if page := find(t, l, core.AccessQuery{Limit: 1}); page.Lines[0].Path != "/p/4999" {
		t.Errorf("the newest is %+v", page.Lines[0])
	}
}

// A disk that takes nothing costs lines only, and they are counted; half a line harms no other.
func TestDiskThatTakesNothing(t *testing.T) {
	l := New(Options{Dir: filepath.Join(t.TempDir(), "file", "access")})
	if err := os.WriteFile(filepath.Dir(l.Dir), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	l.Write("app", []byte(line(noon, "::1", "/", 200, "")), 2)
	if page := find(t, l, core.AccessQuery{}); page.Lost != 3 || len(page.Lines) != 0 {
		t.Errorf("%+v", page)
	}
	l = filled(t, Options{}, 1)
	l.Write("app", []byte("1234\thalf a line\n"), 0)
	l.Write("app", []byte(line(noon.Add(time.Hour), "::1", "/after", 200, "")), 0)
	if page := find(t, l, core.AccessQuery{Limit: 10}); len(page.Lines) != 2 || page.Lines[0].Path != "/after" {
		t.Errorf("%+v", page)
	}
	l.Write("../../etc", []byte(line(noon, "::1", "/", 200, "")), 0)
	if entries, _ := os.ReadDir(l.Dir); len(entries) != 1 {
		t.Errorf("%v", entries)
	}
}

// Files of apps that are gone go after a while, and old ones too.
func TestFilesGo(t *testing.T) {
	known := map[string]bool{"app": true, "gone": true}
	l := filled(t, Options{Known: func(id string) bool { return known[id] }}, 1)
	l.Write("gone", []byte(line(noon, "::1", "/", 200, "")), 0)
	known["gone"] = false
	l.tidy(time.Now())
	if _, err := os.Stat(filepath.Join(l.Dir, "gone")); err != nil {
		t.Errorf("gone too early: %v", err)
	}
	l.tidy(time.Now().Add(2 * time.Hour))
	if entries, _ := os.ReadDir(l.Dir); len(entries) != 1 || entries[0].Name() != "app" {
		t.Errorf("%v", entries)
	}
	l.tidy(time.Now().Add(31 * 24 * time.Hour))
	if entries, _ := os.ReadDir(l.Dir); len(entries) != 0 {
		t.Errorf("%v", entries)
	}
	l.Write("app", []byte(line(noon, "::1", "/again", 200, "")), 0)
	if page := find(t, l, core.AccessQuery{Limit: 10}); len(page.Lines) != 1 {
		t.Errorf("%+v", page)
	}
	if err := l.Forget("app"); err != nil || len(find(t, l, core.AccessQuery{Limit: 10}).Lines) != 0 {
		t.Errorf("not forgotten: %v", err)
	}
}

// Who follows gets the lines that match as they come; one that is slow is told what it missed and holds nothing up.
func TestFollow(t *testing.T) {
	l := filled(t, Options{}, 0)
	ctx, cancel := context.WithCancel(t.Context())
	type told struct {
		core.AccessLine
		missed int
	}
	got, done, missed := make(chan told), make(chan error), 0
	go func() {
		done <- l.Follow(ctx, "app", core.AccessQuery{Status: "5xx"}, func(line core.AccessLine, n int) error {
			got <- told{line, n}
			return nil
		})
	}()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(time.Millisecond) {
		l.mu.Lock()
		n := len(l.readers["app"])
		l.mu.Unlock()
		if n == 1 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("nobody follows")
		}
	}
	l.Write("other", []byte(line(noon, "::1", "/other", 500, "")), 0)
	l.Write("app", []byte(line(noon, "::1", "/well", 200, "")+line(noon, "::1", "/bad", 500, "")), 0)
	if first := <-got; first.Path != "/bad" {
		t.Errorf("%+v", first)
	}
	for range 1000 {
		l.Write("app", []byte(line(noon, "::1", "/flood", 500, "")), 0)
	}
	for n := 1; n+missed < 1000; n++ {
		missed += (<-got).missed
		if n > 2*waiting {
			l.Write("app", []byte(line(noon, "::1", "/last", 500, "")), 0)
		}
		if n > 1100 {
			t.Fatalf("%d lines, %d missed", n, missed)
		}
	}
	cancel()
	for {
		select {
		case <-got:
			continue
		case err := <-done:
			if err != nil {
				t.Error(err)
			}
		}
		break
	}
	if len(l.readers) != 0 {
		t.Error("the reader is still there")
	}
}

// The paths asked for most are found among a flood of others, which takes no memory.
func TestTopPaths(t *testing.T) {
	var p topPaths
	flood := func(n int) {
		var lines bytes.Buffer
		for i := range n {
			lines.WriteString(line(noon, "::1", fmt.Sprintf("/flood/%d/%s", i, strings.Repeat("x", 150)), 404, ""))
			if i%5 == 0 {
				lines.WriteString(line(noon, "::1", "/", 200, ""))
			}
			if i%20 == 0 {
				lines.WriteString(line(noon, "::1", "/cart", 200, ""))
			}
		}
		p.count("app", lines.Bytes(), noon)
	}
	flood(20_000)
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	for range 5 {
		flood(20_000)
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > 64<<10 {
		t.Errorf("grew by %d bytes", grown)
	}
	s := p.slots[0]["app"]
	if s.n != sketchSize || len(s.at) != sketchSize {
		t.Errorf("%d paths, %d places", len(s.at), s.n)
	}
	for _, path := range []string{"/", "/cart"} {
		if _, ok := s.at[path]; !ok {
			t.Errorf("%s is not among them", path)
		}
	}
	if e := s.entries[s.at["/"]]; e.count < 24_000 || e.count-e.before > 24_000 {
		t.Errorf("/ was asked for 24000 times, counted between %d and %d", e.count-e.before, e.count)
	}
}

func TestTopPathsOfASlot(t *testing.T) {
	l := filled(t, Options{}, 0)
	lines := strings.Repeat(line(noon, "::1", "/a", 200, ""), 5) + strings.Repeat(line(noon, "::1", "/b", 200, ""), 3) + line(noon, "::1", "/\xff", 200, "")
	l.Write("app", []byte(lines), 0)
	now := time.Now()
	got := append(l.TopPaths("app", now), l.TopPaths("app", now.Add(-core.PathSlot))...) // a slot may have ended just now
	want := []core.PathCount{{Path: "/a", Requests: 5}, {Path: "/b", Requests: 3}, {Path: "/\uFFFD", Requests: 1}}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%v", got)
	}
	if got := l.TopPaths("app", now.Add(-time.Hour)); got != nil {
		t.Errorf("an hour ago: %v", got)
	}
}

// A line reads back as it was written, and nothing else is taken for one.
func FuzzParseAccessLine(f *testing.F) {
	f.Add([]byte(line(noon, "::1", "/a", 200, "cut")))
	f.Fuzz(func(t *testing.T, b []byte) { core.ParseAccessLine(b) })
}

// BenchmarkManyApps writes one line of each of 1,000 apps, as the gateway does twice a second under a load on all.
func BenchmarkManyApps(b *testing.B) {
	l := New(Options{Dir: b.TempDir()})
	defer l.files.close()
	line := []byte("1764414000000000\tapp.test\t127.0.0.1\tGET\t/\tHTTP/1.1\t200\t0\t1024\t1\t127.0.0.1:25700\t1.0\t-\tcurl\n")
	round := func() {
		for n := range 1000 {
			l.Write("app"+strconv.Itoa(n), line, 0)
		}
	}
	round() // makes the files
	for b.Loop() {
		round()
	}
}

package logs

import (
	"context"
	"maps"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"berth/core"
)

// session returns one of a collector that does nothing by itself.
func (h *house) session(s core.LogStore, path string, m *machineClock) *session {
	return newSession(NewCollector(CollectorOptions{Source: h.source, Lines: s, Path: path, Settle: time.Second, Now: m.now, Elapsed: m.elapsed}), "0")
}

// An instance that is gone leaves nothing behind, in memory or in the file, though a last line of it comes late.
func TestSessionForgetsInstancesThatAreGone(t *testing.T) {
	h := newHouse(t)
	m, path := &machineClock{}, filepath.Join(t.TempDir(), "positions")
	s := h.session(&shaky{}, path, m)
	ctx, cancel := context.WithCancelCause(h.ctx)
	defer s.awaitReaders()
	defer cancel(nil)
	a, b := h.instance(), h.instance()
	wrote := func(i core.Instance) {
		s.wrote([]core.LogRecord{{LogLine: core.LogLine{Instance: i.ID, Time: m.now()}}})
	}
	note := func() {
		must(t, s.note(ctx))
		m.pass(time.Second)
		must(t, s.note(ctx))
	}
	noted := func() []string { return slices.Sorted(maps.Keys(newDurable(path).At)) }

	s.update(ctx, cancel, []core.Instance{a, b})
	wrote(a)
	wrote(b)
	note()
	if got, want := noted(), slices.Sorted(slices.Values([]string{a.ID, b.ID})); !slices.Equal(got, want) {
		t.Fatalf("%q are noted, want %q", got, want)
	}
	h.remove(a)
	for end := time.Now().Add(time.Minute); s.readers[a.ID] != nil; time.Sleep(time.Millisecond) {
		s.update(ctx, cancel, []core.Instance{b})
		if time.Now().After(end) {
			t.Fatal("its reader goes on")
		}
	}
	wrote(a)
	note()
	if got := noted(); !slices.Equal(got, []string{b.ID}) {
		t.Errorf("%q are noted, want %q alone", got, b.ID)
	}
	if got := slices.Collect(maps.Keys(s.written)); !slices.Equal(got, []string{b.ID}) {
		t.Errorf("%q are held, want %q alone", got, b.ID)
	}
}

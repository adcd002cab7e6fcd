package logs

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"berth/core"
)

func TestStreamBeginsWithTheLastLines(t *testing.T) {
	h := newHouse(t)
	a, b := h.instance(), h.instance()
	for _, i := range []core.Instance{a, b, b, a, a, b} {
		h.engine.Write(i.ID, "stderr", "from "+i.ID)
	}
	r := h.read("", 3)
	r.await(3)
	h.write(b, 0, 1)
	lines := r.await(4)
	want := []string{"from " + a.ID, "from " + a.ID, "from " + b.ID, b.ID + " 0"}
	if got := texts(lines); !slices.Equal(got, want) {
		t.Errorf("lines %q, want %q", got, want)
	}
	if l := lines[0]; l.Instance != a.ID || l.Version != "1.0" || l.Stream != "stderr" || l.Cursor == "" {
		t.Errorf("line %+v", l)
	}
}

func TestPastOnlyEndsBehindWhatIsThere(t *testing.T) {
	h := newHouse(t)
	a := h.instance()
	h.write(a, 0, 5)
	var got []string
	cursor := ""
	read := func(cursorFrom string, tail int) {
		t.Helper()
		got = nil
		err := h.source.Stream(h.ctx, core.LogView{AppID: "shop", Cursor: cursorFrom, Tail: tail, PastOnly: true}, func(l core.LogLine) error {
			got, cursor = append(got, l.Line), l.Cursor
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if read("", 2); !slices.Equal(got, []string{a.ID + " 3", a.ID + " 4"}) {
		t.Errorf("the tail: %q", got)
	}
	h.write(a, 5, 7)
	if read(cursor, 0); !slices.Equal(got, []string{a.ID + " 5", a.ID + " 6"}) {
		t.Errorf("behind a cursor: %q", got)
	}
}

func TestStreamWithoutTailBeginsNow(t *testing.T) {
	h := newHouse(t)
	a := h.instance()
	h.write(a, 0, 5)
	r := h.read("", 0)
	go func() { // until the stream has begun
		for n := 5; n < 1000; n++ {
			h.write(a, n, n+1)
			time.Sleep(time.Millisecond)
		}
	}()
	if first := r.await(1)[0].Line; slices.Contains([]string{a.ID + " 0", a.ID + " 4"}, first) {
		t.Errorf("begins with %q", first)
	}
}

// However often the connection breaks, every line comes, once, and each instance's in their order.
func TestResumeHasNoGapAndNoDouble(t *testing.T) {
	const perInstance = 600
	h := newHouse(t)
	instances := []core.Instance{h.instance(), h.instance(), h.instance()}
	h.write(instances[0], 0, 50)
	var writers sync.WaitGroup
	for n, i := range instances {
		from := 0
		if n == 0 {
			from = 50
		}
		writers.Go(func() {
			for k := from; k < perInstance; k++ {
				h.write(i, k, k+1)
				if rand.N(10) == 0 {
					time.Sleep(time.Millisecond)
				}
			}
		})
	}
	var got []core.LogLine
	cursor := ""
	for len(got) < 3*perInstance {
		n := min(1+rand.N(200), 3*perInstance-len(got))
		broken := errors.New("broken")
		taken := 0
		r := read(t, h.source, cursor, MaxTail, func(core.LogLine) error {
			if taken++; taken == n {
				return broken
			}
			return nil
		})
		lines := r.await(n)
		if err := <-r.ended; err != broken {
			t.Fatalf("the stream ended with %v", err)
		}
		close(r.ended)
		got = append(got, lines...)
		cursor = lines[n-1].Cursor
	}
	writers.Wait()
	next := map[string]int{}
	for _, l := range got {
		if want := fmt.Sprintf("%s %d", l.Instance, next[l.Instance]); l.Line != want || l.Dropped > 0 {
			t.Fatalf("got %q, dropped %d; want %q", l.Line, l.Dropped, want)
		}
		next[l.Instance]++
	}
}

// The cursor of any of the first lines leads to all lines behind it, also to those of other instances.
func TestEveryCursorOfTheTailLeadsOn(t *testing.T) {
	h := newHouse(t)
	a, b := h.instance(), h.instance()
	for n := range 10 {
		h.write([]core.Instance{a, b}[n%2], n, n+1)
	}
	first := h.read("", 7)
	all := first.await(7)
	first.stop()
	for n := range all {
		r := h.read(all[n].Cursor, 0)
		if got := texts(r.await(len(all) - n - 1)); !slices.Equal(got, texts(all[n+1:])) {
			t.Errorf("behind line %d: %q", n, got)
		}
		r.stop()
	}
}

func TestNewInstancesAreFollowed(t *testing.T) {
	h := newHouse(t)
	r := h.read("", 10)
	a := h.instance()
	h.write(a, 0, 2)
	r.await(2)
	b := h.instance()
	h.write(b, 0, 2)
	want := []string{a.ID + " 0", a.ID + " 1", b.ID + " 0", b.ID + " 1"}
	if got := texts(r.await(4)); !slices.Equal(got, want) {
		t.Errorf("lines %q", got)
	}
}

func TestNewInstancesAreFollowedAtOnceWhenTold(t *testing.T) {
	h := newHouse(t)
	changes := make(chan core.Change)
	h.source = New(Options{Store: h.Store, Engines: only{h.engine}, Poll: time.Hour, Notifier: told(changes)})
	r := h.read("", 10)
	a := h.instance()
	h.write(a, 0, 1)
	changes <- core.Change{AppID: "tea"}
	changes <- core.Change{AppID: "shop", Kind: "app"}
	r.await(1)
}

type told chan core.Change

func (told) Notify(core.Change)                             {}
func (c told) Subscribe(context.Context) <-chan core.Change { return c }

func TestRemovedInstanceEnds(t *testing.T) {
	h := newHouse(t)
	a, b := h.instance(), h.instance()
	h.write(a, 0, 1)
	r := h.read("", 10)
	r.await(1)
	h.write(a, 1, 3)
	r.await(3)
	h.remove(a)
	for n := 0; ; n++ { // until the cursor has forgotten it
		h.write(b, n, n+1)
		lines := r.await(4 + n)
		at, err := decodeCursor(lines[3+n].Cursor)
		must(t, err)
		if _, ok := at[a.ID]; !ok {
			break
		}
	}
}

func TestRestartedContainerGoesOn(t *testing.T) {
	h := newHouse(t)
	a := h.instance()
	h.write(a, 0, 2)
	r := h.read("", 10)
	r.await(2)
	h.engine.Crash(a.ID, 1)
	a.State = core.InstanceCrashed
	must(t, h.Instances().Update(h.ctx, a))
	must(t, h.engine.Start(h.ctx, a.ContainerID))
	h.write(a, 2, 4)
	a.State, a.StartedAt = core.InstanceStarting, time.Now()
	must(t, h.Instances().Update(h.ctx, a))
	r.await(4)
	h.write(a, 4, 5)
	lines := r.await(5)
	for n, l := range lines {
		if l.Line != fmt.Sprintf("%s %d", a.ID, n) {
			t.Errorf("line %d: %q", n, l.Line)
		}
	}
}

func TestEngineAwayAndBack(t *testing.T) {
	h := newHouse(t)
	a := h.instance()
	h.write(a, 0, 2)
	r := h.read("", 10)
	r.await(2)
	h.engine.SetDown(true, true)
	h.write(a, 2, 4)
	h.engine.SetDown(false, true)
	for n, l := range r.await(4) {
		if l.Line != fmt.Sprintf("%s %d", a.ID, n) {
			t.Errorf("line %d: %q", n, l.Line)
		}
	}
}

func TestSlowReaderIsToldWhatItMissed(t *testing.T) {
	const flood = 20_000
	h := newHouse(t)
	a := h.instance()
	hold, begun := make(chan struct{}), make(chan struct{})
	var once sync.Once
	r := read(t, h.source, "", 10, func(l core.LogLine) error {
		once.Do(func() { close(begun); <-hold })
		return nil
	})
	awaitFollower(t, h, a, begun)
	h.write(a, 0, flood) // returns although nobody reads
	h.engine.Write(a.ID, "stdout", "the end")
	awaitFed(t, h.source, flood+2)
	close(hold)
	r.awaitLines("the end")
	lines := r.await(1)
	seen := 0
	for _, l := range lines {
		seen += 1 + l.Dropped
	}
	if seen != flood+2 {
		t.Errorf("%d lines came and were told dropped, of %d", seen, flood+2)
	}
	if len(lines) > flood/2 {
		t.Errorf("%d lines came: they were kept", len(lines))
	}
}

// awaitFed waits until so many lines have come to the feed that all readers share.
func awaitFed(t *testing.T, s *Source, lines int) {
	t.Helper()
	s.feeds.mu.Lock()
	fd := s.feeds.open[feedKey{app: "shop"}]
	s.feeds.mu.Unlock()
	for end := time.Now().Add(time.Minute); fd.tail(0).number < lines; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%d of %d lines have come", fd.tail(0).number, lines)
		}
	}
}

// awaitFollower writes one line that the reader holds on to.
func awaitFollower(t *testing.T, h *house, a core.Instance, begun chan struct{}) {
	t.Helper()
	h.engine.Write(a.ID, "stdout", "first")
	select {
	case <-begun:
	case <-time.After(time.Minute):
		t.Fatal("no line came")
	}
}

func TestTail(t *testing.T) {
	h := newHouse(t)
	a := h.instance()
	h.write(a, 0, 5)
	lines, err := h.source.Tail(t.Context(), a.ID, 2)
	must(t, err)
	if got := texts(lines); !slices.Equal(got, []string{a.ID + " 3", a.ID + " 4"}) || lines[0].Instance != a.ID {
		t.Errorf("lines %+v", lines)
	}
	h.engine.Vanish(a.ID)
	lines, err = h.source.Tail(t.Context(), a.ID, 2)
	must(t, err)
	if len(lines) > 0 {
		t.Errorf("a container that is gone has lines: %q", texts(lines))
	}
	if _, err := h.source.Tail(t.Context(), "unknown", 2); core.ErrorCode(err) != core.ENOTFOUND {
		t.Errorf("got %v", err)
	}
}

func TestStreamRefusesForeignCursors(t *testing.T) {
	h := newHouse(t)
	for _, cursor := range []string{"x", "!!!", "AA", "AQEA", "AQ" + strings.Repeat("A", 100_000)} {
		err := h.source.Stream(t.Context(), core.LogView{AppID: "shop", Cursor: cursor, Tail: 10}, nil)
		if core.ErrorCode(err) != core.EINVALID {
			t.Errorf("cursor %.20q: %v", cursor, err)
		}
	}
}

func TestStreamEndsWithItsContext(t *testing.T) {
	h := newHouse(t)
	h.instance()
	r := h.read("", 10)
	r.cancel()
	select {
	case err := <-r.ended:
		if !errors.Is(err, context.Canceled) {
			t.Errorf("ended with %v", err)
		}
		close(r.ended)
	case <-time.After(time.Minute):
		t.Fatal("the stream goes on")
	}
}

package logs

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"berth/core"
)

// shaky is a store in memory that fails now and then: it takes a part of what it is given, and it starts anew without
// what it took last.
type shaky struct {
	calm time.Duration // after which lines are safe
	odds int           // one in so many calls fails; 0 never

	mu     sync.Mutex
	epoch  int
	lines  []core.LogRecord
	taken  []time.Time // when, of each line
	refuse error
	asked  int
}

func (s *shaky) Append(_ context.Context, lines []core.LogRecord) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.refuse != nil {
		return s.refuse
	}
	failed := s.odds > 0 && rand.N(s.odds) == 0
	if failed {
		lines = lines[:rand.N(len(lines)+1)]
	}
	for _, l := range lines {
		s.lines, s.taken = append(s.lines, l), append(s.taken, time.Now())
	}
	if failed {
		return errors.New("broken off")
	}
	return nil
}

// crash loses what is not safe yet.
func (s *shaky) crash() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.epoch++
	var kept []core.LogRecord
	var taken []time.Time
	for i, l := range s.lines {
		if time.Since(s.taken[i]) > s.calm {
			kept, taken = append(kept, l), append(taken, s.taken[i])
		}
	}
	s.lines, s.taken = kept, taken
}

func (s *shaky) setRefuse(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refuse = err
}

func (s *shaky) Times(_ context.Context, instance string, since time.Time) ([]time.Time, error) {
	var all []time.Time
	for _, l := range s.all() {
		if l.Instance == instance && !l.Time.Before(since) {
			all = append(all, l.Time)
		}
	}
	return all, nil
}

func (s *shaky) Epoch(context.Context) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked++
	return strconv.Itoa(s.epoch), s.refuse
}

func (s *shaky) Search(_ context.Context, q core.LogSearch) ([]core.LogRecord, bool, error) {
	lines, more := q.Page(slices.DeleteFunc(s.all(), func(r core.LogRecord) bool {
		return r.TenantID != q.TenantID || r.AppID != q.AppID || q.Instance != "" && r.Instance != q.Instance || !q.From.IsZero() && r.Time.Before(q.From) ||
			!q.To.IsZero() && !r.Time.Before(q.To)
	}))
	return lines, more, nil
}

func (s *shaky) Forget(context.Context, string, string, time.Time) error { return nil }

func (s *shaky) all() []core.LogRecord {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.lines)
}

// of returns the lines of an instance in order.
func (s *shaky) of(i core.Instance) []string {
	lines := slices.DeleteFunc(s.all(), func(r core.LogRecord) bool { return r.Instance != i.ID })
	slices.SortFunc(lines, func(a, b core.LogRecord) int { return a.Position().Compare(b.Position()) })
	var texts []string
	for _, l := range lines {
		texts = append(texts, l.Line)
	}
	return texts
}

// collect runs a Collector until stop.
func (h *house) collect(store core.LogStore, path string) (c *Collector, stop func()) {
	return h.collectWith(CollectorOptions{Lines: store, Path: path})
}

func (h *house) collectWith(o CollectorOptions) (c *Collector, stop func()) {
	o.Source, o.Settle = h.source, time.Second
	c = NewCollector(o)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = c.Run(ctx)
	}()
	stop = func() { cancel(); <-done }
	h.Cleanup(stop)
	return c, stop
}

// awaitKept waits until the store has exactly the lines that write wrote, each once.
func (h *house) awaitKept(s *shaky, i core.Instance, n int) {
	h.Helper()
	var want []string
	for k := range n {
		want = append(want, fmt.Sprintf("%s %d", i.ID, k))
	}
	var got []string
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if got = s.of(i); slices.Equal(got, want) {
			return
		}
	}
	h.Fatalf("%s: %d lines, want %d; the first %.10q", i.ID, len(got), n, got)
}

func TestCollectorKeepsEveryLineOnce(t *testing.T) {
	const perInstance = 3000
	h := newHouse(t)
	s := &shaky{calm: 500 * time.Millisecond, odds: 8}
	path := filepath.Join(t.TempDir(), "positions")
	instances := []core.Instance{h.instance(), h.instance(), h.instance()}
	var writers sync.WaitGroup
	for _, i := range instances {
		writers.Go(func() {
			for n := 0; n < perInstance; n += 50 {
				h.write(i, n, n+50)
				time.Sleep(time.Duration(rand.N(60)) * time.Millisecond)
			}
		})
	}
	for range 4 { // the collector is stopped at any moment, the store falls over at any other
		_, stop := h.collect(s, path)
		time.Sleep(time.Duration(rand.N(500)) * time.Millisecond)
		s.crash()
		time.Sleep(time.Duration(rand.N(500)) * time.Millisecond)
		stop()
	}
	h.collect(s, path)
	writers.Wait()
	s.crash()
	for _, i := range instances {
		h.awaitKept(s, i, perInstance)
	}
}

func TestCollectorWaitsForAStoreWithoutRoom(t *testing.T) {
	h := newHouse(t)
	s := &shaky{}
	a := h.instance()
	h.write(a, 0, 10)
	h.collect(s, "")
	h.awaitKept(s, a, 10)
	s.setRefuse(core.Errorf(core.EINSUFFICIENT, "error.log_store_full"))
	h.write(a, 10, 5000)
	time.Sleep(50 * time.Millisecond)
	began := time.Now()
	s.setRefuse(nil)
	h.awaitKept(s, a, 5000)
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("it took %s to go on", took)
	}
}

func TestCollectorKeepsWhatIsAllowed(t *testing.T) {
	h := newHouse(t)
	tenant, err := h.Tenants().Get(h.ctx, "acme")
	must(t, err)
	tenant.Quota = core.Amounts{core.ResourceLogRate: 1000}
	must(t, h.Tenants().Update(h.ctx, tenant))
	s := &shaky{}
	a := h.instance()
	for range 100 {
		h.engine.Write(a.ID, "stdout", strings.Repeat("x", 999))
	}
	c, _ := h.collect(s, "")
	time.Sleep(slot + time.Second)
	h.engine.Write(a.ID, "stdout", "the end")
	var kept, dropped int
	for end := time.Now().Add(time.Minute); time.Now().Before(end) && kept+dropped < 101; time.Sleep(10 * time.Millisecond) {
		kept, dropped = 0, 0
		for _, l := range s.all() {
			if l.Stream == core.StreamBerth {
				dropped += l.Dropped
			} else {
				kept++
			}
		}
	}
	if kept+dropped != 101 || kept < 10 || kept > 21 || int64(dropped) != c.Dropped() {
		t.Errorf("%d kept, %d told dropped, %d counted, of 101", kept, dropped, c.Dropped())
	}
	var events []core.Event
	for end := time.Now().Add(time.Minute); time.Now().Before(end) && len(events) == 0; time.Sleep(10 * time.Millisecond) {
		var err error
		events, err = h.Events().List(h.ctx, core.EventFilter{AppID: "shop"})
		must(t, err)
	}
	if len(events) != 1 || events[0].Kind != "lines_dropped" || events[0].Level != core.LevelWarning {
		t.Errorf("the timeline says %+v", events)
	}
}

func TestCollectorSaysWhenALogHasBeenRead(t *testing.T) {
	h := newHouse(t)
	s := &shaky{}
	a := h.instance()
	c, _ := h.collect(s, "")
	h.write(a, 0, 1000)
	h.awaitKept(s, a, 1000)
	h.write(a, 1000, 3000)
	must(t, h.engine.Stop(h.ctx, a.ContainerID, time.Second))
	c.AwaitRead(t.Context(), a)
	if n := len(s.of(a)); n != 3000 || c.Dropped() != 0 {
		t.Errorf("%d lines are kept, %d counted as lost", n, c.Dropped())
	}
	h.remove(a)
	h.awaitKept(s, a, 3000)
}

func TestLevels(t *testing.T) {
	for line, want := range map[string]core.LogLevel{
		"":                                  "",
		"listening on 8080":                 "",
		"an error occurred":                 "",
		"ERROR cannot open":                 core.LogError,
		"error: cannot open":                core.LogError,
		"[warn] slow":                       core.LogWarn,
		"2026-01-01 INFO begun":             core.LogInfo,
		`time=x level=debug msg="ERROR no"`: core.LogDebug,
		"\x1b[31mERROR\x1b[0m red":          core.LogError,
		"[main] WARN slow":                  core.LogWarn,
		`{"level":"error","msg":"x"}`:       core.LogError,
		`{"severity":"WARNING"}`:            core.LogWarn,
		`{"level":30,"msg":"pino"}`:         core.LogInfo,
		`{"level":60}`:                      core.LogError,
		`{"msg":"level"}`:                   "",
		`{"level":`:                         "",
		"panic: runtime error":              core.LogError,
		"GET / 200":                         "",
		strings.Repeat("x", 200) + " ERROR far off": "",
	} {
		if got := levelOf(line); got != want {
			t.Errorf("%q: %q, want %q", line, got, want)
		}
	}
}

// choosy is a store that never takes some lines.
type choosy struct{ *shaky }

func (c choosy) Append(ctx context.Context, lines []core.LogRecord) error {
	var taken []core.LogRecord
	refused := core.LogRefusal{Why: errors.New("too old")}
	for _, l := range lines {
		if strings.HasSuffix(l.Line, "7") {
			refused.Lines = append(refused.Lines, l)
		} else {
			taken = append(taken, l)
		}
	}
	if err := c.shaky.Append(ctx, taken); err != nil || len(refused.Lines) == 0 {
		return err
	}
	return &refused
}

// Lines that the store never takes are counted and said, and hold up no others.
func TestCollectorGoesOnBehindRefusedLines(t *testing.T) {
	h := newHouse(t)
	s := &shaky{}
	a := h.instance()
	h.write(a, 0, 100)
	c, _ := h.collect(choosy{s}, "")
	var events []core.Event
	for end := time.Now().Add(time.Minute); time.Now().Before(end) && (len(events) == 0 || len(s.all()) < 90); time.Sleep(10 * time.Millisecond) {
		var err error
		events, err = h.Events().List(h.ctx, core.EventFilter{AppID: "shop"})
		must(t, err)
	}
	if len(s.all()) != 90 || c.Dropped() != 10 || len(events) != 1 || events[0].Kind != "lines_refused" {
		t.Errorf("%d kept, %d counted, %+v", len(s.all()), c.Dropped(), events)
	}
}

package drain

import (
	"context"
	"fmt"
	"net/netip"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"berth/core"
	"berth/worker/outbound"
)

// world is a store with one tenant, whose app has an instance, and what it wrote.
type world struct {
	*testing.T
	core.Store    // nothing but what is below
	core.LogStore // as above
	drains        *Drains
	mu            sync.Mutex
	nouns         []core.LogDrain
	targets       map[string]core.DrainTarget
	instances     []core.Instance
	kept          []core.LogRecord
	began         time.Time
	written       int
	options       Options
	cancel        func()
	ended         chan struct{}
}

func newWorld(t *testing.T) *world {
	w := &world{T: t, targets: map[string]core.DrainTarget{}, began: time.Now().Add(-time.Minute).UTC().Truncate(time.Second)}
	w.options = Options{Store: w, Lines: w, Here: func(host string) bool { return host == "here" }, Path: filepath.Join(t.TempDir(), "drains"),
		Dial: outbound.Dialer(netip.Addr.IsLoopback), Poll: 5 * time.Millisecond}
	w.instances = []core.Instance{{ID: "a", AppID: "shop", TenantID: "tea", HostID: "here"}, {ID: "far", AppID: "shop", TenantID: "tea", HostID: "elsewhere"},
		{ID: "x", AppID: "mill", TenantID: "coffee", HostID: "here"}}
	t.Cleanup(func() { w.stop() })
	return w
}

// drain makes a drain of the tenant.
func (w *world) drain(kind core.DrainKind, target core.DrainTarget) {
	w.mu.Lock()
	defer w.mu.Unlock()
	d := core.LogDrain{ID: core.NewID(), TenantID: "tea", Name: "Archive", Kind: kind, Revision: 1, CreatedAt: w.began}
	w.nouns = append(w.nouns, d)
	w.targets[d.ID] = target
}

// start runs the drains until stop.
func (w *world) start() {
	ctx, cancel := context.WithCancel(context.Background())
	d, ended := New(w.options), make(chan struct{})
	w.mu.Lock()
	w.drains, w.cancel, w.ended = d, cancel, ended
	w.mu.Unlock()
	go func() { defer close(ended); _ = d.Run(ctx) }()
	w.until("the drains run", func() bool { return len(d.current()) == len(w.nouns) })
}

func (w *world) stop() {
	if w.cancel != nil {
		w.cancel()
		<-w.ended
		w.cancel = nil
	}
}

// write has an instance write lines, which the store takes and the drains are told of while they run.
func (w *world) write(instance string, texts ...string) {
	w.mu.Lock()
	var lines []core.LogRecord
	for _, text := range texts {
		w.written++
		l := core.LogRecord{TenantID: "tea", AppID: "shop", LogLine: core.LogLine{Time: w.began.Add(time.Duration(w.written) * time.Microsecond),
			Instance: instance, Version: "1.0", Stream: "stdout", Level: core.LogInfo, Line: text}}
		if instance == "x" {
			l.TenantID, l.AppID = "coffee", "mill"
		}
		lines = append(lines, l)
	}
	w.kept = append(w.kept, lines...)
	d := w.drains
	w.mu.Unlock()
	if d != nil {
		d.Tap(lines)
	}
}

func numbered(from, to int) (texts []string) {
	for n := from; n < to; n++ {
		texts = append(texts, fmt.Sprintf("line %d", n))
	}
	return texts
}

func (w *world) until(what string, ok func() bool) {
	w.Helper()
	for end := time.Now().Add(time.Minute); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			w.Fatalf("it never came: %s", what)
		}
	}
}

// report is how the only drain stands.
func (w *world) report() core.DrainReport {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.nouns[0].DrainReport
}

func (w *world) LogDrains() core.LogDrainStore { return drainStore{world: w} }
func (w *world) Instances() core.InstanceStore { return instanceStore{world: w} }

type drainStore struct {
	core.LogDrainStore
	*world
}

func (s drainStore) List(context.Context, string) ([]core.LogDrain, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.nouns), nil
}

func (s drainStore) Open(_ context.Context, _, id string) (core.DrainTarget, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.targets[id], nil
}

func (s drainStore) Report(_ context.Context, _, id string, since core.DrainReport) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for n := range s.nouns {
		if d := &s.nouns[n]; d.ID == id {
			d.Sent, d.Lost, d.Fault, d.FaultAt = d.Sent+since.Sent, d.Lost+since.Lost, since.Fault, since.FaultAt
			if since.Lost > 0 {
				d.LostFor = since.LostFor
			}
		}
	}
	return nil
}

type instanceStore struct {
	core.InstanceStore
	*world
}

func (s instanceStore) List(context.Context, string) ([]core.Instance, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.instances), nil
}

func (w *world) Times(_ context.Context, instance string, since time.Time) (all []time.Time, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, l := range w.kept {
		if l.Instance == instance && !l.Time.Before(since) {
			all = append(all, l.Time)
		}
	}
	return all, nil
}

func (w *world) Search(_ context.Context, s core.LogSearch) (found []core.LogRecord, more bool, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, l := range w.kept {
		if l.TenantID == s.TenantID && l.AppID == s.AppID && l.Instance == s.Instance && l.Time.Before(s.To) {
			found = append(found, l)
		}
	}
	found, more = s.Page(found)
	return found, more, nil
}

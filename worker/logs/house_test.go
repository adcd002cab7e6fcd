package logs

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"berth/core"
	"berth/core/store"
	"berth/worker/engine/fake"
)

// house is a real store and an engine in memory, with an app "shop".
type house struct {
	*testing.T
	core.Store
	ctx    context.Context
	engine *fake.Engine
	source *Source
	port   int
}

var image = core.ImageRef{Repository: "shop", Digest: "sha256:" + strings.Repeat("a", 64)}

func newHouse(t *testing.T) *house {
	t.Helper()
	h := &house{T: t, Store: openStore(t), ctx: core.WithActor(t.Context(), core.System()), engine: fake.New(), port: 25700}
	h.engine.AddImage(image, nil)
	must(t, h.engine.EnsureNetwork(h.ctx, "acme"))
	must(t, h.engine.Fetch(h.ctx, image))
	h.source = New(Options{Store: h.Store, Engines: only{h.engine}, Poll: 10 * time.Millisecond})
	return h
}

// openStore returns a store with the tenant "acme", its app "shop" and a host.
func openStore(t *testing.T) core.Store {
	t.Helper()
	o := store.Options{Dir: t.TempDir(), Key: make([]byte, 32)}
	ctx := core.WithActor(t.Context(), core.System())
	must(t, store.Migrate(ctx, o))
	s, err := store.Open(ctx, o)
	must(t, err)
	t.Cleanup(func() { s.Close() })
	must(t, s.Tenants().Create(ctx, core.Tenant{ID: "acme", Name: "Acme", CreatedAt: time.Now()}))
	must(t, s.Apps().Create(ctx, core.App{ID: "shop", TenantID: "acme", Name: "Shop", CreatedAt: time.Now()}))
	must(t, s.Hosts().Put(ctx, core.Host{ID: core.LocalHost, Name: "local", PortFrom: 1, PortTo: 65535}))
	return s
}

// only has one engine for every host.
type only struct{ engine core.Engine }

func (o only) Engine(string) (core.Engine, error) { return o.engine, nil }

// instance starts an instance.
func (h *house) instance() core.Instance {
	h.Helper()
	h.port++
	i := core.Instance{ID: core.NewInstanceID(), AppID: "shop", TenantID: "acme", Label: "1.0", HostID: core.LocalHost,
		HostPort: h.port, State: core.InstanceReady, CreatedAt: time.Now()}
	var err error
	i.ContainerID, err = h.engine.Create(h.ctx, core.ContainerSpec{TenantID: "acme", AppID: "shop", Version: "1.0",
		Instance: i.ID, Image: image, Memory: 64 * core.MiB, Port: 80, HostPort: h.port})
	must(h, err)
	must(h, h.engine.Start(h.ctx, i.ContainerID))
	must(h, h.Instances().Create(h.ctx, i))
	return i
}

// remove takes an instance away as the worker does: the container, then the row.
func (h *house) remove(i core.Instance) {
	h.Helper()
	must(h, h.engine.Remove(h.ctx, i.ContainerID))
	must(h, h.Instances().Delete(h.ctx, i.ID))
}

// write has an instance write numbered lines.
func (h *house) write(i core.Instance, from, to int) {
	for n := from; n < to; n++ {
		h.engine.Write(i.ID, "stdout", fmt.Sprintf("%s %d", i.ID, n))
	}
}

// reader notes what a stream gives.
type reader struct {
	t      testing.TB
	cancel context.CancelFunc
	ended  chan error

	mu      sync.Mutex
	lines   []core.LogLine
	changed chan struct{}
}

// read streams the log of the app until stop or the end of the test.
func (h *house) read(cursor string, tail int) *reader {
	return read(h.T, h.source, cursor, tail, func(core.LogLine) error { return nil })
}

func read(t testing.TB, s *Source, cursor string, tail int, f func(core.LogLine) error) *reader {
	ctx, cancel := context.WithCancel(context.Background())
	r := &reader{t: t, cancel: cancel, ended: make(chan error, 1), changed: make(chan struct{})}
	go func() {
		r.ended <- s.Stream(ctx, core.LogView{AppID: "shop", Cursor: cursor, Tail: tail}, func(l core.LogLine) error {
			r.note(l)
			return f(l)
		})
	}()
	t.Cleanup(r.stop)
	return r
}

func (r *reader) note(l core.LogLine) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lines = append(r.lines, l)
	close(r.changed)
	r.changed = make(chan struct{})
}

// stop ends the stream and waits for its end.
func (r *reader) stop() {
	r.cancel()
	if err, ok := <-r.ended; ok {
		r.ended <- err
	}
}

// await returns the lines so far when there are n, and fails when there are not within ten seconds.
func (r *reader) await(n int) []core.LogLine {
	r.t.Helper()
	timeout := time.After(time.Minute)
	for {
		r.mu.Lock()
		lines, changed := r.lines, r.changed
		r.mu.Unlock()
		if len(lines) >= n {
			return lines
		}
		select {
		case <-changed:
		case <-timeout:
			r.t.Fatalf("%d lines of %d: %v", len(lines), n, texts(lines))
		}
	}
}

// awaitLines returns the lines so far when all of want are among them.
func (r *reader) awaitLines(want ...string) []string {
	r.t.Helper()
	seen := 0
	for {
		lines := r.await(seen + 1)
		for _, l := range lines[seen:] {
			want = slices.DeleteFunc(want, func(s string) bool { return s == l.Line })
		}
		if seen = len(lines); len(want) == 0 {
			return texts(lines)
		}
	}
}

func texts(lines []core.LogLine) []string {
	all := make([]string, len(lines))
	for i, l := range lines {
		all[i] = l.Line
	}
	return all
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

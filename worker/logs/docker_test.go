package logs

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"testing"
	"time"

	"berth/core"
	"berth/e2e/testenv"
	"berth/worker/engine/docker"
)

// realHouse is a real store and a real Docker engine with instances of the test app.
type realHouse struct {
	*testing.T
	core.Store
	ctx     context.Context
	engine  *docker.Engine
	image   core.ImageRef
	tenant  string // another in every run, for a network of its own
	address string
	source  *Source
}

func newRealHouse(t *testing.T) *realHouse {
	t.Helper()
	registry := testenv.StartImageRegistry(t)
	h := &realHouse{T: t, Store: openStore(t), ctx: core.WithActor(context.Background(), core.System()),
		tenant: core.NewID()}
	h.image = core.ImageRef{Repository: "shop", Digest: registry.Push(t, "shop", testenv.Image(t, testenv.ImageOptions{}))}
	var err error
	h.engine, err = docker.New(docker.Options{Registry: registry.Host, Installation: core.NewInstanceID()})
	must(t, err)
	t.Cleanup(func() { h.engine.Close() })
	info, err := h.engine.Info(h.ctx)
	must(t, err)
	h.address = info.Address
	must(t, h.engine.EnsureNetwork(h.ctx, h.tenant))
	t.Cleanup(func() { must(t, h.engine.RemoveNetwork(h.ctx, h.tenant)) })
	must(t, h.engine.Fetch(h.ctx, h.image))
	t.Cleanup(func() { must(t, h.engine.RemoveImage(h.ctx, h.image)) })
	h.source = New(Options{Store: h.Store, Engines: only{h.engine}, Poll: 50 * time.Millisecond})
	return h
}

// instance starts an instance and returns when it answers.
func (h *realHouse) instance() core.Instance {
	h.Helper()
	l, err := net.Listen("tcp", net.JoinHostPort(h.address, "0"))
	must(h, err)
	port := l.Addr().(*net.TCPAddr).Port
	l.Close()
	i := core.Instance{ID: core.NewInstanceID(), AppID: "shop", TenantID: "acme", Label: "1.0", HostID: core.LocalHost,
		HostPort: port, State: core.InstanceReady, CreatedAt: time.Now()}
	i.ContainerID, err = h.engine.Create(h.ctx, core.ContainerSpec{TenantID: h.tenant, AppID: "shop", Version: "1.0",
		Instance: i.ID, Image: h.image, Memory: 64 * core.MiB, Port: 8080, HostPort: port})
	must(h, err)
	h.Cleanup(func() { must(h, h.engine.Remove(h.ctx, i.ContainerID)) })
	must(h, h.engine.Start(h.ctx, i.ContainerID))
	h.awaitAnswer(i)
	must(h, h.Instances().Create(h.ctx, i))
	return i
}

func (h *realHouse) awaitAnswer(i core.Instance) {
	h.Helper()
	for end := time.Now().Add(time.Minute); h.ask(i, "/") != nil; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			h.Fatal("the test app does not answer")
		}
	}
}

func (h *realHouse) ask(i core.Instance, path string) error {
	res, err := http.Get(fmt.Sprintf("http://%s:%d%s", h.address, i.HostPort, path))
	if err != nil {
		return err
	}
	return res.Body.Close()
}

// write has an instance write a line.
func (h *realHouse) write(i core.Instance, line string) {
	if err := h.ask(i, "/log?line="+url.QueryEscape(line)); err != nil {
		h.Error(err)
	}
}

func TestDockerLogs(t *testing.T) {
	h := newRealHouse(t)
	a, b := h.instance(), h.instance()
	h.write(a, "a 0")
	h.write(b, "b 0")
	first := read(t, h.source, "", 10, func(core.LogLine) error { return nil })
	first.awaitLines("a 0", "b 0") // the engine takes a while to write them down
	t.Run("LiveLines", func(t *testing.T) { liveLines(t, h, a) })
	t.Run("Resume", func(t *testing.T) { resumeDocker(t, h, a, b) })
	t.Run("Restart", func(t *testing.T) { restartDocker(t, h, a) })
	t.Run("Flood", func(t *testing.T) { floodDocker(t, h, b) })
	first.stop()
}

// liveLines shows how long a line takes from the container to the reader.
func liveLines(t *testing.T, h *realHouse, a core.Instance) {
	var mu sync.Mutex
	var delays []time.Duration
	r := read(t, h.source, "", 1, func(l core.LogLine) error {
		mu.Lock()
		defer mu.Unlock()
		delays = append(delays, time.Since(l.Time))
		return nil
	})
	r.await(1)
	for n := range 100 {
		h.write(a, fmt.Sprintf("live %d", n))
	}
	r.await(201) // the app says of each request that it came
	mu.Lock()
	defer mu.Unlock()
	delays = delays[1:] // the first was there before
	slices.Sort(delays)
	t.Logf("from container to reader: median %s, p95 %s", delays[len(delays)/2], delays[len(delays)*95/100])
}

// resumeDocker breaks off and resumes again and again while two instances write.
func resumeDocker(t *testing.T, h *realHouse, a, b core.Instance) {
	const perInstance = 150
	begun := read(t, h.source, "", 1, func(core.LogLine) error { return nil })
	cursor := begun.await(1)[0].Cursor
	begun.stop()
	var writers sync.WaitGroup
	for _, i := range []core.Instance{a, b} {
		writers.Go(func() {
			for n := range perInstance {
				h.write(i, fmt.Sprintf("resume %s %d", i.ID, n))
			}
		})
	}
	next := map[string]int{}
	for next[a.ID] < perInstance || next[b.ID] < perInstance {
		r := read(t, h.source, cursor, 1, func(core.LogLine) error { return nil })
		r.await(1)
		r.stop()
		lines := r.await(1)
		for _, l := range lines {
			var id string
			var n int
			if _, err := fmt.Sscanf(l.Line, "resume %s %d", &id, &n); err != nil {
				continue
			}
			if n != next[id] {
				t.Fatalf("%s: line %d instead of %d", id, n, next[id])
			}
			next[id] = n + 1
		}
		cursor = lines[len(lines)-1].Cursor
	}
	writers.Wait()
}

func restartDocker(t *testing.T, h *realHouse, a core.Instance) {
	r := read(t, h.source, "", 1, func(core.LogLine) error { return nil })
	r.await(1)
	must(t, h.engine.Stop(h.ctx, a.ContainerID, 5*time.Second))
	must(t, h.engine.Start(h.ctx, a.ContainerID))
	h.awaitAnswer(a)
	h.write(a, "after")
	got := r.awaitLines("after")
	if count := len(slices.DeleteFunc(slices.Clone(got), func(s string) bool { return s != "stopped" })); count != 1 {
		t.Errorf("lines %q", got)
	}
}

// floodDocker has a reader that stands still while a container writes as fast as it can.
func floodDocker(t *testing.T, h *realHouse, b core.Instance) {
	const flood = 50_000
	hold := make(chan struct{})
	r := read(t, h.source, "", 1, func(l core.LogLine) error {
		if l.Line == "hold" {
			<-hold
		}
		return nil
	})
	r.await(1)
	h.write(b, "hold")
	r.await(3)
	must(t, h.ask(b, fmt.Sprintf("/flood?n=%d", flood)))
	h.write(b, "the end")
	close(hold)
	r.awaitLines("the end")
	lines := r.await(1)
	seen := 0
	for _, l := range lines {
		seen += 1 + l.Dropped
	}
	const all = 1 + 3 + flood + 2 // the tail, three requests, the flood, "hold" and "the end"
	if seen != all {
		t.Errorf("%d lines came and were told dropped, of %d", seen, all)
	}
	t.Logf("%d of %d lines came", len(lines), seen)
}

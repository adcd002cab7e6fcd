package docker_test

import (
	"context"
	"testing"
	"time"

	"berth/core"
	"berth/e2e/testenv"
	"berth/worker/engine/docker"
)

// TestOutOfMemory ends a program for want of memory, again and again, and looks at once when the engine says so.
func TestOutOfMemory(t *testing.T) {
	t.Parallel()
	registry := testenv.StartImageRegistry(t)
	n := newTenant(t, open(t, docker.Options{Registry: registry.Host}), registry)
	spec := n.spec("shop")
	events := listen(t, n.engine, spec.Instance)
	r := n.run(spec)
	for range 3 {
		events.await("start")
		awaitAnswer(t, r)
		go r.get("/oom?mb=128")
		events.await("die")
		c, err := n.engine.Inspect(t.Context(), r.container)
		n.ok(err)
		if !c.OOM || c.Running || c.ExitCode != 137 {
			t.Errorf("out of memory: %+v", c)
		}
		n.ok(n.engine.Start(t.Context(), r.container))
	}
	events.await("oom")
	if c, err := n.engine.Inspect(t.Context(), r.container); err != nil || c.OOM {
		t.Errorf("runs again: %+v, %v", c, err)
	}
	awaitAnswer(t, r)
	r.get("/crash?code=7")
	events.await("die")
	if c, err := n.engine.Inspect(t.Context(), r.container); err != nil || c.OOM || c.ExitCode != 7 {
		t.Errorf("crashed: %+v, %v", c, err)
	}
}

func awaitAnswer(t *testing.T, r *running) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(5 * time.Millisecond) {
		if _, err := r.get("/healthz"); err == nil {
			return
		} else if time.Now().After(deadline) {
			t.Fatal(err)
		}
	}
}

// heard are the events of an instance by kind.
type heard struct {
	t     *testing.T
	kinds map[string]chan struct{}
}

// listen collects the events of an instance until the test ends.
func listen(t *testing.T, e *docker.Engine, instance string) heard {
	t.Helper()
	h := heard{t, map[string]chan struct{}{}}
	for _, kind := range []string{"listening", "start", "die", "oom", "destroy"} {
		h.kinds[kind] = make(chan struct{}, 100)
	}
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	go e.Events(ctx, func(ev core.EngineEvent) {
		if ev.Instance == instance || ev.Kind == "listening" {
			h.kinds[ev.Kind] <- struct{}{}
		}
	})
	h.await("listening")
	return h
}

// await fails the test when no further event of a kind comes.
func (h heard) await(kind string) {
	h.t.Helper()
	select {
	case <-h.kinds[kind]:
	case <-time.After(time.Minute):
		h.t.Fatalf("no event %q", kind)
	}
}

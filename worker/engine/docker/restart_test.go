package docker_test

import (
	"context"
	"net/netip"
	"testing"
	"time"

	"berth/core"
	"berth/e2e/testenv"
	"berth/worker/engine/docker"
)

// TestEngineRestarts ends the engine in order and by force. Events say that it went; once it is back, what ran is
// started again as it was made, answers at its port and reaches its siblings, and can be removed at once.
func TestEngineRestarts(t *testing.T) {
	t.Parallel()
	d := testenv.StartDocker(t)
	registry := testenv.StartImageRegistryAt(t, d.Gateway)
	d.Enter(t)
	e := open(t, docker.Options{Host: d.Host, Address: d.Address, Registry: registry.Host,
		NetworkPool: netip.MustParsePrefix("10.216.0.0/22")})
	n := newTenant(t, e, registry)
	web, db := n.run(n.spec("web")), n.run(n.spec("db"))
	for name, end := range map[string]func(){"in order": d.Stop, "by force": d.Kill} {
		gone := make(chan error, 1)
		listening := make(chan bool, 1)
		go func() {
			gone <- e.Events(context.Background(), func(ev core.EngineEvent) {
				if ev.Kind == "listening" {
					listening <- true
				}
			})
		}()
		<-listening
		end()
		if err := <-gone; core.ErrorCode(err) != core.EUNAVAILABLE {
			t.Errorf("%s: events ended with %v", name, err)
		}
		d.Start()
		began := time.Now()
		for _, r := range []*running{web, db} {
			c, err := e.Inspect(t.Context(), r.container)
			n.ok(err)
			if c.Running || c.Created || c.OOM || c.HostPort != r.spec.HostPort {
				t.Errorf("%s: %+v", name, c)
			}
			n.ok(e.Start(t.Context(), r.container))
			awaitAnswer(t, r)
		}
		t.Logf("%s: answers again after %s", name, time.Since(began))
		if !web.reaches("db:8080") {
			t.Errorf("%s: a sibling is out of reach", name)
		}
		if !web.isKeptFrom("172.17.0.1:22") || !web.isKeptFrom(db.address) {
			t.Errorf("%s: the host is within reach", name)
		}
	}
	d.Kill()
	d.Start()
	n.ok(e.Remove(t.Context(), web.container))
	n.ok(e.Remove(t.Context(), db.container))
	for range 2 { // nothing of it is in the way
		n.ok(e.RemoveNetwork(t.Context(), n.id))
		n.ok(e.EnsureNetwork(t.Context(), n.id))
	}
}

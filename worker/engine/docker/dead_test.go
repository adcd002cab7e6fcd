package docker_test

import (
	"context"
	"os/exec"
	"slices"
	"testing"

	"berth/e2e/testenv"
	"berth/worker/engine/docker"
)

// TestDeadContainer keeps the engine from removing a container's files: the container counts as removed, and the next start of the engine takes the rest away.
func TestDeadContainer(t *testing.T) {
	t.Parallel()
	registry := testenv.StartImageRegistry(t)
	n := newTenant(t, open(t, docker.Options{Registry: registry.Host}), registry)
	spec := n.spec("shop")
	id, err := n.engine.Create(t.Context(), spec)
	n.ok(err)
	c := testenv.Docker(t)
	made, err := c.ContainerInspect(t.Context(), id)
	n.ok(err)
	files := made.GraphDriver.Data["UpperDir"]
	n.ok(exec.Command("chattr", "+i", files).Run())
	t.Cleanup(func() { exec.Command("chattr", "-i", files).Run() })

	n.ok(n.engine.Remove(t.Context(), id))
	n.ok(n.engine.Remove(t.Context(), id))
	if slices.Contains(ids(t, n.engine), id) {
		t.Error("a dead container is listed")
	}
	if again, err := n.engine.Create(t.Context(), spec); err == nil {
		t.Errorf("a dead container was given out as a new one: %s", again)
	}

	n.ok(exec.Command("chattr", "-i", files).Run())
	listen(t, n.engine, spec.Instance)
	if _, err := c.ContainerInspect(context.Background(), id); err == nil {
		t.Error("the rest of a dead container was not taken away")
	}
}

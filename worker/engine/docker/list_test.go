package docker_test

import (
	"context"
	"slices"
	"testing"

	"github.com/docker/docker/api/types/container"

	"berth/core"
	"berth/e2e/testenv"
	"berth/worker/engine/docker"
)

// TestListKnowsItsOwn lists a foreign container that bears Berth's label, and none of another installation.
func TestListKnowsItsOwn(t *testing.T) {
	t.Parallel()
	registry := testenv.StartImageRegistry(t)
	mine, others := open(t, docker.Options{Registry: registry.Host}), open(t, docker.Options{Registry: registry.Host})
	n := newTenant(t, mine, registry)
	id := n.start(n.spec("shop"))
	stray := label(t, map[string]string{core.LabelInstance: "stray"})
	plain := label(t, map[string]string{"test": "1"})
	if got := ids(t, mine); !slices.Contains(got, id) || !slices.Contains(got, stray) || slices.Contains(got, plain) {
		t.Errorf("%q lacks %s or %s, or has %s", got, id, stray, plain)
	}
	if got := ids(t, others); slices.Contains(got, id) || !slices.Contains(got, stray) {
		t.Errorf("%q has %s of another installation, or lacks %s", got, id, stray)
	}
	n.ok(mine.Remove(t.Context(), stray))
	if got := ids(t, others); slices.Contains(got, stray) {
		t.Error("the foreign container was not removed")
	}
}

// TestStorageOfAnotherInstallation is neither taken nor listed.
func TestStorageOfAnotherInstallation(t *testing.T) {
	t.Parallel()
	mine, others := open(t, docker.Options{}), open(t, docker.Options{})
	name := "berth-test-" + core.NewInstanceID()
	if err := mine.EnsureVolume(t.Context(), name, "t1", "shop"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { mine.RemoveVolume(context.Background(), name) })
	if err := others.EnsureVolume(t.Context(), name, "t1", "shop"); core.ErrorCode(err) != core.ECONFLICT {
		t.Error(err)
	}
	if names, err := others.Volumes(t.Context(), "shop"); err != nil || slices.Contains(names, name) {
		t.Errorf("%q, %v", names, err)
	}
}

func ids(t *testing.T, e *docker.Engine) []string {
	t.Helper()
	all, err := e.List(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, c := range all {
		ids = append(ids, c.ID)
	}
	return ids
}

// label makes a container that is not Berth's.
func label(t *testing.T, labels map[string]string) string {
	t.Helper()
	c := testenv.Docker(t)
	image := testenv.Load(t, testenv.Archive(t, testenv.ImageOptions{}))
	made, err := c.ContainerCreate(t.Context(), &container.Config{Image: image, Labels: labels}, nil, nil, nil, "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.ContainerRemove(context.Background(), made.ID, container.RemoveOptions{Force: true}) })
	return made.ID
}

package docker_test

import (
	"context"
	"strings"
	"testing"

	"berth/core"
	"berth/e2e/testenv"
	"berth/worker/engine/docker"
	"berth/worker/engine/enginetest"
)

func TestConformance(t *testing.T) {
	t.Parallel()
	registry := testenv.StartImageRegistry(t)
	app := testenv.Image(t, testenv.ImageOptions{})
	broken := testenv.Image(t, testenv.ImageOptions{Entrypoint: []string{"/no-such-program"}})
	images := enginetest.Images{
		App:    core.ImageRef{Repository: "tea-shop", Digest: registry.Push(t, "tea-shop", app)},
		Broken: core.ImageRef{Repository: "tea-shop", Digest: registry.Push(t, "tea-shop", broken)},
		Absent: core.ImageRef{Repository: "tea-shop", Digest: "sha256:" + strings.Repeat("0", 64)},
	}
	engine := open(t, docker.Options{Registry: registry.Host})
	t.Cleanup(func() {
		engine.RemoveImage(context.Background(), images.App)
		engine.RemoveImage(context.Background(), images.Broken)
	})
	enginetest.Run(t, func(*testing.T) (core.Engine, enginetest.Images) { return engine, images })
}

// open returns an engine, of an installation of its own unless o says which.
func open(t *testing.T, o docker.Options) *docker.Engine {
	t.Helper()
	if o.Installation == "" {
		o.Installation = core.NewInstanceID()
	}
	e, err := docker.New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.Close() })
	return e
}

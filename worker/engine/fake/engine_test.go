package fake_test

import (
	"errors"
	"strings"
	"testing"

	"berth/core"
	"berth/worker/engine/enginetest"
	"berth/worker/engine/fake"
)

func TestConformance(t *testing.T) {
	digest := func(c string) string { return "sha256:" + strings.Repeat(c, 64) }
	images := enginetest.Images{
		App:    core.ImageRef{Repository: "tea-shop", Digest: digest("a")},
		Broken: core.ImageRef{Repository: "tea-shop", Digest: digest("b")},
		Absent: core.ImageRef{Repository: "tea-shop", Digest: digest("0")},
	}
	enginetest.Run(t, func(*testing.T) (core.Engine, enginetest.Images) {
		e := fake.New()
		e.AddImage(images.App, fake.TestApp)
		e.AddImage(images.Broken, fake.Broken)
		return e, images
	})
}

func TestHooks(t *testing.T) {
	ctx, image := t.Context(), core.ImageRef{Repository: "tea-shop", Digest: "sha256:" + strings.Repeat("a", 64)}
	e := fake.New()
	e.AddImage(image, nil)
	spec := core.ContainerSpec{TenantID: "t1", AppID: "tea-shop", Instance: "i1", Image: image, Memory: 64 * core.MiB,
		Port: 8080, HostPort: 25700}
	if err := errors.Join(e.Fetch(ctx, image), e.EnsureNetwork(ctx, "t1")); err != nil {
		t.Fatal(err)
	}
	id, err := e.Create(ctx, spec)
	if err != nil {
		t.Fatal(err)
	}
	start := func(want core.Code) {
		t.Helper()
		if err := e.Start(ctx, id); core.ErrorCode(err) != want {
			t.Fatalf("start: %v, want %q", err, want)
		}
	}
	state := func() core.Container {
		t.Helper()
		c, err := e.Inspect(ctx, id)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	e.TakePort(25700)
	start(core.ECONFLICT)
	e.FreePort(25700)
	e.FailNext("Start", core.Errorf(core.EINTERNAL, "error.engine_failed"))
	start(core.EINTERNAL)
	start("")
	e.OutOfMemory("i1")
	if c := state(); !c.OOM || c.Running || c.ExitCode != 137 {
		t.Errorf("out of memory: %+v", c)
	}
	start("")
	e.Crash("i1", 3)
	if c := state(); c.OOM || c.ExitCode != 3 {
		t.Errorf("crashed: %+v", c)
	}
	start("")
	e.SetDown(true, false)
	start(core.EUNAVAILABLE)
	e.SetDown(false, false)
	if c := state(); c.Running {
		t.Errorf("runs after the engine's restart: %+v", c)
	}
	e.Vanish("i1")
	start(core.ENOTFOUND)
}

package docker_test

import (
	"context"
	"net/netip"
	"testing"
	"time"

	"berth/core"
	"berth/worker/engine/docker"
)

// TestEngineAway asks an engine that is not there for everything.
func TestEngineAway(t *testing.T) {
	t.Parallel()
	e := open(t, docker.Options{Host: "unix://" + t.TempDir() + "/no.sock", Address: "127.0.0.1", Registry: "127.0.0.1:1"})
	ctx := t.Context()
	image := core.ImageRef{Repository: "shop", Digest: "sha256:0123456789012345678901234567890123456789012345678901234567890123"}
	spec := core.ContainerSpec{TenantID: "t1", AppID: "shop", Version: "1", Instance: "i1", Image: image,
		Memory: 64 * core.MiB, Port: 80, HostPort: 25700}
	for name, call := range map[string]func() error{
		"Info":          func() error { _, err := e.Info(ctx); return err },
		"EnsureNetwork": func() error { return e.EnsureNetwork(ctx, "t1") },
		"RemoveNetwork": func() error { return e.RemoveNetwork(ctx, "t1") },
		"EnsureVolume":  func() error { return e.EnsureVolume(ctx, "v1", "t1", "shop") },
		"RemoveVolume":  func() error { return e.RemoveVolume(ctx, "v1") },
		"Volumes":       func() error { _, err := e.Volumes(ctx, "shop"); return err },
		"TenantVolumes": func() error { _, err := e.TenantVolumes(ctx, "tea"); return err },
		"Fetch":         func() error { return e.Fetch(ctx, image) },
		"RemoveImage":   func() error { return e.RemoveImage(ctx, image) },
		"Create":        func() error { _, err := e.Create(ctx, spec); return err },
		"Start":         func() error { return e.Start(ctx, "c1") },
		"Stop":          func() error { return e.Stop(ctx, "c1", time.Second) },
		"Remove":        func() error { return e.Remove(ctx, "c1") },
		"List":          func() error { _, err := e.List(ctx); return err },
		"Inspect":       func() error { _, err := e.Inspect(ctx, "c1"); return err },
		"Events":        func() error { return e.Events(ctx, func(core.EngineEvent) {}) },
		"Logs":          func() error { return e.Logs(ctx, "c1", core.LogQuery{}, nil) },
		"Stats":         func() error { _, err := e.Stats(ctx, "c1"); return err },
		"Export":        func() error { _, err := e.Export(ctx, "x"); return err },
	} {
		if err := call(); core.ErrorCode(err) != core.EUNAVAILABLE {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	for _, o := range []docker.Options{{Host: "rubbish"}, {NetworkPool: netip.MustParsePrefix("10.0.0.0/26")}, {NetworkPool: netip.MustParsePrefix("fd00::/16")}} {
		if _, err := docker.New(o); core.ErrorCode(err) != core.EINVALID {
			t.Errorf("%+v: %v", o, err)
		}
	}
}

func TestCanceledCallSaysSo(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := open(t, docker.Options{}).Info(ctx); core.ErrorCode(err) != core.EUNAVAILABLE {
		t.Error(err)
	}
}

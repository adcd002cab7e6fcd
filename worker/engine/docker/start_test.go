package docker_test

import (
	"context"
	"testing"

	"berth/core"
	"berth/e2e/testenv"
	"berth/worker/engine/docker"
)

// TestStartSaysWhatIsWrong starts images that cannot run.
func TestStartSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	registry := testenv.StartImageRegistry(t)
	n := newTenant(t, open(t, docker.Options{Registry: registry.Host}), registry)
	for name, c := range map[string]struct {
		image testenv.ImageOptions
		spoil func(*core.ContainerSpec)
		key   string
		value string
	}{
		"program missing":     {testenv.ImageOptions{Entrypoint: []string{"nothing"}}, nil, "error.engine_program_missing", "nothing"},
		"path missing":        {testenv.ImageOptions{Entrypoint: []string{"/no/thing"}}, nil, "error.engine_program_missing", "/no/thing"},
		"program a directory": {testenv.ImageOptions{Entrypoint: []string{"/tmp"}}, nil, "error.engine_program_denied", "/tmp"},
		"not executable":      {testenv.ImageOptions{Entrypoint: []string{"/etc/passwd"}}, nil, "error.engine_program_denied", "/etc/passwd"},
		"no such user":        {testenv.ImageOptions{User: "nobody-here"}, nil, "error.engine_user_missing", "nobody-here"},
		"no program at all":   {testenv.ImageOptions{Entrypoint: []string{}}, nil, "error.engine_no_command", ""},
		"no such user asked":  {testenv.ImageOptions{}, func(s *core.ContainerSpec) { s.User = "0:nogroup" }, "error.engine_user_missing", "nogroup"},
	} {
		image := testenv.Image(t, c.image)
		spec := n.spec("shop")
		spec.Image = core.ImageRef{Repository: "shop", Digest: registry.Push(t, "shop", image)}
		if c.spoil != nil {
			c.spoil(&spec)
		}
		n.ok(n.engine.Fetch(t.Context(), spec.Image))
		id, err := n.engine.Create(t.Context(), spec)
		if err == nil {
			err = n.engine.Start(t.Context(), id)
			n.ok(n.engine.Remove(t.Context(), id))
		}
		m := core.ErrorMessage(err)
		value := m.Args["program"] + m.Args["user"]
		if core.ErrorCode(err) != core.EINVALID || m.Key != c.key || value != c.value {
			t.Errorf("%s: %v", name, err)
		}
		n.ok(n.engine.RemoveImage(t.Context(), spec.Image))
	}
}

// TestAddressOfAnotherMachine cannot be published on.
func TestAddressOfAnotherMachine(t *testing.T) {
	t.Parallel()
	registry := testenv.StartImageRegistry(t)
	n := newTenant(t, open(t, docker.Options{Registry: registry.Host, Address: "203.0.113.7"}), registry)
	id, err := n.engine.Create(t.Context(), n.spec("shop"))
	n.ok(err)
	t.Cleanup(func() { n.ok(n.engine.Remove(context.Background(), id)) })
	if m := core.ErrorMessage(n.engine.Start(t.Context(), id)); m.Key != "error.engine_address" {
		t.Error(m)
	}
}

// TestForeignProgramFormat runs what is no program of this machine: some versions of the engine see it when they
// start it, others only hear it die.
func TestForeignProgramFormat(t *testing.T) {
	t.Parallel()
	registry := testenv.StartImageRegistry(t)
	n := newTenant(t, open(t, docker.Options{Registry: registry.Host}), registry)
	spec := n.spec("shop")
	spec.Image.Digest = registry.Push(t, "shop", testenv.Image(t, testenv.ImageOptions{
		Entrypoint: []string{"/bin/app"}, Files: map[string]string{"/bin/app": "\x7fELF\x02 not really"}}))
	n.ok(n.engine.Fetch(t.Context(), spec.Image))
	id, err := n.engine.Create(t.Context(), spec)
	n.ok(err)
	t.Cleanup(func() {
		n.ok(n.engine.Remove(context.Background(), id))
		n.ok(n.engine.RemoveImage(context.Background(), spec.Image))
	})
	events := listen(t, n.engine, spec.Instance)
	if err := n.engine.Start(t.Context(), id); err != nil {
		if m := core.ErrorMessage(err); m.Key != "error.engine_program_format" || m.Args["program"] != "/bin/app" {
			t.Error(err)
		}
		return
	}
	lines := (&running{n, id, spec, ""}).streamUntil("exec /bin/app: exec format error")
	events.await("die")
	if c, err := n.engine.Inspect(t.Context(), id); err != nil || c.Running || c.ExitCode == 0 {
		t.Errorf("%+v, %v; log %v", c, err, lines)
	}
}

package enginetest

import (
	"time"

	"github.com/google/go-cmp/cmp"

	"berth/core"
)

func testCreateOnce(b *bench) {
	spec := b.spec()
	id := b.create(spec)
	again, err := b.Create(b.ctx, spec)
	b.ok(err)
	if again != id {
		b.Errorf("the same instance got containers %s and %s", id, again)
	}
	c, err := b.Inspect(b.ctx, id)
	b.ok(err)
	want := core.Container{ID: id, Instance: spec.Instance, TenantID: b.tenant, AppID: spec.AppID, Version: "1.0",
		Release: 3, Created: true, HostPort: spec.HostPort}
	if diff := cmp.Diff(want, c); diff != "" {
		b.Error(diff)
	}
}

func testCreateRefuses(b *bench) {
	b.ok(b.EnsureNetwork(b.ctx, b.tenant))
	for name, spoil := range map[string]func(*core.ContainerSpec){
		"no tenant":            func(s *core.ContainerSpec) { s.TenantID = "" },
		"path as app":          func(s *core.ContainerSpec) { s.AppID = "../x" },
		"no instance":          func(s *core.ContainerSpec) { s.Instance = "" },
		"image by tag":         func(s *core.ContainerSpec) { s.Image.Digest = "latest" },
		"user with a command":  func(s *core.ContainerSpec) { s.User = "root;id" },
		"memory":               func(s *core.ContainerSpec) { s.Memory = 1 },
		"negative processor":   func(s *core.ContainerSpec) { s.CPU = -1 },
		"port":                 func(s *core.ContainerSpec) { s.Port = 65536 },
		"no host port":         func(s *core.ContainerSpec) { s.HostPort = 0 },
		"host path as storage": func(s *core.ContainerSpec) { s.Volume = &core.Volume{Name: "/etc", Path: "/data"} },
		"storage over root":    func(s *core.ContainerSpec) { s.Volume = &core.Volume{Name: "data", Path: "/"} },
		"storage over proc":    func(s *core.ContainerSpec) { s.Volume = &core.Volume{Name: "data", Path: "/proc/x"} },
		"storage with options": func(s *core.ContainerSpec) { s.Volume = &core.Volume{Name: "data", Path: "/x:ro"} },
		"capability":           func(s *core.ContainerSpec) { s.Capabilities = []string{"SYS_ADMIN"} },
		"all capabilities":     func(s *core.ContainerSpec) { s.Capabilities = []string{"ALL"} },
		"alias":                func(s *core.ContainerSpec) { s.Aliases = []string{"a b"} },
		"environment":          func(s *core.ContainerSpec) { s.Env = []string{"=x"} },
		"NUL":                  func(s *core.ContainerSpec) { s.Env = []string{"A=\x00"} },
	} {
		spec := b.spec()
		spoil(&spec)
		if _, err := b.Create(b.ctx, spec); core.ErrorCode(err) != core.EINVALID {
			b.Errorf("%s: %v", name, err)
		}
	}
}

func testCreateWithoutImage(b *bench) {
	b.ok(b.EnsureNetwork(b.ctx, b.tenant))
	spec := b.spec()
	spec.Image = b.Absent
	_, err := b.Create(b.ctx, spec)
	b.code(err, core.ENOTFOUND)
}

func testLifecycle(b *bench) {
	begun := time.Now().Add(-time.Second)
	id := b.create(b.spec())
	for range 2 {
		b.ok(b.Start(b.ctx, id))
	}
	c := b.await(id, func(c core.Container) bool { return c.Running })
	if c.StartedAt.Before(begun) || c.Created {
		b.Errorf("started at %s: %+v", c.StartedAt, c)
	}
	b.awaitLine(id, "listening")
	for range 2 {
		b.ok(b.Stop(b.ctx, id, 10*time.Second))
	}
	c = b.await(id, ended)
	if c.ExitCode != 0 || c.OOM || c.EndedAt.Before(c.StartedAt) {
		b.Errorf("stopped: %+v", c)
	}
	b.ok(b.Start(b.ctx, id))
	if c = b.await(id, func(c core.Container) bool { return c.Running }); !c.StartedAt.After(c.EndedAt) {
		b.Errorf("started again: %+v", c)
	}
	for range 2 {
		b.ok(b.Remove(b.ctx, id))
	}
	_, err := b.Inspect(b.ctx, id)
	b.code(err, core.ENOTFOUND)
	b.code(b.Start(b.ctx, id), core.ENOTFOUND)
	b.ok(b.Stop(b.ctx, id, time.Second))
}

func testStopKills(b *bench) {
	id := b.start(b.spec("IGNORE_TERM=1"))
	b.awaitLine(id, "listening")
	b.ok(b.Stop(b.ctx, id, 100*time.Millisecond))
	if c := b.await(id, ended); c.ExitCode != 137 || c.OOM {
		b.Errorf("killed: %+v", c)
	}
}

func testCrash(b *bench) {
	id := b.start(b.spec("CRASH_AT_START=42"))
	if c := b.await(id, ended); c.ExitCode != 42 || c.OOM || c.EndedAt.IsZero() {
		b.Errorf("crashed: %+v", c)
	}
}

func testPortTaken(b *bench) {
	first, second := b.spec(), b.spec()
	second.HostPort = first.HostPort
	id := b.start(first)
	other := b.create(second)
	b.code(b.Start(b.ctx, other), core.ECONFLICT)
	b.ok(b.Remove(b.ctx, id))
	b.ok(b.Start(b.ctx, other))
}

func testBrokenProgram(b *bench) {
	spec := b.spec()
	spec.Image = b.Broken
	id := b.create(spec)
	err := b.Start(b.ctx, id)
	b.code(err, core.EINVALID)
	if m := core.ErrorMessage(err); m.Args["program"] != "/no-such-program" {
		b.Errorf("message %s does not name the program", m)
	}
	if c := b.await(id, func(c core.Container) bool { return !c.Running }); !c.Created || c.Error == "" {
		b.Errorf("not started: %+v", c)
	}
}

func testList(b *bench) {
	spec := b.spec()
	id := b.start(spec)
	all, err := b.List(b.ctx)
	b.ok(err)
	found := 0
	for _, c := range all {
		if c.ID == id && c.Instance == spec.Instance && c.AppID == spec.AppID && c.Running && !c.StartedAt.IsZero() {
			found++
		}
	}
	if found != 1 {
		b.Errorf("%d times in the list: %+v", found, all)
	}
}

func testStats(b *bench) {
	id := b.start(b.spec())
	b.awaitLine(id, "listening")
	s, err := b.Stats(b.ctx, id)
	b.ok(err)
	if s.Memory <= 0 || s.MemoryLimit != 64*core.MiB || s.CPUTime <= 0 || time.Since(s.At).Abs() > time.Minute {
		b.Errorf("use: %+v", s)
	}
	b.ok(b.Remove(b.ctx, id))
	_, err = b.Stats(b.ctx, id)
	b.code(err, core.ENOTFOUND)
}

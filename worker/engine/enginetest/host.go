package enginetest

import (
	"net"
	"slices"

	"berth/core"
)

func testInfo(b *bench) {
	info, err := b.Info(b.ctx)
	b.ok(err)
	if info.Name == "" || info.Version == "" || info.Arch == "" || info.OS != "linux" || info.Memory <= 0 || info.CPU <= 0 {
		b.Errorf("something is not said: %+v", info)
	}
	if net.ParseIP(info.Address) == nil {
		b.Errorf("address %q is none", info.Address)
	}
}

func testNetwork(b *bench) {
	for range 2 {
		b.ok(b.EnsureNetwork(b.ctx, b.tenant))
	}
	b.listed(true)
	for range 2 {
		b.ok(b.RemoveNetwork(b.ctx, b.tenant))
	}
	b.listed(false)
	b.code(b.EnsureNetwork(b.ctx, "../x"), core.EINVALID)
	id := b.start(b.spec())
	b.code(b.RemoveNetwork(b.ctx, b.tenant), core.ECONFLICT)
	b.ok(b.Remove(b.ctx, id))
	b.ok(b.RemoveNetwork(b.ctx, b.tenant))
}

// listed checks whether the tenant is among those that have a network, where the engine can say so.
func (b *bench) listed(want bool) {
	b.Helper()
	l, ok := b.Engine.(core.NetworkLister)
	if !ok {
		return
	}
	ids, err := l.TenantNetworks(b.ctx)
	b.ok(err)
	if slices.Contains(ids, b.tenant) != want {
		b.Errorf("networks of %v, %s among them: want %t", ids, b.tenant, want)
	}
}

func testVolume(b *bench) {
	app, name := "app-"+core.NewInstanceID(), "data-"+core.NewInstanceID()
	b.Cleanup(func() { b.ok(b.RemoveVolume(b.ctx, name)) })
	for range 2 {
		b.ok(b.EnsureVolume(b.ctx, name, b.tenant, app))
	}
	b.code(b.EnsureVolume(b.ctx, name, "another", app), core.ECONFLICT)
	b.code(b.EnsureVolume(b.ctx, "/etc", b.tenant, app), core.EINVALID)
	names, err := b.Volumes(b.ctx, app)
	b.ok(err)
	if !slices.Equal(names, []string{name}) {
		b.Errorf("volumes %q, want %q", names, name)
	}
	names, err = b.TenantVolumes(b.ctx, b.tenant)
	b.ok(err)
	if !slices.Contains(names, name) {
		b.Errorf("volumes of the tenant %q lack %q", names, name)
	}
	if names, _ := b.TenantVolumes(b.ctx, "another"); slices.Contains(names, name) {
		b.Errorf("another tenant has it: %q", names)
	}
	spec := b.spec()
	spec.Volume = &core.Volume{Name: name, Path: "/data"}
	id := b.create(spec)
	b.code(b.RemoveVolume(b.ctx, name), core.ECONFLICT)
	b.ok(b.Remove(b.ctx, id))
	for range 2 {
		b.ok(b.RemoveVolume(b.ctx, name))
	}
	if names, _ := b.Volumes(b.ctx, app); len(names) != 0 {
		b.Errorf("volumes %q after their removal", names)
	}
}

func testFetch(b *bench) {
	for range 2 {
		b.ok(b.Fetch(b.ctx, b.App))
	}
	b.code(b.Fetch(b.ctx, b.Absent), core.ENOTFOUND)
	id := b.create(b.spec())
	b.ok(b.RemoveImage(b.ctx, b.App)) // in use
	b.ok(b.Start(b.ctx, id))
	b.ok(b.Remove(b.ctx, id))
	for range 2 {
		b.ok(b.RemoveImage(b.ctx, b.App))
	}
	_, err := b.Create(b.ctx, b.spec())
	b.code(err, core.ENOTFOUND)
	b.ok(b.Fetch(b.ctx, b.App))
}

func testExport(b *bench) {
	_, err := b.Export(b.ctx, "berth-test/nobody-has-it:1")
	b.code(err, core.ENOTFOUND)
}

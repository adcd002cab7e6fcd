// Package enginetest is the suite that every engine has to pass.
package enginetest

import (
	"context"
	"net"
	"strconv"
	"testing"
	"time"

	"berth/core"
)

// Images are what the engine under test can fetch, and cannot.
type Images struct {
	App    core.ImageRef // the test app of e2e/testenv
	Broken core.ImageRef // its program does not exist
	Absent core.ImageRef // nobody has it
}

// Run tests the engine that open returns. open is called for every test; what the suite makes, it removes. Tests share a
// tenant, for networks take long to make.
func Run(t *testing.T, open func(t *testing.T) (core.Engine, Images)) {
	tenant := core.NewID()
	t.Cleanup(func() {
		engine, _ := open(t)
		if err := engine.RemoveNetwork(context.Background(), tenant); err != nil {
			t.Error(err)
		}
	})
	for _, c := range []struct {
		name string
		test func(*bench)
	}{
		{"Info", testInfo},
		{"Network", testNetwork},
		{"Volume", testVolume},
		{"Fetch", testFetch},
		{"Export", testExport},
		{"CreateOnce", testCreateOnce},
		{"CreateRefuses", testCreateRefuses},
		{"CreateWithoutImage", testCreateWithoutImage},
		{"Lifecycle", testLifecycle},
		{"StopKillsAfterGrace", testStopKills},
		{"Crash", testCrash},
		{"PortTaken", testPortTaken},
		{"BrokenProgram", testBrokenProgram},
		{"List", testList},
		{"Events", testEvents},
		{"EventsEnd", testEventsEnd},
		{"Logs", testLogs},
		{"LogsFollow", testLogsFollow},
		{"LogsEndWithReader", testLogsEndWithReader},
		{"Stats", testStats},
	} {
		t.Run(c.name, func(t *testing.T) { c.test(newBench(t, open, tenant)) })
	}
}

// bench is an engine with a tenant and the means to try it.
type bench struct {
	*testing.T
	core.Engine
	Images
	ctx    context.Context
	tenant string
}

func newBench(t *testing.T, open func(t *testing.T) (core.Engine, Images), tenant string) *bench {
	t.Helper()
	engine, images := open(t)
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	t.Cleanup(cancel)
	return &bench{T: t, Engine: engine, Images: images, ctx: ctx, tenant: tenant}
}

// spec returns what a plain instance of the test app is.
func (b *bench) spec(env ...string) core.ContainerSpec {
	b.Helper()
	return core.ContainerSpec{
		TenantID: b.tenant, AppID: "tea-shop", Version: "1.0", Release: 3, Instance: core.NewInstanceID(), Image: b.App,
		Env: env, Memory: 64 * core.MiB, CPU: 500, Port: 8080, HostPort: b.freePort(),
	}
}

// create makes a container, with all that it needs, until the test ends.
func (b *bench) create(spec core.ContainerSpec) string {
	b.Helper()
	b.ok(b.Fetch(b.ctx, spec.Image))
	b.ok(b.EnsureNetwork(b.ctx, b.tenant))
	id, err := b.Create(b.ctx, spec)
	b.ok(err)
	b.Cleanup(func() { b.ok(b.Remove(context.Background(), id)) })
	return id
}

// start makes a container and starts it.
func (b *bench) start(spec core.ContainerSpec) string {
	b.Helper()
	id := b.create(spec)
	b.ok(b.Start(b.ctx, id))
	return id
}

// await returns the container once it is as wanted.
func (b *bench) await(id string, wanted func(core.Container) bool) core.Container {
	b.Helper()
	for {
		c, err := b.Inspect(b.ctx, id)
		b.ok(err)
		if wanted(c) {
			return c
		}
		select {
		case <-b.ctx.Done():
			b.Fatalf("the container did not become what was wanted: %+v", c)
		case <-time.After(10 * time.Millisecond):
		}
	}
}

func ended(c core.Container) bool { return !c.Running && !c.Created }

// freePort returns a port of the host that nothing uses now.
func (b *bench) freePort() int {
	b.Helper()
	info, err := b.Info(b.ctx)
	b.ok(err)
	l, err := net.Listen("tcp", net.JoinHostPort(info.Address, "0"))
	b.ok(err)
	defer l.Close()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	n, _ := strconv.Atoi(port)
	return n
}

func (b *bench) ok(err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}

func (b *bench) code(err error, want core.Code) {
	b.Helper()
	if got := core.ErrorCode(err); got != want {
		b.Fatalf("error code %q, want %q: %v", got, want, err)
	}
}

package discovery

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"berth/core"
	"berth/core/store"
	"berth/worker/registry/memory"
)

// house is a real store, and a registry whose writes are noted.
type house struct {
	*testing.T
	core.Store
	ctx context.Context
	reg *noting
	d   *Discovery
}

func newHouse(t *testing.T) *house {
	t.Helper()
	return newHouseOn(t, memory.New())
}

func newHouseOn(t *testing.T, r core.Registry) *house {
	t.Helper()
	o := store.Options{Dir: t.TempDir(), Key: make([]byte, 32)}
	ctx := core.WithActor(t.Context(), core.System())
	must(t, store.Migrate(ctx, o))
	s, err := store.Open(ctx, o)
	must(t, err)
	t.Cleanup(func() { s.Close() })
	h := &house{T: t, Store: s, ctx: ctx, reg: &noting{Registry: r}}
	must(t, s.Tenants().Create(ctx, core.Tenant{ID: "acme", Name: "Acme", CreatedAt: time.Now()}))
	must(t, s.Hosts().Put(ctx, core.Host{ID: core.LocalHost, Name: "local", PortFrom: 1, PortTo: 65535}))
	h.d = New(Options{Store: s, Registry: h.reg, BaseDomain: "localhost"})
	return h
}

// app adds an app that nothing was released of.
func (h *house) app(id string) core.App {
	h.Helper()
	a := core.App{ID: id, TenantID: "acme", Name: id, State: core.AppNew, CreatedAt: time.Now()}
	must(h, h.Apps().Create(h.ctx, a))
	return a
}

// serve has the next release of an app serve.
func (h *house) serve(id string, weights map[string]int) {
	h.Helper()
	spec := core.ReleaseSpec{Replicas: 2, Memory: 64 * core.MiB, Port: 8080,
		Env: []core.EnvVar{{Name: "PASSWORD", Value: "hunter2", Secret: true}}}
	for label, weight := range weights {
		spec.Targets = append(spec.Targets, core.Target{VersionID: label, Label: label, Digest: "sha256:x", Weight: weight})
	}
	number, err := h.Releases().Create(h.ctx, core.Release{AppID: id, TenantID: "acme", Spec: spec, CreatedAt: time.Now()})
	must(h, err)
	a, err := h.Apps().Get(h.ctx, id)
	must(h, err)
	a.Serving, a.State = number, core.AppRunning
	must(h, h.Apps().UpdateStatus(h.ctx, a))
}

// instance adds an instance and returns it.
func (h *house) instance(app, label string, state core.InstanceState, port int) core.Instance {
	h.Helper()
	i := core.Instance{ID: core.NewInstanceID(), AppID: app, TenantID: "acme", Label: label, HostID: core.LocalHost,
		HostPort: port, Address: fmt.Sprintf("172.17.0.1:%d", port), ContainerID: fmt.Sprintf("c%d", port),
		State: state, CreatedAt: time.Now()}
	must(h, h.Instances().Create(h.ctx, i))
	return i
}

// become moves an instance on.
func (h *house) become(i core.Instance, state core.InstanceState) {
	h.Helper()
	i.State = state
	must(h, h.Instances().Update(h.ctx, i))
}

// wantPublished compares what is published, as "app/version port" and "domain app state weights".
func (h *house) wantPublished(want ...string) {
	h.Helper()
	var got []string
	addresses, err := h.reg.Addresses(h.ctx)
	must(h, err)
	for _, a := range addresses {
		got = append(got, fmt.Sprintf("%s/%s %s", a.AppID, a.Version, a.ContainerID))
	}
	routes, err := h.reg.Routes(h.ctx)
	must(h, err)
	for _, r := range routes {
		got = append(got, fmt.Sprintf("%s %s %v", r.Domain, r.State, r.Weights))
	}
	if !slices.Equal(got, want) {
		h.Errorf("published:\n%q\nwant:\n%q", got, want)
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// noting is a registry that notes what is written to it, and fails when told.
type noting struct {
	core.Registry
	mu     sync.Mutex
	writes []string
	reads  int
	err    error
}

// taken returns the writes since it was last called.
func (r *noting) taken() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	writes := r.writes
	r.writes = nil
	return writes
}

func (r *noting) fail(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.err = err
}

func (r *noting) write(format string, args ...any) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.writes = append(r.writes, fmt.Sprintf(format, args...))
	return r.err
}

func (r *noting) Addresses(ctx context.Context) ([]core.Address, error) {
	r.mu.Lock()
	r.reads++
	r.mu.Unlock()
	return r.Registry.Addresses(ctx)
}

func (r *noting) Register(ctx context.Context, a core.Address) error {
	if err := r.write("+%s", a.ContainerID); err != nil {
		return err
	}
	return r.Registry.Register(ctx, a)
}

func (r *noting) Deregister(ctx context.Context, a core.Address) error {
	if err := r.write("-%s", a.ContainerID); err != nil {
		return err
	}
	return r.Registry.Deregister(ctx, a)
}

func (r *noting) PutRoute(ctx context.Context, route core.Route) error {
	if err := r.write("+%s", route.Domain); err != nil {
		return err
	}
	return r.Registry.PutRoute(ctx, route)
}

func (r *noting) DeleteRoute(ctx context.Context, domain string) error {
	if err := r.write("-%s", domain); err != nil {
		return err
	}
	return r.Registry.DeleteRoute(ctx, domain)
}

func (r *noting) PutConfig(ctx context.Context, app string, config []byte) error {
	if err := r.write("config %s %s", app, config); err != nil {
		return err
	}
	return r.Registry.PutConfig(ctx, app, config)
}

func (r *noting) DeleteConfig(ctx context.Context, app string) error {
	if err := r.write("no config %s", app); err != nil {
		return err
	}
	return r.Registry.DeleteConfig(ctx, app)
}

func (r *noting) PutTCPRoute(ctx context.Context, route core.TCPRoute) error {
	if err := r.write("+%s", route.ID()); err != nil {
		return err
	}
	return r.Registry.PutTCPRoute(ctx, route)
}

func (r *noting) DeleteTCPRoute(ctx context.Context, id string) error {
	if err := r.write("-%s", id); err != nil {
		return err
	}
	return r.Registry.DeleteTCPRoute(ctx, id)
}

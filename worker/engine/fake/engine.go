// Package fake is an engine in memory with the rules of a real one, for tests of what drives engines. Its programs
// behave as the test app of e2e/testenv does; hooks make them crash, and the engine go away.
package fake

import (
	"context"
	"slices"
	"sync"
	"time"

	"berth/core"
)

// Engine is an engine in memory. It is safe for concurrent use.
type Engine struct {
	mu         sync.Mutex
	now        func() time.Time
	down       bool
	containers map[string]*instance
	networks   map[string]bool
	volumes    map[string]volume
	registry   map[core.ImageRef]Program
	images     map[core.ImageRef]bool // on the host
	ports      map[int]string         // taken, by container id or "elsewhere"
	failures   map[string][]error     // by method, for its next calls
	calls      []string
	changed    chan struct{} // closed and replaced at every change that a reader may wait for
	listeners  map[chan core.EngineEvent]bool
}

var _ core.Engine = (*Engine)(nil)

type volume struct{ tenantID, appID string }

// New makes an engine without images.
func New() *Engine {
	return &Engine{
		now: time.Now, containers: map[string]*instance{}, networks: map[string]bool{}, volumes: map[string]volume{},
		registry: map[core.ImageRef]Program{}, images: map[core.ImageRef]bool{}, ports: map[int]string{},
		failures: map[string][]error{}, changed: make(chan struct{}), listeners: map[chan core.EngineEvent]bool{},
	}
}

// enter begins a method: it fails when the engine is away, when ctx has ended, or when a failure was asked for. The
// caller unlocks.
func (e *Engine) enter(ctx context.Context, method string) error {
	e.mu.Lock()
	e.calls = append(e.calls, method)
	if err := ctx.Err(); err != nil {
		return core.Wrap(err, core.EUNAVAILABLE, "error.engine_unavailable")
	}
	if e.down {
		return core.Errorf(core.EUNAVAILABLE, "error.engine_unavailable")
	}
	if next := e.failures[method]; len(next) > 0 {
		e.failures[method] = next[1:]
		return next[0]
	}
	return nil
}

// Info describes the host.
func (e *Engine) Info(ctx context.Context) (core.EngineInfo, error) {
	defer e.mu.Unlock()
	if err := e.enter(ctx, "Info"); err != nil {
		return core.EngineInfo{}, err
	}
	return core.EngineInfo{Name: "fake", Version: "Fake 1.0", Arch: "amd64", OS: "linux", Memory: 8 * core.GiB, CPU: 4000,
		Address: "127.0.0.1"}, nil
}

// EnsureNetwork makes the tenant's own network.
func (e *Engine) EnsureNetwork(ctx context.Context, tenantID string) error {
	defer e.mu.Unlock()
	if err := e.enter(ctx, "EnsureNetwork"); err != nil {
		return err
	}
	if !core.ValidEngineName(tenantID) {
		return core.Invalid("tenant", "error.engine_spec", "field", "tenant")
	}
	e.networks[tenantID] = true
	return nil
}

// TenantNetworks implements core.NetworkLister.
func (e *Engine) TenantNetworks(context.Context) ([]string, error) { return e.Networks(), nil }

// RemoveNetwork removes it.
func (e *Engine) RemoveNetwork(ctx context.Context, tenantID string) error {
	defer e.mu.Unlock()
	if err := e.enter(ctx, "RemoveNetwork"); err != nil {
		return err
	}
	for _, c := range e.containers {
		if c.spec.TenantID == tenantID && c.state.Running {
			return core.Errorf(core.ECONFLICT, "error.engine_network_used")
		}
	}
	delete(e.networks, tenantID)
	return nil
}

// EnsureVolume makes a named volume of an app.
func (e *Engine) EnsureVolume(ctx context.Context, name, tenantID, appID string) error {
	defer e.mu.Unlock()
	if err := e.enter(ctx, "EnsureVolume"); err != nil {
		return err
	}
	if !core.ValidEngineName(name) {
		return core.Invalid("volume", "error.engine_spec", "field", "volume")
	}
	if v, ok := e.volumes[name]; ok && v != (volume{tenantID, appID}) {
		return core.Errorf(core.ECONFLICT, "error.engine_volume_taken", "name", name)
	}
	e.volumes[name] = volume{tenantID, appID}
	return nil
}

// RemoveVolume removes it.
func (e *Engine) RemoveVolume(ctx context.Context, name string) error {
	defer e.mu.Unlock()
	if err := e.enter(ctx, "RemoveVolume"); err != nil {
		return err
	}
	for _, c := range e.containers {
		if c.spec.Volume != nil && c.spec.Volume.Name == name {
			return core.Errorf(core.ECONFLICT, "error.engine_conflict")
		}
	}
	delete(e.volumes, name)
	return nil
}

// Volumes returns the names of the volumes of an app.
func (e *Engine) Volumes(ctx context.Context, appID string) ([]string, error) {
	defer e.mu.Unlock()
	if err := e.enter(ctx, "Volumes"); err != nil {
		return nil, err
	}
	var names []string
	for name, v := range e.volumes {
		if v.appID == appID {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names, nil
}

// TenantVolumes returns the names of the volumes of a tenant, also of apps that are gone.
func (e *Engine) TenantVolumes(ctx context.Context, tenantID string) ([]string, error) {
	defer e.mu.Unlock()
	if err := e.enter(ctx, "TenantVolumes"); err != nil {
		return nil, err
	}
	var names []string
	for name, v := range e.volumes {
		if v.tenantID == tenantID {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names, nil
}

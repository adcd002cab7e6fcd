// Package memory is core.Registry inside one process: what a Berth on one machine needs, and what is published anew
// after a restart anyway.
package memory

import (
	"context"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"berth/core"
)

var _ core.FillableRegistry = (*Registry)(nil)

// Registry keeps what is published in maps. Make it with New.
type Registry struct {
	mu        sync.Mutex
	addresses map[string]map[instance]core.Address // by app id
	configs   map[string][]byte                    // by app id
	gateways  map[string]*core.GatewayNode         // by id
	watchers  map[*watcher]bool
	families  families
	unfilled  map[core.RegistryPart]bool
	filled    chan struct{} // closed when watches may begin
}

type instance struct{ version, container string }

// New returns an empty registry.
func New() *Registry {
	r := newRegistry()
	close(r.filled)
	return r
}

// NewUnfilled returns an empty registry whose watches begin when all of parts are filled: until then what is missing in
// it is not known to be gone.
func NewUnfilled(parts ...core.RegistryPart) *Registry {
	r := newRegistry()
	r.unfilled = map[core.RegistryPart]bool{}
	for _, part := range parts {
		r.unfilled[part] = true
	}
	return r
}

func newRegistry() *Registry {
	r := &Registry{
		filled:    make(chan struct{}),
		addresses: map[string]map[instance]core.Address{},
		configs:   map[string][]byte{},
		gateways:  map[string]*core.GatewayNode{},
		watchers:  map[*watcher]bool{},
	}
	r.families = newFamilies(r)
	return r
}

// Register implements core.Registry.
func (r *Registry) Register(_ context.Context, a core.Address) error {
	if err := a.Validate(); err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	key := instance{a.Version, a.ContainerID}
	if r.addresses[a.AppID][key] == a {
		return nil
	}
	if r.addresses[a.AppID] == nil {
		r.addresses[a.AppID] = map[instance]core.Address{}
	}
	r.addresses[a.AppID][key] = a
	r.appChanged(a.AppID)
	return nil
}

// Deregister implements core.Registry.
func (r *Registry) Deregister(_ context.Context, a core.Address) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	key := instance{a.Version, a.ContainerID}
	if _, ok := r.addresses[a.AppID][key]; !ok {
		return nil
	}
	delete(r.addresses[a.AppID], key)
	if len(r.addresses[a.AppID]) == 0 {
		delete(r.addresses, a.AppID)
	}
	r.appChanged(a.AppID)
	return nil
}

// Addresses implements core.Registry.
func (r *Registry) Addresses(context.Context) ([]core.Address, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	all := []core.Address{}
	for _, app := range slices.Sorted(maps.Keys(r.addresses)) {
		all = append(all, r.addressesOf(app)...)
	}
	return all, nil
}

// PutConfig implements core.Registry.
func (r *Registry) PutConfig(_ context.Context, appID string, config []byte) error {
	if err := core.ValidateLabel("appId", appID); err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.configs[appID] = slices.Clone(config)
	return nil
}

// DeleteConfig implements core.Registry.
func (r *Registry) DeleteConfig(_ context.Context, appID string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.configs, appID)
	return nil
}

// Announce implements core.Registry.
func (r *Registry) Announce(ctx context.Context, n core.GatewayNode) error {
	if err := core.ValidateLabel("id", n.ID); err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.gateways[n.ID] = &n
	context.AfterFunc(ctx, func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		if r.gateways[n.ID] == &n { // not announced anew since
			delete(r.gateways, n.ID)
		}
	})
	return nil
}

// Gateways implements core.Registry.
func (r *Registry) Gateways(context.Context) ([]core.GatewayNode, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	all := make([]core.GatewayNode, 0, len(r.gateways))
	for _, id := range slices.Sorted(maps.Keys(r.gateways)) {
		all = append(all, *r.gateways[id])
	}
	return all, nil
}

// Filled lets watches begin with the last of the parts that are awaited.
func (r *Registry) Filled(part core.RegistryPart) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.unfilled, part)
	if len(r.unfilled) == 0 && !r.isFilled() {
		close(r.filled)
	}
}

func (r *Registry) isFilled() bool {
	select {
	case <-r.filled:
		return true
	default:
		return false
	}
}

// Contact implements core.Registry: it is never out of reach once it is filled.
func (r *Registry) Contact() time.Time {
	if !r.isFilled() {
		return time.Time{}
	}
	return time.Now()
}

// addressesOf returns the addresses of an app in a stable order; mu is held.
func (r *Registry) addressesOf(appID string) []core.Address {
	return slices.SortedFunc(maps.Values(r.addresses[appID]), func(a, b core.Address) int {
		if a.Version != b.Version {
			return strings.Compare(a.Version, b.Version)
		}
		return strings.Compare(a.ContainerID, b.ContainerID)
	})
}

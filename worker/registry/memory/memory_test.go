package memory

import (
	"context"
	"maps"
	"slices"
	"testing"

	"berth/core"
	"berth/worker/registry/registrytest"
)

func TestConformance(t *testing.T) {
	registrytest.Run(t, func(*testing.T) registrytest.Parts {
		r := New()
		return registrytest.Parts{
			Writer: r,
			Reader: r,
			Config: func(appID string) []byte {
				r.mu.Lock()
				defer r.mu.Unlock()
				return r.configs[appID]
			},
			Gateways: func() []string {
				r.mu.Lock()
				defer r.mu.Unlock()
				return slices.Sorted(maps.Keys(r.gateways))
			},
		}
	})
}

// Watches begin with the last part that is filled, and not before.
func TestWatchesBeginWithTheLastPart(t *testing.T) {
	r := NewUnfilled(core.RegistryRoutes, core.RegistryCertificates)
	told := make(chan core.RegistryChange, 1)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { defer close(ended); r.Watch(ctx, func(c core.RegistryChange) { told <- c }) }()
	for range 2 {
		r.Filled(core.RegistryRoutes)
	}
	if !r.Contact().IsZero() {
		t.Error("it counts as answering while a part is missing")
	}
	select {
	case c := <-told:
		t.Errorf("told %+v while a part is missing", c)
	default:
	}
	r.Filled(core.RegistryCertificates)
	if c := <-told; !c.Reset {
		t.Errorf("%+v", c)
	}
	stop()
	<-ended
}

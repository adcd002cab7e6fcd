package memory

import (
	"maps"
	"slices"
	"testing"

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

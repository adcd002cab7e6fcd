package zookeeper

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"berth/core"
	"berth/e2e/testenv"
	"berth/worker/registry/registrytest"
)

const manyApps = 10_000

// BenchmarkManyApps measures a registry that holds 10,000 routes and as many addresses.
func BenchmarkManyApps(b *testing.B) {
	server := testenv.StartZooKeeper(b)
	reg := open(b, server.Servers())
	fill(b, reg)
	b.Run("FirstReading", func(b *testing.B) {
		for b.Loop() {
			ctx, cancel := context.WithCancel(b.Context())
			_ = reg.Watch(ctx, func(core.RegistryChange) { cancel() })
		}
	})
	b.Run("Routes", func(b *testing.B) {
		for b.Loop() {
			if all, err := reg.Routes(b.Context()); err != nil || len(all) != manyApps {
				b.Fatal(len(all), err)
			}
		}
	})
	b.Run("Addresses", func(b *testing.B) {
		for b.Loop() {
			if all, err := reg.Addresses(b.Context()); err != nil || len(all) != manyApps {
				b.Fatal(len(all), err)
			}
		}
	})
	b.Run("ChangeToWatcher", func(b *testing.B) {
		v := registrytest.Watch(b, reg)
		for n := 0; b.Loop(); n++ {
			r := registrytest.Route("app7.localhost", "app7", map[string]int{fmt.Sprintf("1.%d", n): 100})
			must(b, reg.PutRoute(b.Context(), r))
			v.Wait("the change", func() bool { return v.Has(r) })
		}
	})
	b.Run("NewAppToWatcher", func(b *testing.B) {
		v := registrytest.Watch(b, reg)
		for n := 0; b.Loop(); n++ {
			r := registrytest.Route(fmt.Sprintf("new%d.localhost", n), "new", nil)
			must(b, reg.PutRoute(b.Context(), r))
			v.Wait("the change", func() bool { return v.Has(r) })
			must(b, reg.DeleteRoute(b.Context(), r.Domain))
		}
	})
}

func fill(b *testing.B, reg *Registry) {
	b.Helper()
	var group sync.WaitGroup
	for w := range 32 {
		group.Go(func() {
			for n := w; n < manyApps; n += 32 {
				app := fmt.Sprintf("app%d", n)
				must(b, reg.Register(b.Context(), registrytest.Address(app, "1.0", "c1", 25700)))
				must(b, reg.PutRoute(b.Context(), registrytest.Route(app+".localhost", app, map[string]int{"1.0": 100})))
			}
		})
	}
	group.Wait()
}

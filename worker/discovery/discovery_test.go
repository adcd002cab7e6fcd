package discovery

import (
	"fmt"
	"slices"
	"sync"
	"testing"

	"berth/core"
	"berth/worker/registry/memory"
)

func TestSwitchInOrder(t *testing.T) {
	h := newHouse(t)
	h.app("shop")
	must(t, h.d.SyncApp(t.Context(), "shop"))
	h.wantPublished("shop.localhost starting map[]")

	old := h.instance("shop", "1.0", core.InstanceReady, 25700)
	h.serve("shop", map[string]int{"1.0": 100})
	must(t, h.d.SyncApp(t.Context(), "shop"))
	h.wantPublished("shop/1.0 c25700", "shop.localhost online map[1.0:100]")

	h.reg.taken()
	h.instance("shop", "1.1", core.InstanceReady, 25701)
	h.serve("shop", map[string]int{"1.1": 100})
	h.become(old, core.InstanceDraining)
	must(t, h.d.SyncApp(t.Context(), "shop"))
	h.wantPublished("shop/1.1 c25701", "shop.localhost online map[1.1:100]")
	if got := h.reg.taken()[1:]; !slices.Equal(got, []string{"+c25701", "+shop.localhost", "-c25700"}) {
		t.Errorf("order: %q", got)
	}
}

func TestDeletedAppLeavesNothing(t *testing.T) {
	h := newHouse(t)
	h.app("shop")
	h.serve("shop", map[string]int{"1.0": 100})
	i := h.instance("shop", "1.0", core.InstanceReady, 25700)
	must(t, h.d.SyncApp(t.Context(), "shop"))
	h.reg.taken()
	must(t, h.Instances().Delete(h.ctx, i.ID))
	must(t, h.Apps().Delete(h.ctx, "shop"))
	must(t, h.d.SyncApp(t.Context(), "shop"))
	h.wantPublished()
	if got := h.reg.taken(); !slices.Equal(got, []string{"-shop.localhost", "-c25700", "no config shop"}) {
		t.Errorf("writes: %q", got)
	}
}

func TestSyncWritesOnlyDifferences(t *testing.T) {
	h := newHouse(t)
	foreign := core.Address{AppID: "gone", Version: "1.0", ContainerID: "c1", Address: "172.17.0.1:25999"}
	must(t, h.reg.Registry.Register(h.ctx, foreign))
	must(t, h.reg.Registry.PutRoute(h.ctx, core.Route{Domain: "gone.localhost", AppID: "gone", State: core.RouteOnline}))
	for _, id := range []string{"shop", "tea"} {
		h.app(id)
		h.serve(id, map[string]int{"1.0": 100})
	}
	h.instance("shop", "1.0", core.InstanceReady, 25700)
	must(t, h.d.Sync(t.Context()))
	h.wantPublished("shop/1.0 c25700", "shop.localhost online map[1.0:100]", "tea.localhost online map[1.0:100]")
	h.reg.taken()
	must(t, h.d.Sync(t.Context()))
	if got := h.reg.taken(); len(got) > 0 {
		t.Errorf("nothing differs, yet written: %q", got)
	}
	must(t, h.reg.Registry.DeleteRoute(h.ctx, "tea.localhost")) // somebody else
	must(t, h.d.Sync(t.Context()))
	if got := h.reg.taken(); !slices.Equal(got, []string{"+tea.localhost"}) {
		t.Errorf("writes: %q", got)
	}
}

// A worker that begins anew knows nothing but what it reads.
func TestNewWorkerTakesOver(t *testing.T) {
	h := newHouse(t)
	h.app("shop")
	h.serve("shop", map[string]int{"1.0": 100})
	old := h.instance("shop", "1.0", core.InstanceReady, 25700)
	must(t, h.d.SyncApp(t.Context(), "shop"))
	must(t, h.Instances().Delete(h.ctx, old.ID))
	h.d = New(h.d.opts)
	must(t, h.d.SyncApp(t.Context(), "shop"))
	h.wantPublished("shop.localhost online map[1.0:100]")
}

func TestBrokenWriteIsTriedAgain(t *testing.T) {
	h := newHouse(t)
	h.app("shop")
	h.serve("shop", map[string]int{"1.0": 100})
	must(t, h.d.SyncApp(t.Context(), "shop"))
	i := h.instance("shop", "1.0", core.InstanceReady, 25700)
	h.reg.fail(core.Errorf(core.EUNAVAILABLE, "error.registry_unavailable"))
	if err := h.d.SyncApp(t.Context(), "shop"); core.ErrorCode(err) != core.EUNAVAILABLE {
		t.Fatalf("got %v", err)
	}
	h.become(i, core.InstanceUnhealthy) // it may have been registered all the same
	h.reg.fail(nil)
	h.reg.taken()
	must(t, h.d.SyncApp(t.Context(), "shop"))
	if got := h.reg.taken(); !slices.Equal(got, []string{"-c25700"}) {
		t.Errorf("writes: %q", got)
	}
}

func TestWhatCannotBePublishedHoldsUpNothing(t *testing.T) {
	h := newHouse(t)
	h.app("shop")
	h.serve("shop", map[string]int{"1.0": 100})
	bad := h.instance("shop", "1.0", core.InstanceReady, 25700)
	bad.Address = "nowhere"
	must(t, h.Instances().Update(h.ctx, bad))
	h.instance("shop", "1.0", core.InstanceReady, 25701)
	if err := h.d.SyncApp(t.Context(), "shop"); core.ErrorCode(err) != core.EINVALID {
		t.Errorf("got %v", err)
	}
	h.wantPublished("shop/1.0 c25701", "shop.localhost online map[1.0:100]")
}

func TestOneAppCostsTheSameAmongMany(t *testing.T) {
	h := newHouse(t)
	for n := range 150 { // more than a page
		h.app(fmt.Sprintf("app%03d", n))
	}
	must(t, h.d.Sync(t.Context()))
	reads := h.reg.reads
	h.reg.taken()
	h.instance("app007", "1.0", core.InstanceReady, 25700)
	must(t, h.d.SyncApp(t.Context(), "app007"))
	if got := h.reg.taken(); !slices.Equal(got, []string{"+c25700"}) || h.reg.reads != reads {
		t.Errorf("writes %q and %d readings of everything", got, h.reg.reads-reads)
	}
}

// Whatever happens side by side, in the end what is published is what the store says.
func TestSideBySideConverges(t *testing.T) {
	h := newHouseOn(t, memory.New())
	var all sync.WaitGroup
	for n := range 4 {
		id := fmt.Sprintf("app%d", n)
		h.app(id)
		h.serve(id, map[string]int{"1.0": 100})
		i := h.instance(id, "1.0", core.InstanceReady, 25700+n)
		all.Go(func() {
			for k := range 20 {
				state := core.InstanceReady
				if k%2 == 0 {
					state = core.InstanceUnhealthy
				}
				i.State = state
				if err := h.Instances().Update(h.ctx, i); err != nil {
					t.Error(err)
				}
				if err := h.d.SyncApp(h.ctx, id); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Go(func() {
		for range 20 {
			if err := h.d.Sync(h.ctx); err != nil {
				t.Error(err)
			}
		}
	})
	all.Wait()
	h.wantPublished("app0/1.0 c25700", "app1/1.0 c25701", "app2/1.0 c25702", "app3/1.0 c25703",
		"app0.localhost online map[1.0:100]", "app1.localhost online map[1.0:100]",
		"app2.localhost online map[1.0:100]", "app3.localhost online map[1.0:100]")
}

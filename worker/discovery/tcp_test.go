package discovery

import (
	"fmt"
	"slices"
	"testing"

	"berth/core"
)

var pool = core.TCPPool{From: 30000, To: 30001}

// opened gives an app a TCP port.
func (h *house) opened(app string, port int) core.TCPPort {
	h.Helper()
	p, err := h.TCPPorts().Create(h.ctx, core.TCPPort{AppID: app, TenantID: "acme", Port: port, Allow: []string{"192.0.2.1"}}, pool)
	must(h, err)
	return p
}

func (h *house) wantTCP(want ...string) {
	h.Helper()
	routes, err := h.reg.TCPRoutes(h.ctx)
	must(h, err)
	got := []string{}
	for _, r := range routes {
		got = append(got, fmt.Sprintf("%s %s %v %v", r.ID(), r.AppID, r.Weights, r.Allow))
	}
	if !slices.Equal(got, want) {
		h.Errorf("published:\n%q\nwant:\n%q", got, want)
	}
}

func TestTCPPortsInOrder(t *testing.T) {
	h := newHouse(t)
	h.app("shop")
	h.opened("shop", 30000)
	must(t, h.d.SyncApp(t.Context(), "shop"))
	h.wantTCP() // nothing serves yet
	h.serve("shop", map[string]int{"1.0": 100})
	i := h.instance("shop", "1.0", core.InstanceReady, 25700)
	h.reg.taken()
	must(t, h.d.SyncApp(t.Context(), "shop"))
	h.wantTCP("30000 shop map[1.0:100] [192.0.2.1]")
	if got := h.reg.taken()[1:]; !slices.Equal(got, []string{"+c25700", "+shop.localhost", "+30000"}) {
		t.Errorf("order: %q", got)
	}

	a, err := h.Apps().Get(h.ctx, "shop")
	must(t, err)
	a.Stopped = true
	must(t, h.Apps().UpdateSpec(h.ctx, a))
	h.become(i, core.InstanceDraining)
	must(t, h.d.Sync(t.Context())) // which compares everything
	h.wantTCP()
	if got := h.reg.taken(); !slices.Equal(got, []string{"+shop.localhost", "-30000", "-c25700"}) {
		t.Errorf("order: %q", got)
	}
}

func TestTCPPortChanges(t *testing.T) {
	h := newHouse(t)
	h.app("shop")
	h.serve("shop", map[string]int{"1.0": 100})
	p := h.opened("shop", 30000)
	must(t, h.d.SyncApp(t.Context(), "shop"))
	p.Allow = []string{"192.0.2.2"}
	must(t, h.TCPPorts().Update(h.ctx, p))
	must(t, h.d.SyncApp(t.Context(), "shop"))
	h.wantTCP("30000 shop map[1.0:100] [192.0.2.2]")
	must(t, h.TCPPorts().Delete(h.ctx, "shop", 30000, ""))
	must(t, h.d.SyncApp(t.Context(), "shop"))
	h.wantTCP()
	h.opened("shop", 30000)
	must(t, h.d.SyncApp(t.Context(), "shop"))
	must(t, h.Apps().Delete(h.ctx, "shop"))
	must(t, h.d.SyncApp(t.Context(), "shop"))
	h.wantTCP()
}

// A port that went from one app to another stays the other's, in whatever order the two are looked at.
func TestTCPPortMoves(t *testing.T) {
	h := newHouse(t)
	for _, id := range []string{"shop", "tea"} {
		h.app(id)
		h.serve(id, map[string]int{"1.0": 100})
	}
	h.opened("shop", 30000)
	must(t, h.d.Sync(t.Context()))
	must(t, h.TCPPorts().Delete(h.ctx, "shop", 30000, ""))
	h.opened("tea", 30000)
	must(t, h.d.SyncApp(t.Context(), "tea"))
	must(t, h.d.SyncApp(t.Context(), "shop"))
	h.wantTCP("30000 tea map[1.0:100] [192.0.2.1]")
	must(t, h.TCPPorts().Delete(h.ctx, "tea", 30000, ""))
	must(t, h.d.Sync(t.Context()))
	h.wantTCP()
}

package discovery

import (
	"testing"
	"time"

	"berth/core"
)

// govern gives an app a next release with rules, and has it serve if told.
func (h *house) govern(id string, rules core.Rules, serves bool) {
	h.Helper()
	spec := core.ReleaseSpec{Replicas: 1, Memory: 64 * core.MiB, Port: 8080, Rules: rules,
		Targets: []core.Target{{VersionID: "1.0", Label: "1.0", Digest: "sha256:x", Weight: 100}}}
	number, err := h.Releases().Create(h.ctx, core.Release{AppID: id, TenantID: "acme", Spec: spec, CreatedAt: time.Now()})
	must(h, err)
	a, err := h.Apps().Get(h.ctx, id)
	must(h, err)
	if a.Release = number; serves {
		a.Serving, a.State = number, core.AppRunning
	}
	must(h, h.Apps().UpdateSpec(h.ctx, a))
	must(h, h.Apps().UpdateStatus(h.ctx, a))
}

// published returns the rules at a domain, after everything or one app was brought up to date.
func (h *house) published(domain string) *core.Rules {
	h.Helper()
	routes, err := h.reg.Routes(h.ctx)
	must(h, err)
	for _, r := range routes {
		if r.Domain == domain {
			return r.Rules
		}
	}
	h.Fatalf("%s is not published", domain)
	return nil
}

func TestRulesArePublishedWithTheRoute(t *testing.T) {
	h := newHouse(t)
	h.app("shop")
	for _, x := range []struct {
		rules  core.Rules
		serves bool
		want   core.Rules
	}{
		{core.Rules{Deny: []string{"192.0.2.1"}}, false, core.Rules{Deny: []string{"192.0.2.1"}}}, // the first, before it serves
		{core.Rules{Deny: []string{"192.0.2.2"}}, true, core.Rules{Deny: []string{"192.0.2.2"}}},
		{core.Rules{}, false, core.Rules{Deny: []string{"192.0.2.2"}}}, // on its way
		{core.Rules{Allow: []string{}}, true, core.Rules{}},
	} {
		h.govern("shop", x.rules, x.serves)
		must(t, h.d.SyncApp(t.Context(), "shop"))
		got := h.published("shop.localhost")
		if got == nil && !x.want.IsZero() || got != nil && (x.want.IsZero() || !got.Equal(x.want)) {
			t.Errorf("published: %+v, want %+v", got, x.want)
		}
	}
	h.reg.taken()
	must(t, h.d.Sync(t.Context()))
	if writes := h.reg.taken(); len(writes) > 0 {
		t.Errorf("nothing differs, yet written: %q", writes)
	}
}

func TestPathsLeadToTheTenantsOwnApps(t *testing.T) {
	h := newHouse(t)
	must(t, h.Tenants().Create(h.ctx, core.Tenant{ID: "evil", Name: "Evil", CreatedAt: time.Now()}))
	must(t, h.Apps().Create(h.ctx, core.App{ID: "foreign", TenantID: "evil", Name: "foreign", State: core.AppNew, CreatedAt: time.Now()}))
	must(t, h.Apps().Create(h.ctx, core.App{ID: "redis", TenantID: "acme", Name: "redis", State: core.AppNew, Service: &core.ServiceSpec{Entry: "redis"}, CreatedAt: time.Now()}))
	h.app("shop")
	h.app("tea")
	var paths []core.PathRule
	for _, id := range []string{"tea", "foreign", "redis", "absent", "shop"} {
		paths = append(paths, core.PathRule{Prefix: "/" + id, AppID: id})
	}
	h.govern("shop", core.Rules{Paths: paths}, true)
	must(t, h.d.Sync(t.Context()))
	if got := h.published("shop.localhost"); got == nil || len(got.Paths) != 1 || got.Paths[0].AppID != "tea" {
		t.Fatalf("published: %+v", got)
	}
	must(t, h.Apps().Delete(h.ctx, "tea"))
	must(t, h.Apps().Create(h.ctx, core.App{ID: "tea", TenantID: "evil", Name: "tea", State: core.AppNew, CreatedAt: time.Now()}))
	must(t, h.d.Sync(t.Context()))
	if got := h.published("shop.localhost"); got != nil {
		t.Errorf("an id that is another tenant's now is led to: %+v", got)
	}
}

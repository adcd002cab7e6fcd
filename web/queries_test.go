package web

import (
	"context"
	"fmt"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"berth/core"
	"berth/core/catalog"
	"berth/core/service"
	"berth/worker/image"
)

// counting counts how often a page turns to the database: each use of a noun's store is one query, or one of a few.
type counting struct {
	core.Store
	asked *atomic.Int64
}

func (s counting) count() core.Store { s.asked.Add(1); return s.Store }

func (s counting) Tenants() core.TenantStore       { return s.count().Tenants() }
func (s counting) Members() core.MemberStore       { return s.count().Members() }
func (s counting) Users() core.UserStore           { return s.count().Users() }
func (s counting) Apps() core.AppStore             { return s.count().Apps() }
func (s counting) Versions() core.VersionStore     { return s.count().Versions() }
func (s counting) Releases() core.ReleaseStore     { return s.count().Releases() }
func (s counting) Instances() core.InstanceStore   { return s.count().Instances() }
func (s counting) Operations() core.OperationStore { return s.count().Operations() }
func (s counting) Events() core.EventStore         { return s.count().Events() }
func (s counting) Audit() core.AuditStore          { return s.count().Audit() }
func (s counting) Support() core.SupportStore      { return s.count().Support() }
func (s counting) Usage() core.UsageStore          { return s.count().Usage() }
func (s counting) Plans() core.PlanStore           { return s.count().Plans() }

// TestAPageAsksNoMoreOfManyTenants counts the queries of pages for a member, an operator and somebody with a support
// session, with one tenant and with a hundred: it is the same number. Support costs its person one query a request,
// whoever else nothing, and what a tenant's pages say of its sessions one.
func TestAPageAsksNoMoreOfManyTenants(t *testing.T) {
	var asked atomic.Int64
	h := countingHouse(t, &asked)
	member := h.person("member", core.User{}, core.RoleDeveloper)
	operator := h.person("operator", core.User{Operator: true}, "")
	helper := h.person("helper", core.User{Support: true}, "")
	h.supports(helper, core.SupportOpen, h.own["tenant"])
	for _, c := range h.callers {
		c.client = &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	}
	pages := []string{"/?tenant=" + h.own["tenant"], "/activity?tenant=" + h.own["tenant"], "/apps/" + h.own["app"],
		"/apps/" + h.own["app"] + "/logs", "/apps/" + h.own["app"] + "/activity"}
	count := func(c *caller, path string) int64 {
		t.Helper()
		before := asked.Load()
		if got := h.send(c, route{method: "GET", path: path}, h.request(path)); got.status != http.StatusOK {
			t.Fatalf("%s as %s: %d", path, c.name, got.status)
		}
		return asked.Load() - before
	}
	few := map[string]int64{}
	for _, path := range pages {
		for _, c := range h.callers {
			few[c.name+" "+path] = count(c, path)
		}
		m, s := few["member "+path], few["helper "+path]
		if s > m+1 {
			t.Errorf("%s asks %d times for somebody of support, %d for a member", path, s, m)
		}
		t.Logf("%s: %d for a member, %d for an operator, %d for support", path, m, few["operator "+path], s)
	}
	for n := range 100 {
		tenant := core.Tenant{ID: fmt.Sprintf("team-%d", n), Name: fmt.Sprintf("Team %d", n), CreatedAt: time.Now()}
		h.ok(h.store.Tenants().Create(h.system(), tenant))
		h.ok(h.store.Apps().Create(h.system(), core.App{ID: tenant.ID, TenantID: tenant.ID, Name: "App", State: core.AppNew}))
		h.supports(helper, core.SupportOpen, tenant.ID)
		h.ok(h.store.Members().Put(h.system(), core.Membership{TenantID: tenant.ID, UserID: member.userID, Role: core.RoleViewer}))
	}
	for _, path := range pages {
		for _, c := range []*caller{member, operator, helper} {
			if n, before := count(c, path), few[c.name+" "+path]; n != before {
				t.Errorf("%s as %s asks %d times among 100 tenants, %d times among one", path, c.name, n, before)
			}
		}
	}
}

// countingHouse is a house with one tenant and an app whose queries are counted.
func countingHouse(t *testing.T, asked *atomic.Int64) *house {
	t.Helper()
	images, err := image.New(image.Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { images.Close() })
	entries, err := catalog.Load("")
	if err != nil {
		t.Fatal(err)
	}
	h := &house{}
	s := openStore(t, t.TempDir())
	h.service = service.New(service.Deps{Store: counting{s, asked}, Images: images, Catalog: entries, Waker: asleep{},
		Notifier: service.NewNotifier(), Traffic: noTraffic{}, PortalURL: "http://localhost:8080", BaseDomain: "localhost",
		GatewayURL: "http://localhost:8000", Logs: silence{}})
	h.portal = newPortal(t, h.service, func(o *Options) { o.Sessions = s.Sessions() })
	h.store = s
	ctx := core.WithActor(context.Background(), core.System())
	h.ok(s.Tenants().Create(ctx, core.Tenant{ID: "oolong", Name: "Oolong", CreatedAt: time.Now()}))
	h.ok(s.Apps().Create(ctx, core.App{ID: "shop", TenantID: "oolong", Name: "Shop", State: core.AppNew, CreatedAt: time.Now()}))
	h.own = sample{"tenant": "oolong", "app": "shop"}
	return h
}

package storetest

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"berth/core"
)

func (w *world) newHelper() (core.User, context.Context) {
	w.Helper()
	u := core.User{ID: core.NewID(), Email: core.NewInstanceID() + "@example.com", Name: "Helper", Support: true}
	w.ok(w.Users().Create(w.system, u))
	return u, core.WithActor(w.Context(), core.Actor{Kind: core.ActorUser, ID: u.ID, UserID: u.ID, Support: true})
}

func (w *world) newSupport(u core.User, t core.Tenant, state core.SupportState, left time.Duration) core.SupportSession {
	w.Helper()
	s := core.SupportSession{ID: core.NewID(), TenantID: t.ID, UserID: u.ID, UserName: u.Name, Reason: "It does not answer",
		Lasts: time.Hour, CreatedAt: time.Now(), ExpiresAt: time.Now().Add(left), State: state}
	w.ok(w.Support().Create(w.nobody, s))
	return s
}

func testSupport(w *world) {
	u, helper := w.newHelper()
	s := w.newSupport(u, w.tenant, core.SupportWaiting, time.Hour)
	for _, ctx := range []context.Context{w.alice, w.system, helper} {
		check(w, s)(w.Support().Get(ctx, s.ID))
		check(w, []core.SupportSession{s})(w.Support().List(ctx, core.SupportFilter{TenantID: w.tenant.ID}))
	}
	for _, ctx := range []context.Context{w.bob, w.nobody} {
		_, err := w.Support().Get(ctx, s.ID)
		w.fails(err, core.ENOTFOUND)
		empty(w)(w.Support().List(ctx, core.SupportFilter{TenantID: w.tenant.ID}))
		w.fails(w.Support().Update(ctx, s, core.SupportWaiting), core.ENOTFOUND)
	}
	s.State, s.DecidedBy, s.DecidedAt, s.ExpiresAt = core.SupportOpen, "Alice", time.Now(), time.Now().Add(2*time.Hour)
	w.ok(w.Support().Update(w.alice, s, core.SupportWaiting))
	w.fails(w.Support().Update(w.alice, s, core.SupportWaiting), core.ECONFLICT)
	check(w, s)(w.Support().Get(w.alice, s.ID))
	s.State, s.EndedBy, s.EndedAt = core.SupportEnded, "Helper", time.Now()
	w.ok(w.Support().Update(helper, s, core.SupportOpen))
	check(w, s)(w.Support().Get(w.alice, s.ID))

	other := s
	other.ID, other.TenantID = core.NewID(), "nowhere"
	w.fails(w.Support().Create(w.nobody, other), core.ENOTFOUND)
	other.TenantID, other.UserID = w.tenant.ID, "nobody"
	w.fails(w.Support().Create(w.nobody, other), core.ENOTFOUND)
}

func testSupportTimes(w *world) {
	u, helper := w.newHelper()
	open := w.newSupport(u, w.tenant, core.SupportOpen, time.Hour)
	waiting := w.newSupport(u, w.other, core.SupportWaiting, time.Hour)
	over := w.newSupport(u, w.other, core.SupportOpen, -time.Minute)
	w.newSupport(u, w.other, core.SupportEnded, -time.Hour)

	check(w, []string{w.tenant.ID})(w.Support().OpenTenants(w.nobody, u.ID, time.Now()))
	empty(w)(w.Support().OpenTenants(w.nobody, u.ID, time.Now().Add(2*time.Hour)))
	empty(w)(w.Support().OpenTenants(w.nobody, "nobody", time.Now()))
	active := []core.SupportSession{open, waiting}
	slices.SortFunc(active, func(a, b core.SupportSession) int { return cmp.Compare(b.ID, a.ID) })
	check(w, active)(w.Support().List(helper, core.SupportFilter{UserID: u.ID, Active: time.Now()}))
	check(w, active[:1])(w.Support().List(helper, core.SupportFilter{UserID: u.ID, Active: time.Now(), Limit: 1}))
	check(w, active[1:])(w.Support().List(helper, core.SupportFilter{UserID: u.ID, Active: time.Now(), Before: active[0].ID}))
	expired, err := w.Support().Expired(w.system, time.Now())
	w.ok(err)
	var own []core.SupportSession
	for _, s := range expired {
		if s.UserID == u.ID {
			own = append(own, s)
		}
	}
	check(w, []core.SupportSession{over})(own, nil)
}

func testSupportSearch(w *world) {
	i := w.newInstance(1, 25700)
	i.ContainerID, i.State = strings.Repeat(core.NewInstanceID(), 6)[:64], core.InstanceReady
	w.ok(w.Instances().Update(w.system, i))
	find := func(text, app string) (found []core.SupportHit) {
		w.Helper()
		found, err := w.Support().Search(w.nobody, text, app, 50)
		w.ok(err)
		return found
	}
	instance := core.SupportHit{Kind: core.SupportInstance, TenantID: w.tenant.ID, TenantName: w.tenant.Name, AppID: w.app.ID,
		AppName: w.app.Name, App: w.app.State, InstanceID: i.ID, ContainerID: i.ContainerID, HostID: w.host.ID, Instance: core.InstanceReady}
	app := core.SupportHit{Kind: core.SupportApp, TenantID: w.tenant.ID, TenantName: w.tenant.Name, AppID: w.app.ID,
		AppName: w.app.Name, App: w.app.State}
	check(w, []core.SupportHit{instance})(find(i.ContainerID[5:40], ""), nil)
	check(w, []core.SupportHit{instance})(find(strings.ToUpper(i.ID), ""), nil)
	check(w, []core.SupportHit{app})(find(w.app.ID[2:], ""), nil)
	check(w, []core.SupportHit{app})(find("no such text at all", w.app.ID), nil)
	check(w, []core.SupportHit{{Kind: core.SupportTenant, TenantID: w.tenant.ID, TenantName: w.tenant.Name}})(find(w.tenant.ID[1:], ""), nil)
	check(w, []core.SupportHit(nil))(find("100%_", ""), nil)

	service := core.App{ID: "s" + core.NewInstanceID(), TenantID: w.other.ID, Name: "Lager " + core.NewInstanceID(),
		Service: &core.ServiceSpec{Entry: "redis"}, State: core.AppRunning, CreatedAt: time.Now()}
	w.ok(w.Apps().Create(w.system, service))
	check(w, []core.SupportHit{{Kind: core.SupportService, TenantID: w.other.ID, TenantName: w.other.Name, AppID: service.ID,
		AppName: service.Name, App: core.AppRunning}})(find(strings.ToLower(service.Name), ""), nil)

	limited, err := w.Support().Search(w.nobody, "t", "", 1)
	w.ok(err)
	if len(limited) > 3 {
		w.Fatalf("%d hits, want at most one of each kind", len(limited))
	}
}

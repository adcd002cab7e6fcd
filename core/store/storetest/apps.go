package storetest

import (
	"slices"
	"strings"
	"time"

	"berth/core"
)

func testApps(w *world) {
	a := core.App{ID: "a" + core.NewInstanceID(), TenantID: w.tenant.ID, Name: "Cache", Plan: "large", Release: 3,
		Stopped: true, Deleting: true, KeepData: true, Restart: 2, Serving: 2, State: core.AppRunning, CreatedAt: time.Now(),
		Reason:  core.T("reason.out_of_memory", "limit", "64 MB"),
		Service: &core.ServiceSpec{Entry: "redis", Version: "7.4", Plan: "small"}}
	w.ok(w.Apps().Create(w.alice, a))
	check(w, a)(w.Apps().Get(w.alice, a.ID))

	twin := core.App{ID: a.ID, TenantID: w.other.ID, Name: "Cache"}
	w.fails(w.Apps().Create(w.bob, twin), core.ECONFLICT, "name")

	ids, err := w.Apps().IDs(w.system)
	w.ok(err)
	if !slices.Contains(ids, a.ID) || !slices.Contains(ids, w.app.ID) {
		w.Fatalf("%v lack %s or %s", ids, a.ID, w.app.ID)
	}
	lost := core.App{ID: "lost" + core.NewInstanceID(), TenantID: "nowhere", Name: "Lost"}
	w.fails(w.Apps().Create(w.system, lost), core.ENOTFOUND)
}

func testAppSpec(w *world) {
	spec := w.app
	spec.Name, spec.Plan, spec.Release, spec.Stopped, spec.Restart = "Coffee shop", "small", 4, true, 1
	attempt := spec
	attempt.State, attempt.Serving = core.AppFailed, 9 // belong to the workers
	w.ok(w.Apps().UpdateSpec(w.alice, attempt))
	spec.Revision++
	check(w, spec)(w.Apps().Get(w.alice, w.app.ID))

	w.fails(w.Apps().UpdateSpec(w.alice, attempt), core.ECONFLICT)
	check(w, spec)(w.Apps().Get(w.alice, w.app.ID))
	w.fails(w.Apps().UpdateSpec(w.alice, core.App{ID: "nothing"}), core.ENOTFOUND)

	apps, _, err := w.Apps().List(w.alice, core.AppFilter{Search: "COFFEE"})
	check(w, []core.App{spec})(apps, err)
}

func testAppStatus(w *world) {
	status := w.app
	status.State, status.Serving, status.Reason = core.AppCrashing, 1, core.T("reason.exit", "code", "137")
	attempt := status
	attempt.Name, attempt.Stopped, attempt.Revision = "Worker's", true, 7 // belong to people
	w.ok(w.Apps().UpdateStatus(w.system, attempt))
	w.ok(w.Apps().UpdateStatus(w.system, attempt)) // nothing to change is no error
	check(w, status)(w.Apps().Get(w.alice, w.app.ID))
	w.ok(w.Apps().UpdateSpec(w.alice, w.app)) // a status is no change of the spec
	w.fails(w.Apps().UpdateStatus(w.system, core.App{ID: "nothing"}), core.ENOTFOUND)
}

// testAppDelete looks for whatever may be left of an app: its operations alone, which say how the deletion ended.
func testAppDelete(w *world) {
	v := w.newVersion("1.0")
	r := w.newRelease(v)
	i := w.newInstance(r.Number, 25701)
	o := w.newOperation()
	event := core.NewEvent(w.app, core.LevelInfo, "deployed")
	w.ok(w.Events().Create(w.alice, event))
	u := w.newUpload()
	mine := u
	mine.ID, mine.AppID = core.NewID(), w.app.ID
	w.ok(w.Uploads().Create(w.alice, mine))
	w.ok(w.Credentials().Put(w.alice, core.Credentials{AppID: w.app.ID, Values: map[string]string{"password": "x"}}))
	w.ok(w.Drafts().Put(w.alice, core.Draft{AppID: w.app.ID, Base: 1}))
	neighbour := w.newApp(w.tenant, "Neighbour")

	w.ok(w.Apps().Delete(w.alice, w.app.ID))
	for name, get := range map[string]func() error{
		"app":         func() error { _, err := w.Apps().Get(w.system, w.app.ID); return err },
		"version":     func() error { _, err := w.Versions().Get(w.system, v.ID); return err },
		"release":     func() error { _, err := w.Releases().Get(w.system, w.app.ID, r.Number); return err },
		"instance":    func() error { _, err := w.Instances().Get(w.system, i.ID); return err },
		"upload":      func() error { _, err := w.Uploads().Get(w.system, mine.ID); return err },
		"credentials": func() error { _, err := w.Credentials().Get(w.system, w.app.ID); return err },
		"draft":       func() error { _, err := w.Drafts().Get(w.system, w.app.ID); return err },
		"again":       func() error { return w.Apps().Delete(w.alice, w.app.ID) },
	} {
		if err := get(); core.ErrorCode(err) != core.ENOTFOUND {
			w.Errorf("%s: got %v, want not_found", name, err)
		}
	}
	empty(w)(w.Events().List(w.system, core.EventFilter{AppID: w.app.ID}))
	empty(w)(w.Hosts().Ports(w.system, w.host.ID))
	check(w, o)(w.Operations().Get(w.alice, o.ID))
	check(w, u)(w.Uploads().Get(w.alice, u.ID))
	heir := w.app
	heir.TenantID = w.other.ID
	w.ok(w.Apps().Create(w.bob, heir)) // the name is free, its past is not
	empty(w)(w.Operations().List(w.bob, w.app.ID, 10))
	check(w, neighbour)(w.Apps().Get(w.alice, neighbour.ID))
}

func testAppFilter(w *world) {
	tenant := w.newTenant("Filter")
	ctx := w.member(tenant, w.other)
	names := func(f core.AppFilter) []string {
		w.Helper()
		apps, _, err := w.Apps().List(ctx, f)
		w.ok(err)
		list := []string{}
		for _, a := range apps {
			list = append(list, a.Name)
		}
		return list
	}
	for _, name := range []string{"Zebra", "apple", "100% juice", "under_score", "wow!", "茶店", "ÉCLAIR"} {
		w.newApp(tenant, name)
	}
	w.newApp(w.other, "Apple of another")
	service := core.App{ID: "s" + core.NewInstanceID(), TenantID: tenant.ID, Name: "Cache",
		Service: &core.ServiceSpec{Entry: "redis", Version: "7.4", Plan: "small"}}
	w.ok(w.Apps().Create(ctx, service))

	same(w, names(core.AppFilter{TenantID: tenant.ID}),
		[]string{"100% juice", "apple", "Cache", "under_score", "wow!", "Zebra", "ÉCLAIR", "茶店"})
	same(w, names(core.AppFilter{Search: "apple"}), []string{"apple", "Apple of another"})
	same(w, names(core.AppFilter{Kind: "service"}), []string{"Cache"})
	same(w, len(names(core.AppFilter{Kind: "app"})), 8)
	for search, want := range map[string]string{"%": "100% juice", "_": "under_score", "!": "wow!", "茶": "茶店",
		"éclair": "ÉCLAIR", "EBR": "Zebra", service.ID[3:]: "Cache", `\`: "", "'": "", "x'; DROP": ""} {
		same(w, strings.Join(names(core.AppFilter{Search: search}), ","), want)
	}
	_, _, err := w.Apps().List(ctx, core.AppFilter{Kind: "1;DROP"})
	w.fails(err, core.EINVALID, "kind")
}

func testAppPages(w *world) {
	tenant := w.newTenant("Pages")
	ctx := w.member(tenant)
	w.ok(w.Transact(w.system, func(tx core.Store) error {
		for i := range 105 {
			a := core.App{ID: "p" + core.NewInstanceID(), TenantID: tenant.ID, Name: string(rune('a' + i%5))}
			if err := tx.Apps().Create(w.system, a); err != nil {
				return err
			}
		}
		return nil
	}))
	for limit, page := range map[int]int{0: 100, -1: 100, 1e9: 100, 7: 7} {
		seen, cursor, last := map[string]bool{}, "", ""
		for rest := 105; rest > 0; rest -= page {
			apps, next, err := w.Apps().List(ctx, core.AppFilter{Limit: limit, Cursor: cursor})
			w.ok(err)
			same(w, len(apps), min(page, rest))
			same(w, next != "", rest > page)
			for _, a := range apps {
				if seen[a.ID] || a.Name+a.ID <= last {
					w.Fatalf("%s comes twice or too late", a.ID)
				}
				seen[a.ID], last = true, a.Name+a.ID
			}
			cursor = next
		}
	}
	for _, cursor := range []string{"?", "AAAA", "bm90IGpzb24"} {
		_, _, err := w.Apps().List(ctx, core.AppFilter{Cursor: cursor})
		w.fails(err, core.EINVALID, "cursor")
	}
}

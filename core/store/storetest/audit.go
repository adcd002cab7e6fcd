package storetest

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"berth/core"
)

// entry makes an entry of the tenant's, at minutes after a fixed time.
func (w *world) entry(minutes int, change func(*core.AuditEntry)) core.AuditEntry {
	w.Helper()
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC).Add(time.Duration(minutes) * time.Minute)
	e := core.AuditEntry{ID: core.NewIDAt(at), CreatedAt: at, TenantID: w.tenant.ID, Action: "app.rename", AppID: w.app.ID,
		ActorKind: core.ActorUser, ActorID: "u1", UserID: "u1", ActorName: "Alice", Peer: "192.0.2.1", Agent: "curl",
		Outcome: core.AuditDone}
	if change != nil {
		change(&e)
	}
	w.ok(w.Audit().Append(w.system, e))
	return e
}

// audit lists what ctx sees, oldest first.
func (w *world) audit(ctx context.Context, f core.AuditFilter) []core.AuditEntry {
	w.Helper()
	entries, next, err := w.Audit().List(ctx, f)
	w.ok(err)
	if next != "" {
		w.Fatalf("a next page after %d entries", len(entries))
	}
	slices.Reverse(entries)
	return entries
}

func testAudit(w *world) {
	whole := w.entry(0, func(e *core.AuditEntry) {
		e.Object, e.Action = "1.4.0", "version.delete"
		e.Before, e.After = map[string]string{"env.KEY": core.Masked, "name": "茶店 \"x\""}, map[string]string{"memory": "512 MB"}
		e.Outcome, e.Reason = core.AuditRefused, core.T("error.version_used", "version", "1.4.0")
	})
	bare := w.entry(1, nil)
	same(w, w.audit(w.alice, core.AuditFilter{TenantID: w.tenant.ID}), []core.AuditEntry{whole, bare})
}

func testAuditFilter(w *world) {
	rename := w.entry(0, func(e *core.AuditEntry) { e.After = map[string]string{"name": "Grüner Tee"} })
	push := w.entry(1, func(e *core.AuditEntry) {
		e.Action, e.ActorKind, e.ActorID, e.ActorName = "version.push", core.ActorToken, "t1", "CI_100%"
	})
	refused := w.entry(2, func(e *core.AuditEntry) {
		e.Action, e.Outcome, e.AppID, e.Object, e.Peer = "appendix.read", core.AuditRefused, "", "Budget", "2001:db8::1"
		e.ActorID, e.UserID, e.ActorName = "u2", "u2", "Bob"
	})
	all := []core.AuditEntry{rename, push, refused}
	for name, c := range map[string]struct {
		f    core.AuditFilter
		want []core.AuditEntry
	}{
		"all":           {core.AuditFilter{}, all},
		"app":           {core.AuditFilter{AppID: w.app.ID}, all[:2]},
		"person":        {core.AuditFilter{Actor: "u1"}, all[:2]},
		"token":         {core.AuditFilter{Actor: "t1"}, all[1:2]},
		"action":        {core.AuditFilter{Action: "version.push"}, all[1:2]},
		"noun":          {core.AuditFilter{Action: "app"}, all[:1]},
		"outcome":       {core.AuditFilter{Outcome: core.AuditRefused}, all[2:]},
		"from":          {core.AuditFilter{From: push.CreatedAt}, all[1:]},
		"to":            {core.AuditFilter{To: push.CreatedAt}, all[:1]},
		"search actor":  {core.AuditFilter{Search: "bo"}, all[2:]},
		"search escape": {core.AuditFilter{Search: "_100%"}, all[1:2]},
		"search object": {core.AuditFilter{Search: "BUDG"}, all[2:]},
		"search peer":   {core.AuditFilter{Search: "db8::"}, all[2:]},
		"search app":    {core.AuditFilter{Search: w.app.ID[2:]}, all[:2]},
		"search values": {core.AuditFilter{Search: "grüner"}, all[:1]},
		"nothing":       {core.AuditFilter{Search: "null"}, nil},
		"both":          {core.AuditFilter{Actor: "u1", Outcome: core.AuditRefused}, nil},
	} {
		c.f.TenantID = w.tenant.ID
		if got := w.audit(w.alice, c.f); len(got) != len(c.want) {
			w.Errorf("%s: %d entries, want %d", name, len(got), len(c.want))
		} else {
			same(w, got, c.want)
		}
	}
	actors, err := w.Audit().Actors(w.alice, w.tenant.ID)
	w.ok(err)
	same(w, actors, []core.AuditActor{{ID: "u1", Name: "Alice", Kind: core.ActorUser}, {ID: "u2", Name: "Bob", Kind: core.ActorUser},
		{ID: "t1", Name: "CI_100%", Kind: core.ActorToken}})
}

// testAuditScope: an entry exists for those who see its tenant, one of the platform for operators only, and for a
// token narrowed to some apps those of these.
func testAuditScope(w *world) {
	marker := core.NewInstanceID()
	mine := w.newApp(w.tenant, "Mine")
	ours := w.entry(0, func(e *core.AuditEntry) { e.Object = marker })
	my := w.entry(1, func(e *core.AuditEntry) { e.Object, e.AppID = marker, mine.ID })
	tenants := w.entry(2, func(e *core.AuditEntry) { e.Object, e.AppID = marker, "" })
	platform := w.entry(3, func(e *core.AuditEntry) { e.Object, e.AppID, e.TenantID = marker, "", "" })
	aimed := w.entry(4, func(e *core.AuditEntry) { e.Object, e.TenantID = marker, "" }) // at our app, by a stranger

	narrowed := core.WithActor(w.Context(), core.Actor{Kind: core.ActorToken, Apps: []string{mine.ID},
		Roles: map[string]core.Role{w.tenant.ID: core.RoleAdmin}})
	operator := core.WithActor(w.Context(), core.Actor{Kind: core.ActorUser, Operator: true})
	all := core.AuditFilter{Search: marker}
	same(w, w.audit(w.alice, all), []core.AuditEntry{ours, my, tenants})
	same(w, w.audit(w.bob, all), nil)
	same(w, w.audit(w.nobody, all), nil)
	same(w, w.audit(narrowed, all), []core.AuditEntry{my})
	for _, ctx := range []context.Context{operator, w.system} {
		same(w, w.audit(ctx, all), []core.AuditEntry{ours, my, tenants, platform, aimed})
		same(w, w.audit(ctx, core.AuditFilter{Search: marker, Platform: true}), []core.AuditEntry{platform, aimed})
	}
	for _, ctx := range []context.Context{w.alice, w.bob, w.nobody, narrowed} {
		same(w, w.audit(ctx, core.AuditFilter{Search: marker, Platform: true}), nil)
		empty(w)(w.Audit().Actors(ctx, ""))
	}
	empty(w)(w.Audit().Actors(w.bob, w.tenant.ID))
}

// testAuditPages: pages are whole and without a gap, also where what is looked for lies far apart.
func testAuditPages(w *world) {
	const many = 25_000 // more than one call looks at
	const batch = 500   // a slow machine does not write all of it within the patience of one transaction
	for first := 0; first < many; first += batch {
		w.ok(w.Transact(w.system, func(tx core.Store) error {
			for i := first; i < first+batch; i++ {
				e := core.AuditEntry{ID: fmt.Sprintf("1%025d", i), TenantID: w.tenant.ID, Action: "app.stop", Outcome: core.AuditDone}
				if i == 10 {
					e.Object = "needle"
				}
				if err := tx.Audit().Append(w.system, e); err != nil {
					return err
				}
			}
			return nil
		}))
	}
	f := core.AuditFilter{TenantID: w.tenant.ID, Limit: 1000}
	seen := 0
	for calls := 0; ; calls++ {
		entries, next, err := w.Audit().List(w.alice, f)
		w.ok(err)
		for i, e := range entries {
			if want := fmt.Sprintf("1%025d", many-1-seen-i); e.ID != want {
				w.Fatalf("got %s, want %s", e.ID, want)
			}
		}
		if seen += len(entries); next == "" {
			break
		}
		f.Cursor = next
	}
	same(w, seen, many)

	f = core.AuditFilter{TenantID: w.tenant.ID, Search: "needle"}
	none, next, err := w.Audit().List(w.alice, f)
	w.ok(err)
	same(w, len(none), 0)
	if next == "" {
		w.Fatal("it gave up")
	}
	f.Cursor = next
	same(w, len(w.audit(w.alice, f)), 1)
}

func testAuditPrune(w *world) {
	at := func(minutes int) time.Time {
		return time.Date(2001, 1, 1, 0, minutes, 0, 0, time.UTC)
	}
	var ids []string
	for i := range 7 {
		e := w.entry(0, func(e *core.AuditEntry) { e.CreatedAt, e.ID = at(i), core.NewIDAt(at(i)) })
		ids = append(ids, e.ID)
	}
	check(w, 2)(w.Audit().Prune(w.system, at(5), 2))
	check(w, 3)(w.Audit().Prune(w.system, at(5), 100))
	check(w, 0)(w.Audit().Prune(w.system, at(5), 100))
	var left []string
	for _, e := range w.audit(w.alice, core.AuditFilter{TenantID: w.tenant.ID}) {
		left = append(left, e.ID)
	}
	same(w, left, ids[5:])
}

// testAuditInTransact: an entry goes with what it says.
func testAuditInTransact(w *world) {
	refused := core.Errorf(core.ECONFLICT, "error.taken")
	err := w.Transact(w.system, func(tx core.Store) error {
		e := core.AuditEntry{ID: core.NewID(), TenantID: w.tenant.ID, Action: "app.stop", Object: strings.Repeat("长", 255)}
		if err := tx.Audit().Append(w.system, e); err != nil {
			return err
		}
		return refused
	})
	w.fails(err, core.ECONFLICT)
	same(w, w.audit(w.alice, core.AuditFilter{TenantID: w.tenant.ID}), nil)
}

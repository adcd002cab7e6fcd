package service

import (
	"testing"
	"time"

	"berth/core"
)

// What happened long ago is forgotten once a day; of what is recent, an app keeps the newest.
func TestHistoryIsPruned(t *testing.T) {
	w := newWorld(t)
	ctx := asSystem(t.Context())
	app := core.App{ID: "shop", TenantID: "acme", Name: "Shop"}
	ok := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	ok(w.store.Tenants().Create(ctx, core.Tenant{ID: "acme", Name: "Acme"}))
	ok(w.store.Apps().Create(ctx, app))
	add := func(n int, age time.Duration) {
		t.Helper()
		ok(w.store.Transact(ctx, func(tx core.Store) error {
			for range n {
				e := core.NewEvent(app, core.LevelInfo, "crashed")
				e.ID = core.NewIDAt(w.clock.now().Add(-age))
				if err := tx.Events().Create(ctx, e); err != nil {
					return err
				}
			}
			return nil
		}))
	}
	add(historyBatch, historyKept+time.Hour)
	add(3, historyKept+time.Minute)
	add(5, time.Minute)
	count := func() int {
		t.Helper()
		n, before := 0, ""
		for {
			page, err := w.store.Events().List(ctx, core.EventFilter{AppID: "shop", Before: before, Limit: 100})
			ok(err)
			if len(page) == 0 {
				return n
			}
			n, before = n+len(page), page[len(page)-1].ID
		}
	}
	ok(w.pruneHistory(ctx, w.clock.now()))
	if n := count(); n != 5 {
		t.Errorf("%d events are left", n)
	}
	for range historyMost / 100 {
		add(100, time.Hour)
	}
	ok(w.pruneHistory(ctx, w.clock.now()))
	if n := count(); n != historyMost+5 {
		t.Errorf("%d events are left on the same day", n)
	}
	ok(w.pruneHistory(ctx, w.clock.now().Add(25*time.Hour)))
	if n := count(); n != historyMost {
		t.Errorf("%d events are left on the next day", n)
	}
}

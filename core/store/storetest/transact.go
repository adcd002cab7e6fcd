package storetest

import (
	"errors"

	"berth/core"
)

func testTransact(w *world) {
	a := core.App{ID: "x" + core.NewInstanceID(), TenantID: w.tenant.ID, Name: "Twice"}
	broken := errors.New("broken")
	err := w.Transact(w.alice, func(tx core.Store) error {
		w.ok(tx.Apps().Create(w.alice, a))
		_, err := tx.Apps().Get(w.alice, a.ID) // sees what it wrote
		w.ok(err)
		_, err = tx.Hosts().TakePort(w.alice, w.host.ID, a.ID)
		w.ok(err)
		_, err = tx.Releases().Create(w.alice, core.Release{AppID: a.ID, TenantID: a.TenantID})
		w.ok(err)
		return broken
	})
	if !errors.Is(err, broken) {
		w.Fatalf("got %v, want the function's own error", err)
	}
	_, err = w.Apps().Get(w.alice, a.ID)
	w.fails(err, core.ENOTFOUND)
	empty(w)(w.Hosts().Ports(w.system, w.host.ID))

	w.ok(w.Transact(w.alice, func(tx core.Store) error {
		w.ok(tx.Apps().Create(w.alice, a))
		w.fails(tx.Apps().Create(w.alice, a), core.ECONFLICT, "name") // and goes on
		_, err := tx.Apps().Get(w.bob, a.ID)
		w.fails(err, core.ENOTFOUND)
		return nil
	}))
	_, err = w.Apps().Get(w.alice, a.ID)
	w.ok(err)

	err = w.Transact(w.alice, func(core.Store) error { return core.Errorf(core.EFORBIDDEN, "error.forbidden") })
	w.fails(err, core.EFORBIDDEN)
}

// testTransactNested: the inner one is undone by itself, and with the outer one.
func testTransactNested(w *world) {
	first := core.App{ID: "x" + core.NewInstanceID(), TenantID: w.tenant.ID, Name: "Outer"}
	second := core.App{ID: "x" + core.NewInstanceID(), TenantID: w.tenant.ID, Name: "Inner"}
	broken := errors.New("broken")
	create := func(a core.App, err error) func(core.Store) error {
		return func(tx core.Store) error {
			w.ok(tx.Apps().Create(w.alice, a))
			return err
		}
	}
	w.ok(w.Transact(w.alice, func(tx core.Store) error {
		w.ok(create(first, nil)(tx))
		if err := tx.Transact(w.alice, create(second, broken)); !errors.Is(err, broken) {
			w.Fatalf("got %v", err)
		}
		return nil
	}))
	_, err := w.Apps().Get(w.alice, first.ID)
	w.ok(err)
	_, err = w.Apps().Get(w.alice, second.ID)
	w.fails(err, core.ENOTFOUND)

	err = w.Transact(w.alice, func(tx core.Store) error {
		w.ok(tx.Transact(w.alice, create(second, nil)))
		return broken
	})
	if !errors.Is(err, broken) {
		w.Fatalf("got %v", err)
	}
	_, err = w.Apps().Get(w.alice, second.ID)
	w.fails(err, core.ENOTFOUND)
}

// testTransactPanic: a panic leaves nothing behind, least of all a lock.
func testTransactPanic(w *world) {
	a := core.App{ID: "x" + core.NewInstanceID(), TenantID: w.tenant.ID, Name: "Panic"}
	func() {
		defer func() {
			if recover() == nil {
				w.Fatal("the panic was swallowed")
			}
		}()
		w.Transact(w.alice, func(tx core.Store) error {
			w.ok(tx.Apps().Create(w.alice, a))
			panic("oh")
		})
	}()
	w.ok(w.Apps().Create(w.alice, a))
}

package reconcile

import (
	"fmt"
	"testing"

	"berth/core"
)

// uses waits until a tenant uses what it is to.
func (f *fixture) uses(want core.Amounts) {
	f.Helper()
	f.eventually(func() error {
		sum, err := f.store.Usage().Sum(f.ctx, "acme")
		if off := sum.Minus(want); err == nil && len(off) > 0 {
			err = fmt.Errorf("used are %v, want %v", sum, want)
		}
		return err
	})
}

// charge does what core/service does at the end of a transaction.
func (f *fixture) charge(app core.App) {
	f.Helper()
	use, err := core.MeasureApp(f.ctx, f.store, nil, app)
	f.must(err)
	_, err = f.store.Usage().Set(f.ctx, app.TenantID, app.ID, use.Amounts(), nil)
	f.must(err)
}

func running(n int64) core.Amounts {
	return core.Amounts{core.ResourceApps: 1, core.ResourceMemory: n * int64(64*core.MiB), core.ResourceCPU: n * 1000,
		core.ResourceInstances: n}
}

// TestWhatGoesIsGivenBack: what was taken for a release and its switch is given back when the old one is gone, when
// fewer are wanted, when the app is stopped and when it is deleted, by the worker alone.
func TestWhatGoesIsGivenBack(t *testing.T) {
	f := newFixture(t)
	f.charge(f.app())
	for n, label := range []string{"1.0", "2.0"} {
		f.release(label, nil)
		f.charge(f.app()) // for the second: beside the first
		if n == 0 {
			f.uses(running(1))
			f.run()
		}
		f.settled(1)
	}
	f.eventually(func() error {
		if got := f.app().Serving; got != 2 {
			return fmt.Errorf("release %d serves", got)
		}
		return nil
	})
	f.uses(running(1))
	f.ended(f.release("2.0", func(s *core.ReleaseSpec) { s.Replicas = 3 }))
	f.uses(running(3))
	f.ended(f.release("2.0", nil))
	f.uses(running(1))
	f.must(f.change(f.store, func(a *core.App) { a.Stopped = true }))
	f.loop.Wake("shop")
	f.uses(core.Amounts{core.ResourceApps: 1})
	f.must(f.change(f.store, func(a *core.App) { a.Deleting = true }))
	f.loop.Wake("shop")
	f.uses(nil)
}

// TestDriftIsRepairedAndReported: whatever the counts are, they become those of what there is.
func TestDriftIsRepairedAndReported(t *testing.T) {
	f := newFixture(t)
	for _, holder := range []string{"gone", "upload:gone"} {
		_, err := f.store.Usage().Set(f.ctx, "acme", holder, core.Amounts{core.ResourceImages: 5}, nil)
		f.must(err)
	}
	f.run() // and the app is there, which nobody has counted
	f.uses(core.Amounts{core.ResourceApps: 1})
	f.eventually(func() error {
		entries, _, err := f.store.Audit().List(f.ctx, core.AuditFilter{Platform: true, Action: "quota.drift"})
		if n := f.loop.Drift(); err == nil && (len(entries) != 2 || n != 2) {
			err = fmt.Errorf("%d entries, %d counted", len(entries), n)
		}
		return err
	})
}

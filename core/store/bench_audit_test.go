package store_test

import (
	"slices"
	"testing"
	"time"

	"berth/core"
	"berth/core/store"
)

// BenchmarkAudit changes an app in a transaction without and with an audit entry, in turn, and tells by how much the
// medians differ.
func BenchmarkAudit(b *testing.B) {
	s := open(b, store.Options{Driver: "sqlite", Dir: b.TempDir(), Key: key[:]})
	ctx := system(b)
	ok(b, s.Tenants().Create(ctx, core.Tenant{ID: "acme", Name: "Acme"}))
	app := core.App{ID: "shop", TenantID: "acme", Name: "Shop", CreatedAt: time.Now()}
	ok(b, s.Apps().Create(ctx, app))
	var took [2][]time.Duration
	change := func(audited int) {
		begun := time.Now()
		ok(b, s.Transact(ctx, func(tx core.Store) error {
			if err := tx.Apps().UpdateStatus(ctx, app); err != nil || audited == 0 {
				return err
			}
			return tx.Audit().Append(ctx, core.AuditEntry{ID: core.NewID(), TenantID: "acme", AppID: "shop", Action: "app.rename",
				Outcome: core.AuditDone, Before: map[string]string{"name": "Shop"}, After: map[string]string{"name": "Tea shop"}})
		}))
		took[audited] = append(took[audited], time.Since(begun))
	}
	for b.Loop() {
		change(0)
		change(1)
	}
	median := func(all []time.Duration) time.Duration {
		slices.Sort(all)
		return all[len(all)/2]
	}
	b.ReportMetric(float64((median(took[1])-median(took[0])).Microseconds())/1000, "ms-audit")
}

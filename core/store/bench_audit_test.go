package store_test

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"berth/core"
	"berth/core/store"
	"berth/e2e/testenv"
)

// BenchmarkAudit measures what an entry costs a change: the renaming of an app with its event, without and with an
// entry in the same transaction, in turn on the same database. The difference is the median of the pairs'.
func BenchmarkAudit(b *testing.B) {
	for name, options := range map[string]func(b *testing.B) store.Options{
		"sqlite": func(b *testing.B) store.Options {
			return store.Options{Driver: "sqlite", Dir: b.TempDir(), Key: key[:]}
		},
		"mysql": func(b *testing.B) store.Options {
			return store.Options{Driver: "mysql", DSN: testenv.StartMariaDB(b).DSN("berth"), Key: key[:]}
		},
	} {
		b.Run(name, func(b *testing.B) {
			s := open(b, options(b))
			ctx := core.WithActor(b.Context(), core.System())
			ok(b, s.Tenants().Create(ctx, core.Tenant{ID: "tea", Name: "Tea"}))
			ok(b, s.Apps().Create(ctx, core.App{ID: "shop", TenantID: "tea", Name: "Shop", State: core.AppNew}))
			var without, with, more []time.Duration
			for b.Loop() {
				for range 200 {
					x, y := rename(b, ctx, s, false), rename(b, ctx, s, true)
					without, with, more = append(without, x), append(with, y), append(more, y-x)
				}
			}
			b.ReportMetric(median(without), "ms-without")
			b.ReportMetric(median(with), "ms-with")
			b.ReportMetric(median(more), "ms-more")
		})
	}
}

func median(times []time.Duration) float64 {
	slices.Sort(times)
	return float64(times[len(times)/2].Microseconds()) / 1000
}

func rename(b *testing.B, ctx context.Context, s core.Store, audited bool) time.Duration {
	b.Helper()
	begin := time.Now()
	ok(b, s.Transact(ctx, func(tx core.Store) error {
		app, err := tx.Apps().Get(ctx, "shop")
		if err != nil {
			return err
		}
		app.Name = "Shop " + core.NewInstanceID()
		if err := tx.Apps().UpdateSpec(ctx, app); err != nil {
			return err
		}
		if audited {
			at := time.Now()
			err := tx.Audit().Append(ctx, core.AuditEntry{ID: core.NewIDAt(at), CreatedAt: at, TenantID: "tea", AppID: "shop",
				Action: "app.rename", ActorKind: core.ActorUser, ActorID: core.NewID(), UserID: core.NewID(), ActorName: "Operator",
				Peer: "192.0.2.1", Agent: "Mozilla/5.0 (X11; Linux x86_64)", Before: map[string]string{"name": "Shop"},
				After: map[string]string{"name": app.Name}, Outcome: core.AuditDone})
			if err != nil {
				return err
			}
		}
		return tx.Events().Create(ctx, core.NewEvent(app, core.LevelInfo, "app_renamed", "from", "Shop", "to", app.Name))
	}))
	return time.Since(begin)
}

// BenchmarkAuditPage reads the audit of a tenant that has 900,000 of a million entries: a page, pages that look for
// what is rare or is not there, of an app, and whose names there are to choose from.
func BenchmarkAuditPage(b *testing.B) {
	for name, start := range map[string]func(b *testing.B) (store.Options, *sql.DB){"sqlite": sqliteToFill, "mysql": mysqlToFill} {
		b.Run(name, func(b *testing.B) {
			o, db := start(b)
			s := open(b, o)
			fillAudit(b, db)
			ctx := core.WithActor(b.Context(), core.Actor{Kind: core.ActorUser, Roles: map[string]core.Role{"tea": core.RoleAdmin}})
			for what, f := range map[string]core.AuditFilter{
				"first": {}, "app": {AppID: "app-7"}, "nothing": {Search: "not there"}, "refused": {Outcome: core.AuditRefused},
				"deep": {Cursor: auditID(100_000)}, "range": {From: auditStart.Add(time.Hour), To: auditStart.Add(2 * time.Hour)},
			} {
				f.TenantID = "tea"
				b.Run(what, func(b *testing.B) {
					for b.Loop() {
						_, _, err := s.Audit().List(ctx, f)
						ok(b, err)
					}
				})
			}
			b.Run("actors", func(b *testing.B) {
				for b.Loop() {
					_, err := s.Audit().Actors(ctx, "tea")
					ok(b, err)
				}
			})
		})
	}
}

func sqliteToFill(b *testing.B) (store.Options, *sql.DB) {
	o := store.Options{Driver: "sqlite", Dir: b.TempDir(), Key: key[:]}
	return o, rawDB(b, "sqlite", filepath.Join(o.Dir, "berth.db"))
}

func mysqlToFill(b *testing.B) (store.Options, *sql.DB) {
	o := store.Options{Driver: "mysql", DSN: testenv.StartMariaDB(b).DSN("berth"), Key: key[:]}
	return o, rawDB(b, "mysql", o.DSN)
}

func rawDB(b *testing.B, driver, dsn string) *sql.DB {
	db, err := sql.Open(driver, dsn)
	ok(b, err)
	b.Cleanup(func() { db.Close() })
	return db
}

var auditStart = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// auditID is the id of the nth entry: one a second.
func auditID(n int) string { return core.LeastID(auditStart.Add(time.Duration(n) * time.Second)) }

func fillAudit(b *testing.B, db *sql.DB) {
	b.Helper()
	tx, err := db.Begin()
	ok(b, err)
	insert, err := tx.Prepare(`INSERT INTO audit (id, created_at, tenant_id, app_id, action, object, actor_kind, actor_id, user_id, actor_name,
		peer, agent, old_values, new_values, outcome, reason) VALUES ` + strings.TrimSuffix(strings.Repeat(`(?, ?, ?, ?, 'app.rename', '', 'user', ?, ?, ?, '192.0.2.1',
		'Mozilla/5.0 (X11; Linux x86_64)', '{"name":"Shop"}', '{"name":"Tea shop"}', ?, '{"key":""}'),`, auditRows), ","))
	ok(b, err)
	for n := 0; n < 1_000_000; n += auditRows {
		var values []any
		for i := n; i < n+auditRows; i++ {
			tenant, outcome, person := "tea", "done", fmt.Sprint("person-", i%20)
			if i%10 == 0 {
				tenant = "coffee"
			}
			if i%1000 == 1 {
				outcome = "refused"
			}
			values = append(values, auditID(i), auditStart.Add(time.Duration(i)*time.Second), tenant, fmt.Sprint("app-", i%300), person, person, person, outcome)
		}
		_, err := insert.Exec(values...)
		ok(b, err)
	}
	ok(b, tx.Commit())
}

const auditRows = 500

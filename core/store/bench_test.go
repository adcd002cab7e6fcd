package store_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"berth/core"
	"berth/core/store"
	"berth/e2e/testenv"
)

// BenchmarkAppsPage reads what the home page shows of a tenant with 1,000 apps, each with two instances and 20
// events, beside two other tenants of that size: the first page, and all pages one after the other.
func BenchmarkAppsPage(b *testing.B) {
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
			var tenants []string
			for range 3 {
				tenants = append(tenants, fill(b, s))
			}
			member := core.WithActor(b.Context(), core.Actor{Kind: core.ActorUser,
				Roles: map[string]core.Role{tenants[1]: core.RoleViewer}})
			b.Run("first", func(b *testing.B) {
				for b.Loop() {
					page(b, member, s, core.AppFilter{})
				}
			})
			b.Run("search", func(b *testing.B) {
				for b.Loop() {
					page(b, member, s, core.AppFilter{Search: "p 99"})
				}
			})
			b.Run("all", func(b *testing.B) {
				for b.Loop() {
					cursor := page(b, member, s, core.AppFilter{})
					for cursor != "" {
						cursor = page(b, member, s, core.AppFilter{Cursor: cursor})
					}
				}
			})
		})
	}
}

// page is one page: its apps, and one query each for what stands beside them.
func page(b *testing.B, ctx context.Context, s core.Store, f core.AppFilter) (next string) {
	b.Helper()
	apps, next, err := s.Apps().List(ctx, f)
	ok(b, err)
	ids := make([]string, len(apps))
	for i, a := range apps {
		ids[i] = a.ID
	}
	counts, err := s.Instances().Counts(ctx, ids)
	ok(b, err)
	latest, err := s.Events().Latest(ctx, ids)
	ok(b, err)
	if len(apps) == 0 || len(counts) != len(apps) || len(latest) != len(apps) {
		b.Fatalf("%d apps, %d counts, %d events", len(apps), len(counts), len(latest))
	}
	return next
}

// fill makes a tenant of 1,000 apps.
func fill(b *testing.B, s core.Store) (tenantID string) {
	b.Helper()
	ctx := system(b)
	tenantID = "t" + core.NewInstanceID()
	ok(b, s.Tenants().Create(ctx, core.Tenant{ID: tenantID, Name: "Acme"}))
	host := core.Host{ID: tenantID, PortFrom: 1, PortTo: 2000}
	ok(b, s.Hosts().Put(ctx, host))
	for batch := range 10 {
		ok(b, s.Transact(ctx, func(tx core.Store) error {
			for i := batch * 100; i < batch*100+100; i++ {
				if err := fillApp(ctx, tx, tenantID, i); err != nil {
					return err
				}
			}
			return nil
		}))
	}
	return tenantID
}

func fillApp(ctx context.Context, tx core.Store, tenantID string, i int) error {
	a := core.App{ID: fmt.Sprintf("%s-%d", tenantID, i), TenantID: tenantID, Name: fmt.Sprintf("App %d", i),
		CreatedAt: time.Now()}
	if err := tx.Apps().Create(ctx, a); err != nil {
		return err
	}
	for port := range 2 {
		err := tx.Instances().Create(ctx, core.Instance{ID: core.NewInstanceID(), AppID: a.ID, TenantID: tenantID,
			HostID: tenantID, HostPort: 2*i + port + 1, State: core.InstanceReady})
		if err != nil {
			return err
		}
	}
	for range 20 {
		if err := tx.Events().Create(ctx, core.NewEvent(a, core.LevelInfo, "deployed")); err != nil {
			return err
		}
	}
	return nil
}

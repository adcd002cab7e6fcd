package store

import (
	"context"

	"gorm.io/gorm"

	"berth/core"
)

// scope narrows a query to the rows that exist for the actor in ctx: those of its tenants and, for a token narrowed
// to some apps, of these. tenant and app name the columns; app is "" for what belongs to no app.
func scope(ctx context.Context, tenant, app string) func(*gorm.DB) *gorm.DB {
	a := core.ActorFrom(ctx)
	return func(db *gorm.DB) *gorm.DB {
		if !a.AllTenants() {
			db = db.Where(tenant+" IN ?", a.TenantIDs()) // of none, no row
		}
		if a.Apps != nil && app != "" {
			db = db.Where(app+" IN ?", a.Apps)
		}
		return db
	}
}

// ofApp is the scope of what belongs to an app.
func ofApp(ctx context.Context) func(*gorm.DB) *gorm.DB { return scope(ctx, "tenant_id", "app_id") }

// admit refuses a new row where the actor in ctx sees nothing. That the app is the tenant's is for the schema.
func admit(ctx context.Context, tenantID, appID string) error {
	if a := core.ActorFrom(ctx); !a.SeesTenant(tenantID) || !a.SeesApp(appID) {
		return core.NotFound()
	}
	return nil
}

// found words a write that met no row.
func found(db *gorm.DB) error {
	if db.Error == nil && db.RowsAffected == 0 {
		return core.NotFound()
	}
	return db.Error
}

// atMost bounds the length of a list: otherwise when nothing sensible is asked for, never more than 100.
func atMost(limit, otherwise int) int {
	if limit < 1 {
		return otherwise
	}
	return min(limit, 100)
}

// each turns rows into nouns.
func each[R, N any](rows []R, noun func(R) N) []N {
	nouns := make([]N, len(rows))
	for i, r := range rows {
		nouns[i] = noun(r)
	}
	return nouns
}

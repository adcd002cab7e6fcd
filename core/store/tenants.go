package store

import (
	"context"
	"time"

	"gorm.io/gorm"

	"berth/core"
)

type tenantRow struct {
	ID        string
	Name      string
	SortName  string
	Plan      string
	Quota     core.Amounts `gorm:"serializer:json"`
	CreatedAt moment

	AskConsent bool
	Deleting   bool
}

func (tenantRow) TableName() string { return "tenants" }

func newTenantRow(t core.Tenant) tenantRow {
	return tenantRow{ID: t.ID, Name: t.Name, SortName: sortName(t.Name), Plan: t.Plan, Quota: t.Quota,
		CreatedAt: moment(t.CreatedAt), AskConsent: t.AskConsent, Deleting: t.Deleting}
}

func (r tenantRow) tenant() core.Tenant {
	return core.Tenant{ID: r.ID, Name: r.Name, Plan: r.Plan, Quota: r.Quota, CreatedAt: time.Time(r.CreatedAt),
		AskConsent: r.AskConsent, Deleting: r.Deleting}
}

type tenants struct{ *Store }

// Create is not scoped: a new tenant is nobody's yet.
func (s tenants) Create(ctx context.Context, t core.Tenant) error {
	row := newTenantRow(t)
	err := s.transact(ctx, func(tx *Store) error {
		return tx.write(ctx, func(db *gorm.DB) error {
			var former int64
			err := db.Model(&operationRow{}).Where("tenant_id = ? AND kind = ?", t.ID, core.OpDeleteTenant).Count(&former).Error
			if err == nil && former > 0 {
				err = core.Errorf(core.ECONFLICT, "error.exists")
			}
			if err != nil {
				return err
			}
			return db.Create(&row).Error
		})
	})
	return taken(err, "name", "error.tenant_taken", "name", t.ID)
}

func (s tenants) Get(ctx context.Context, id string) (core.Tenant, error) {
	var row tenantRow
	err := s.read(ctx, func(db *gorm.DB) error {
		return db.Scopes(scope(ctx, "id", "")).Take(&row, "id = ?", id).Error
	})
	return row.tenant(), err
}

func (s tenants) Update(ctx context.Context, t core.Tenant) error {
	return s.write(ctx, func(db *gorm.DB) error {
		return found(db.Model(&tenantRow{}).Scopes(scope(ctx, "id", "")).Where("id = ?", t.ID).
			Select("name", "sort_name", "plan", "quota", "ask_consent", "deleting").Updates(newTenantRow(t)))
	})
}

func (s tenants) List(ctx context.Context, f core.TenantFilter) ([]core.Tenant, string, error) {
	after, err := parseNameCursor(f.Cursor)
	if err != nil {
		return nil, "", err
	}
	limit := atMost(f.Limit, 100)
	var rows []tenantRow
	err = s.read(ctx, func(db *gorm.DB) error {
		return db.Scopes(scope(ctx, "id", ""), after.narrow, named(f.Search, "sort_name", "id")).
			Order("sort_name, id").Limit(limit + 1).Find(&rows).Error
	})
	next := ""
	if len(rows) > limit {
		rows = rows[:limit]
		next = nameCursor{rows[limit-1].SortName, rows[limit-1].ID}.String()
	}
	return each(rows, tenantRow.tenant), next, err
}

func (s tenants) Own(ctx context.Context) ([]core.Tenant, error) {
	var rows []tenantRow
	err := s.read(ctx, func(db *gorm.DB) error {
		return db.Order("sort_name, id").Find(&rows, "id IN ?", core.ActorFrom(ctx).TenantIDs()).Error
	})
	return each(rows, tenantRow.tenant), err
}

func (s tenants) Counts(ctx context.Context, ids []string) (members, apps map[string]int, err error) {
	if members, err = s.countBy(ctx, &membershipRow{}, ids); err != nil {
		return nil, nil, err
	}
	apps, err = s.countBy(ctx, &appRow{}, ids)
	return members, apps, err
}

func (s tenants) countBy(ctx context.Context, of any, ids []string) (map[string]int, error) {
	var rows []struct {
		TenantID string
		N        int
	}
	err := s.read(ctx, func(db *gorm.DB) error {
		return db.Model(of).Scopes(scope(ctx, "tenant_id", "")).Where("tenant_id IN ?", ids).
			Select("tenant_id, COUNT(*) AS n").Group("tenant_id").Find(&rows).Error
	})
	counts := make(map[string]int, len(rows))
	for _, r := range rows {
		counts[r.TenantID] = r.N
	}
	return counts, err
}

func (s tenants) Estate(ctx context.Context, id string) (core.Estate, error) {
	var e core.Estate
	var apps []appRow
	err := s.read(ctx, func(db *gorm.DB) error {
		return db.Scopes(scope(ctx, "tenant_id", "")).Order("sort_name, id").Find(&apps, "tenant_id = ?", id).Error
	})
	if err != nil {
		return e, err
	}
	e.Apps = each(apps, appRow.app)
	for model, n := range map[any]*int{&versionRow{}: &e.Versions, &membershipRow{}: &e.Members, &tokenRow{}: &e.Tokens} {
		if *n, err = s.countOf(ctx, model, id); err != nil {
			return e, err
		}
	}
	e.Invitations, err = s.countOf(ctx, &invitationRow{}, id, "accepted_at IS NULL AND revoked_at IS NULL")
	return e, err
}

func (s tenants) countOf(ctx context.Context, model any, tenantID string, also ...any) (int, error) {
	var n int64
	err := s.read(ctx, func(db *gorm.DB) error {
		db = db.Model(model).Scopes(scope(ctx, "tenant_id", "")).Where("tenant_id = ?", tenantID)
		if len(also) > 0 {
			db = db.Where(also[0], also[1:]...)
		}
		return db.Count(&n).Error
	})
	return int(n), err
}

func (s tenants) Deleting(ctx context.Context) ([]string, error) {
	ids := []string{}
	err := s.read(ctx, func(db *gorm.DB) error {
		return db.Model(&tenantRow{}).Scopes(scope(ctx, "id", "")).Where("deleting").Order("id").Pluck("id", &ids).Error
	})
	return ids, err
}

// Delete leaves what refers to the tenant to the schema. Apps and uploads have more than rows, so they must be gone.
func (s tenants) Delete(ctx context.Context, id string) error {
	return s.transact(ctx, func(tx *Store) error {
		for _, model := range []any{&appRow{}, &uploadRow{}} {
			if n, err := (tenants{tx}).countOf(ctx, model, id); err != nil || n > 0 {
				return firstError(err, core.Errorf(core.ECONFLICT, "error.tenant_not_empty"))
			}
		}
		return tx.write(ctx, func(db *gorm.DB) error {
			err := db.Scopes(scope(ctx, "tenant_id", "")).
				Delete(&operationRow{}, "tenant_id = ? AND kind <> ?", id, core.OpDeleteTenant).Error
			if err != nil {
				return err
			}
			return found(db.Scopes(scope(ctx, "id", "")).Delete(&tenantRow{}, "id = ?", id))
		})
	})
}

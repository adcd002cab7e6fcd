package store

import (
	"context"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

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

type membershipRow struct {
	TenantID string `gorm:"primaryKey"`
	UserID   string `gorm:"primaryKey"`
	Role     core.Role
}

func (membershipRow) TableName() string { return "memberships" }

func (r membershipRow) membership() core.Membership {
	return core.Membership{TenantID: r.TenantID, UserID: r.UserID, Role: r.Role}
}

type tenants struct{ *Store }

// Create is not scoped: a new tenant is nobody's yet.
func (s tenants) Create(ctx context.Context, t core.Tenant) error {
	row := newTenantRow(t)
	err := s.write(ctx, func(db *gorm.DB) error { return db.Create(&row).Error })
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

func (s tenants) List(ctx context.Context) ([]core.Tenant, error) {
	var rows []tenantRow
	err := s.read(ctx, func(db *gorm.DB) error {
		return db.Scopes(scope(ctx, "id", "")).Order("sort_name, id").Find(&rows).Error
	})
	return each(rows, tenantRow.tenant), err
}

func (s tenants) AddMember(ctx context.Context, m core.Membership) error {
	if err := admit(ctx, m.TenantID, ""); err != nil {
		return err
	}
	row := membershipRow{TenantID: m.TenantID, UserID: m.UserID, Role: m.Role}
	return s.write(ctx, func(db *gorm.DB) error {
		return db.Clauses(clause.OnConflict{
			Columns:   []clause.Column{{Name: "tenant_id"}, {Name: "user_id"}},
			DoUpdates: clause.AssignmentColumns([]string{"role"}),
		}).Create(&row).Error
	})
}

func (s tenants) MembershipsOf(ctx context.Context, userID string) ([]core.Membership, error) {
	return s.memberships(ctx, func(db *gorm.DB) *gorm.DB { return db.Where("user_id = ?", userID) })
}

func (s tenants) Members(ctx context.Context, tenantID string) ([]core.Membership, error) {
	return s.memberships(ctx, scope(ctx, "tenant_id", ""),
		func(db *gorm.DB) *gorm.DB { return db.Where("tenant_id = ?", tenantID) })
}

func (s tenants) memberships(ctx context.Context, narrow ...func(*gorm.DB) *gorm.DB) ([]core.Membership, error) {
	var rows []membershipRow
	err := s.read(ctx, func(db *gorm.DB) error {
		return db.Scopes(narrow...).Order("tenant_id, user_id").Find(&rows).Error
	})
	return each(rows, membershipRow.membership), err
}

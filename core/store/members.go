package store

import (
	"context"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"berth/core"
)

type membershipRow struct {
	TenantID  string `gorm:"primaryKey"`
	UserID    string `gorm:"primaryKey"`
	Role      core.Role
	CreatedAt moment
}

func (membershipRow) TableName() string { return "memberships" }

func (r membershipRow) membership() core.Membership {
	return core.Membership{TenantID: r.TenantID, UserID: r.UserID, Role: r.Role, CreatedAt: time.Time(r.CreatedAt)}
}

// memberRow is a membership joined with the person.
type memberRow struct {
	Membership membershipRow `gorm:"embedded"`
	Name       string
	Email      string
	TwoFactor  bool
}

func (r memberRow) member() core.Member {
	return core.Member{Membership: r.Membership.membership(), Name: r.Name, Email: r.Email, TwoFactor: r.TwoFactor}
}

type members struct{ *Store }

func (s members) Put(ctx context.Context, m core.Membership) error {
	if err := admit(ctx, m.TenantID, ""); err != nil {
		return err
	}
	row := membershipRow{TenantID: m.TenantID, UserID: m.UserID, Role: m.Role, CreatedAt: moment(m.CreatedAt)}
	return s.write(ctx, func(db *gorm.DB) error {
		return db.Clauses(clause.OnConflict{
			Columns:   []clause.Column{{Name: "tenant_id"}, {Name: "user_id"}},
			DoUpdates: clause.AssignmentColumns([]string{"role"}),
		}).Create(&row).Error
	})
}

func (s members) Get(ctx context.Context, tenantID, userID string) (core.Membership, error) {
	var row membershipRow
	err := s.read(ctx, func(db *gorm.DB) error {
		return db.Scopes(scope(ctx, "tenant_id", "")).Take(&row, "tenant_id = ? AND user_id = ?", tenantID, userID).Error
	})
	return row.membership(), err
}

func (s members) Remove(ctx context.Context, tenantID, userID string) error {
	return s.write(ctx, func(db *gorm.DB) error {
		return found(db.Scopes(scope(ctx, "tenant_id", "")).
			Delete(&membershipRow{}, "tenant_id = ? AND user_id = ?", tenantID, userID))
	})
}

func (s members) List(ctx context.Context, tenantID string) ([]core.Member, error) {
	var rows []memberRow
	err := s.read(ctx, func(db *gorm.DB) error {
		return db.Model(&membershipRow{}).Scopes(scope(ctx, "memberships.tenant_id", "")).
			Joins("JOIN users ON users.id = memberships.user_id").
			Joins("LEFT JOIN two_factors ON two_factors.user_id = users.id").Where("memberships.tenant_id = ?", tenantID).
			Select("memberships.*, users.name, users.email, COALESCE(two_factors.active, FALSE) AS two_factor").Order("users.sort_name, users.id").Find(&rows).Error
	})
	return each(rows, memberRow.member), err
}

func (s members) Of(ctx context.Context, userID string) ([]core.Membership, error) {
	var rows []membershipRow
	err := s.read(ctx, func(db *gorm.DB) error {
		return db.Order("tenant_id").Find(&rows, "user_id = ?", userID).Error
	})
	return each(rows, membershipRow.membership), err
}

func (s members) Admins(ctx context.Context, tenantID string) ([]string, error) {
	ids := []string{}
	err := s.read(ctx, func(db *gorm.DB) error {
		return db.Model(&membershipRow{}).Scopes(scope(ctx, "tenant_id", "")).
			Where("tenant_id = ? AND role = ?", tenantID, core.RoleAdmin).Order("user_id").Pluck("user_id", &ids).Error
	})
	return ids, err
}

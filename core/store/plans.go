package store

import (
	"context"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"berth/core"
)

type planRow struct {
	Name      string       `gorm:"primaryKey"`
	Quota     core.Amounts `gorm:"serializer:json"`
	CreatedAt moment
}

func (planRow) TableName() string { return "quota_plans" }

func (r planRow) plan() core.QuotaPlan {
	return core.QuotaPlan{Name: r.Name, Quota: r.Quota, CreatedAt: time.Time(r.CreatedAt)}
}

// plans are not scoped: they belong to no tenant, and core/service says who may change them.
type plans struct{ *Store }

func (s plans) Put(ctx context.Context, p core.QuotaPlan) error {
	row := planRow{Name: p.Name, Quota: p.Quota, CreatedAt: moment(p.CreatedAt)}
	return s.write(ctx, func(db *gorm.DB) error {
		return db.Clauses(clause.OnConflict{Columns: []clause.Column{{Name: "name"}},
			DoUpdates: clause.AssignmentColumns([]string{"quota"})}).Create(&row).Error
	})
}

func (s plans) Get(ctx context.Context, name string) (core.QuotaPlan, error) {
	var row planRow
	err := s.read(ctx, func(db *gorm.DB) error { return db.Take(&row, "name = ?", name).Error })
	return row.plan(), err
}

func (s plans) List(ctx context.Context) ([]core.QuotaPlan, map[string]int, error) {
	var rows []planRow
	var used []struct {
		Plan  string
		Count int
	}
	err := s.read(ctx, func(db *gorm.DB) error { return db.Order("name").Find(&rows).Error })
	if err == nil {
		err = s.read(ctx, func(db *gorm.DB) error {
			return db.Model(&tenantRow{}).Select("plan, COUNT(*) AS count").Group("plan").Scan(&used).Error
		})
	}
	tenants := make(map[string]int, len(used))
	for _, u := range used {
		tenants[u.Plan] = u.Count
	}
	return each(rows, planRow.plan), tenants, err
}

// Delete asks in one transaction whether a tenant has the plan, so that none gets it meanwhile.
func (s plans) Delete(ctx context.Context, name string) error {
	return s.transact(ctx, func(tx *Store) error {
		return tx.write(ctx, func(db *gorm.DB) error {
			var users int64
			if err := db.Model(&tenantRow{}).Where("plan = ?", name).Count(&users).Error; err != nil {
				return err
			}
			if users > 0 {
				return core.Errorf(core.ECONFLICT, "error.plan_used", "name", name)
			}
			return found(db.Delete(&planRow{}, "name = ?", name))
		})
	})
}

package store

import (
	"context"
	"maps"
	"slices"
	"strings"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"berth/core"
)

type sumRow struct {
	TenantID string        `gorm:"primaryKey"`
	Resource core.Resource `gorm:"primaryKey"`
	Amount   int64
	Peak     int64
}

func (sumRow) TableName() string { return "usage_sums" }

type holderRow struct {
	TenantID string        `gorm:"primaryKey"`
	Holder   string        `gorm:"primaryKey"`
	Resource core.Resource `gorm:"primaryKey"`
	Amount   int64
}

func (holderRow) TableName() string { return "usage_holders" }

type usage struct{ *Store }

const uploadPrefix = "upload:"

// admitHolder refuses what the actor does not see. What an upload holds belongs to no app yet.
func admitHolder(ctx context.Context, tenantID, holder string) error {
	a := core.ActorFrom(ctx)
	if !a.SeesTenant(tenantID) || !strings.HasPrefix(holder, uploadPrefix) && !a.SeesApp(holder) {
		return core.NotFound()
	}
	return nil
}

func (s usage) Set(ctx context.Context, tenantID, holder string, amounts, limits core.Amounts) (core.Amounts, error) {
	if err := admitHolder(ctx, tenantID, holder); err != nil {
		return nil, err
	}
	var before core.Amounts
	err := s.transact(ctx, func(tx *Store) (err error) {
		u := usage{tx}
		if err := u.hold(ctx, tenantID); err != nil {
			return err
		}
		if before, err = u.amounts(ctx, tenantID, holder); err != nil {
			return err
		}
		by := amounts.Minus(before)
		for _, r := range slices.Sorted(maps.Keys(by)) {
			if err := u.move(ctx, tenantID, r, by[r], limits); err != nil {
				return err
			}
			if err := u.put(ctx, holderRow{tenantID, holder, r, amounts[r]}); err != nil {
				return err
			}
		}
		return nil
	})
	return before, err
}

// hold has everybody else who changes the tenant's use wait until the transaction ends. It is the first thing asked of
// these tables: reading before would have two readers wait for each other.
func (s usage) hold(ctx context.Context, tenantID string) error {
	return s.write(ctx, func(db *gorm.DB) error {
		return db.Clauses(clause.OnConflict{Columns: []clause.Column{{Name: "tenant_id"}, {Name: "resource"}},
			DoUpdates: clause.Assignments(map[string]any{"amount": gorm.Expr("usage_sums.amount + 1")})}).
			Create(&sumRow{TenantID: tenantID, Amount: 1}).Error
	})
}

// move changes a sum by an amount, unless it would grow past its limit.
func (s usage) move(ctx context.Context, tenantID string, r core.Resource, by int64, limits core.Amounts) error {
	limit, limited := limits[r]
	if by < 0 || !limited {
		limit = core.MaxAmount * 2
	}
	moved, err := s.add(ctx, tenantID, r, by, limit)
	if err != nil || moved {
		return err
	}
	first := false
	err = s.write(ctx, func(db *gorm.DB) error {
		db = db.Clauses(clause.OnConflict{DoNothing: true}).Create(&sumRow{TenantID: tenantID, Resource: r})
		first = db.RowsAffected == 1
		return db.Error
	})
	if err != nil {
		return err
	}
	if first {
		if moved, err = s.add(ctx, tenantID, r, by, limit); err != nil || moved {
			return err
		}
	}
	return s.exceeded(ctx, tenantID, r, by, limit)
}

// add is the one statement that both checks and changes a sum.
func (s usage) add(ctx context.Context, tenantID string, r core.Resource, by, limit int64) (moved bool, err error) {
	err = s.write(ctx, func(db *gorm.DB) error {
		db = db.Exec("UPDATE usage_sums SET peak = CASE WHEN amount + ? > peak THEN amount + ? ELSE peak END, "+
			"amount = amount + ? WHERE tenant_id = ? AND resource = ? AND amount + ? <= ?",
			by, by, by, tenantID, r, by, limit)
		moved = db.RowsAffected == 1
		return db.Error
	})
	return moved, err
}

func (s usage) exceeded(ctx context.Context, tenantID string, r core.Resource, by, limit int64) error {
	sum, err := s.Sum(ctx, tenantID)
	if err != nil {
		return err
	}
	cause := &core.QuotaError{Resource: r, Needs: by, Left: max(0, limit-sum[r]), Limit: limit}
	return &core.Error{Code: core.ECONFLICT, Message: core.T("error.quota"), Err: cause}
}

func (s usage) put(ctx context.Context, row holderRow) error {
	return s.write(ctx, func(db *gorm.DB) error {
		if row.Amount == 0 {
			return db.Delete(&holderRow{}, "tenant_id = ? AND holder = ? AND resource = ?", row.TenantID, row.Holder, row.Resource).Error
		}
		return db.Clauses(clause.OnConflict{
			Columns:   []clause.Column{{Name: "tenant_id"}, {Name: "holder"}, {Name: "resource"}},
			DoUpdates: clause.AssignmentColumns([]string{"amount"}),
		}).Create(&row).Error
	})
}

func (s usage) Sum(ctx context.Context, tenantID string) (core.Amounts, error) {
	var rows []sumRow
	err := s.read(ctx, func(db *gorm.DB) error {
		return db.Scopes(scope(ctx, "tenant_id", "")).Find(&rows, "tenant_id = ? AND resource <> '' AND amount <> 0", tenantID).Error
	})
	sum := make(core.Amounts, len(rows))
	for _, r := range rows {
		sum[r.Resource] = r.Amount
	}
	return sum, err
}

func (s usage) Of(ctx context.Context, tenantID, holder string) (core.Amounts, error) {
	if err := admitHolder(ctx, tenantID, holder); err != nil {
		return nil, err
	}
	return s.amounts(ctx, tenantID, holder)
}

func (s usage) amounts(ctx context.Context, tenantID, holder string) (core.Amounts, error) {
	var rows []holderRow
	err := s.read(ctx, func(db *gorm.DB) error {
		return db.Find(&rows, "tenant_id = ? AND holder = ?", tenantID, holder).Error
	})
	return byHolder(rows)[holder], err
}

// Holders of a token narrowed to some apps are these.
func (s usage) Holders(ctx context.Context, tenantID string) (map[string]core.Amounts, error) {
	var rows []holderRow
	err := s.read(ctx, func(db *gorm.DB) error {
		return db.Scopes(scope(ctx, "tenant_id", "holder")).Find(&rows, "tenant_id = ?", tenantID).Error
	})
	return byHolder(rows), err
}

func byHolder(rows []holderRow) map[string]core.Amounts {
	holders := map[string]core.Amounts{}
	for _, r := range rows {
		if holders[r.Holder] == nil {
			holders[r.Holder] = core.Amounts{}
		}
		holders[r.Holder][r.Resource] = r.Amount
	}
	return holders
}

// giveBack sets what an app and the uploads for it hold to nothing.
func (s usage) giveBack(ctx context.Context, appID string) error {
	app, err := s.Apps().Get(ctx, appID)
	if err != nil {
		return err
	}
	holders := []string{}
	err = s.read(ctx, func(db *gorm.DB) error {
		return db.Model(&uploadRow{}).Where("app_id = ?", appID).Pluck("id", &holders).Error
	})
	for i, id := range holders {
		holders[i] = core.UploadHolder(id)
	}
	for _, holder := range append(holders, appID) {
		if err == nil {
			_, err = s.Set(ctx, app.TenantID, holder, nil, nil)
		}
	}
	return err
}

package store

import (
	"context"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"berth/core"
)

type twoFactorRow struct {
	UserID    string `gorm:"primaryKey"`
	Sealed    []byte
	Active    bool
	LastStep  int64
	CreatedAt moment
}

func (twoFactorRow) TableName() string { return "two_factors" }

type recoveryCodeRow struct {
	UserID string `gorm:"primaryKey"`
	Hash   string `gorm:"primaryKey"`
}

func (recoveryCodeRow) TableName() string { return "recovery_codes" }

func twoFactorSealName(userID string) string { return "two_factors/" + userID }

// TwoFactors implements core.Store.
func (s *Store) TwoFactors() core.TwoFactorStore { return twoFactors{s} }

// twoFactors is not scoped: see core.TwoFactorStore.
type twoFactors struct{ *Store }

func (s twoFactors) Get(ctx context.Context, userID string) (core.TwoFactor, error) {
	var row twoFactorRow
	err := s.read(ctx, func(db *gorm.DB) error { return db.Take(&row, "user_id = ?", userID).Error })
	if err != nil {
		return core.TwoFactor{}, err
	}
	t := core.TwoFactor{UserID: row.UserID, On: row.Active, CreatedAt: time.Time(row.CreatedAt)}
	return t, s.seal.open(twoFactorSealName(userID), row.Sealed, &t.Secret)
}

func (s twoFactors) Put(ctx context.Context, t core.TwoFactor) error {
	sealed, err := s.seal.seal(twoFactorSealName(t.UserID), t.Secret)
	if err != nil {
		return err
	}
	row := twoFactorRow{UserID: t.UserID, Sealed: sealed, Active: t.On, CreatedAt: moment(t.CreatedAt)}
	return s.transact(ctx, func(tx *Store) error {
		if err := tx.TwoFactors().PutCodes(ctx, t.UserID, nil); err != nil {
			return err
		}
		return tx.write(ctx, func(db *gorm.DB) error {
			return db.Clauses(clause.OnConflict{Columns: []clause.Column{{Name: "user_id"}},
				DoUpdates: clause.AssignmentColumns([]string{"sealed", "active", "last_step", "created_at"})}).Create(&row).Error
		})
	})
}

func (s twoFactors) Use(ctx context.Context, userID string, step int64) error {
	return spent(s.write(ctx, func(db *gorm.DB) error {
		return found(db.Model(&twoFactorRow{}).Where("user_id = ? AND last_step < ?", userID, step).
			Select("active", "last_step").Updates(twoFactorRow{Active: true, LastStep: step}))
	}))
}

func (s twoFactors) Delete(ctx context.Context, userID string) error {
	return s.transact(ctx, func(tx *Store) error {
		if err := tx.TwoFactors().PutCodes(ctx, userID, nil); err != nil {
			return err
		}
		return tx.write(ctx, func(db *gorm.DB) error { return db.Delete(&twoFactorRow{}, "user_id = ?", userID).Error })
	})
}

func (s twoFactors) PutCodes(ctx context.Context, userID string, hashes []string) error {
	rows := each(hashes, func(hash string) recoveryCodeRow { return recoveryCodeRow{UserID: userID, Hash: hash} })
	return s.transact(ctx, func(tx *Store) error {
		return tx.write(ctx, func(db *gorm.DB) error {
			if err := db.Delete(&recoveryCodeRow{}, "user_id = ?", userID).Error; err != nil || len(rows) == 0 {
				return err
			}
			return db.Create(&rows).Error
		})
	})
}

func (s twoFactors) TakeCode(ctx context.Context, userID, hash string) error {
	return spent(s.write(ctx, func(db *gorm.DB) error {
		return found(db.Delete(&recoveryCodeRow{}, "user_id = ? AND hash = ?", userID, hash))
	}))
}

func (s twoFactors) CountCodes(ctx context.Context, userID string) (int, error) {
	var n int64
	err := s.read(ctx, func(db *gorm.DB) error {
		return db.Model(&recoveryCodeRow{}).Where("user_id = ?", userID).Count(&n).Error
	})
	return int(n), err
}

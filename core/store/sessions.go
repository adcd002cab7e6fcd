package store

import (
	"context"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"
)

type sessionRow struct {
	TokenHash string `gorm:"primaryKey"`
	UserID    string
	Data      []byte
	ExpiresAt moment
}

func (sessionRow) TableName() string { return "sessions" }

type sessions struct{ *Store }

func (s sessions) Find(ctx context.Context, tokenHash string) (data []byte, ok bool, err error) {
	var rows []sessionRow
	err = s.read(ctx, func(db *gorm.DB) error {
		return db.Limit(1).Find(&rows, "token_hash = ? AND expires_at > ?", tokenHash, moment(time.Now())).Error
	})
	if err != nil || len(rows) == 0 {
		return nil, false, err
	}
	return rows[0].Data, true, nil
}

func (s sessions) Save(ctx context.Context, tokenHash, userID string, data []byte, expires time.Time) error {
	row := sessionRow{TokenHash: tokenHash, UserID: userID, Data: data, ExpiresAt: moment(expires)}
	return s.write(ctx, func(db *gorm.DB) error {
		return db.Clauses(clause.OnConflict{UpdateAll: true}).Create(&row).Error
	})
}

func (s sessions) Delete(ctx context.Context, tokenHash string) error {
	return s.write(ctx, func(db *gorm.DB) error {
		return db.Delete(&sessionRow{}, "token_hash = ?", tokenHash).Error
	})
}

func (s sessions) CountOf(ctx context.Context, userID string) (int, error) {
	var n int64
	err := s.read(ctx, func(db *gorm.DB) error {
		return db.Model(&sessionRow{}).Where("user_id = ? AND expires_at > ?", userID, moment(time.Now())).Count(&n).Error
	})
	return int(n), err
}

func (s sessions) DeleteExpired(ctx context.Context, now time.Time) error {
	return s.write(ctx, func(db *gorm.DB) error {
		return db.Delete(&sessionRow{}, "expires_at <= ?", moment(now)).Error
	})
}

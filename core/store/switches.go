package store

import (
	"context"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"berth/core"
)

type switchRow struct {
	TenantID      string
	AppID         string `gorm:"primaryKey"`
	ReleaseNumber int    `gorm:"primaryKey;autoIncrement:false"`
	Author        string
	CreatedAt     moment
}

func (switchRow) TableName() string { return "switches" }

func (s releases) AllowSwitch(ctx context.Context, w core.Switch) error {
	if err := admit(ctx, w.TenantID, w.AppID); err != nil {
		return err
	}
	row := switchRow{TenantID: w.TenantID, AppID: w.AppID, ReleaseNumber: w.Release, Author: w.Author, CreatedAt: moment(w.CreatedAt)}
	return s.write(ctx, func(db *gorm.DB) error {
		return db.Clauses(clause.OnConflict{DoNothing: true}).Create(&row).Error
	})
}

func (s releases) SwitchAllowed(ctx context.Context, appID string, number int) (bool, error) {
	var n int64
	err := s.read(ctx, func(db *gorm.DB) error {
		return db.Model(&switchRow{}).Scopes(ofApp(ctx)).Where("app_id = ? AND release_number = ?", appID, number).Count(&n).Error
	})
	return n > 0, err
}

func (s releases) Before(ctx context.Context, appID string, number int) (core.Release, error) {
	var rows []releaseRow
	err := s.read(ctx, func(db *gorm.DB) error {
		return db.Scopes(ofApp(ctx)).Where("app_id = ? AND number < ? AND online_at IS NOT NULL AND status <> ?", appID, number,
			core.ReleaseFailed).Order("number DESC").Limit(1).Find(&rows).Error
	})
	if err != nil || len(rows) == 0 {
		return core.Release{}, err
	}
	return s.seal.release(rows[0])
}

package store

import (
	"context"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"berth/core"
)

type switchCountRow struct {
	AppID         string `gorm:"primaryKey"`
	TenantID      string
	ReleaseNumber int `gorm:"primaryKey;autoIncrement:false"`
	BegunAt       moment
	EndedAt       moment
	Served        int64
	Failed        int64
	Failures      []core.FailedRequest       `gorm:"serializer:json"`
	Marks         map[string]core.SwitchMark `gorm:"serializer:json"`
}

func (switchCountRow) TableName() string { return "switch_counts" }

type switchCounts struct{ *Store }

func (s switchCounts) Put(ctx context.Context, w core.SwitchCount) error {
	app, err := apps(s).Get(ctx, w.AppID)
	if err != nil {
		return err
	}
	row := switchCountRow{AppID: w.AppID, TenantID: app.TenantID, ReleaseNumber: w.Release, BegunAt: moment(w.BegunAt), EndedAt: moment(w.EndedAt),
		Served: w.Served, Failed: w.Failed, Failures: w.Failures, Marks: w.Marks}
	return s.write(ctx, func(db *gorm.DB) error {
		return db.Clauses(clause.OnConflict{
			Columns:   []clause.Column{{Name: "app_id"}, {Name: "release_number"}},
			DoUpdates: clause.AssignmentColumns([]string{"begun_at", "ended_at", "served", "failed", "failures", "marks"}),
		}).Create(&row).Error
	})
}

func (s switchCounts) Get(ctx context.Context, appID string, release int) (core.SwitchCount, error) {
	var row switchCountRow
	err := s.read(ctx, func(db *gorm.DB) error {
		return db.Scopes(ofApp(ctx)).Take(&row, "app_id = ? AND release_number = ?", appID, release).Error
	})
	return core.SwitchCount{AppID: row.AppID, Release: row.ReleaseNumber, BegunAt: time.Time(row.BegunAt), EndedAt: time.Time(row.EndedAt),
		Served: row.Served, Failed: row.Failed, Failures: row.Failures, Marks: row.Marks}, err
}

package store

import (
	"context"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"berth/core"
)

type scalingRow struct {
	AppID    string `gorm:"primaryKey"`
	TenantID string
	Status   core.ScaleStatus `gorm:"serializer:json"`
}

func (scalingRow) TableName() string { return "scalings" }

type scalings struct{ *Store }

func (s scalings) Put(ctx context.Context, status core.ScaleStatus) error {
	app, err := apps(s).Get(ctx, status.AppID)
	if err != nil {
		return err
	}
	row := scalingRow{AppID: app.ID, TenantID: app.TenantID, Status: status}
	return s.write(ctx, func(db *gorm.DB) error {
		return db.Clauses(clause.OnConflict{Columns: []clause.Column{{Name: "app_id"}},
			DoUpdates: clause.AssignmentColumns([]string{"status"})}).Create(&row).Error
	})
}

func (s scalings) Get(ctx context.Context, appID string) (core.ScaleStatus, error) {
	var row scalingRow
	err := s.read(ctx, func(db *gorm.DB) error { return db.Scopes(ofApp(ctx)).Take(&row, "app_id = ?", appID).Error })
	row.Status.AppID, row.Status.TenantID = row.AppID, row.TenantID
	return row.Status, err
}

func (s scalings) On(ctx context.Context) ([]string, error) {
	ids := []string{}
	err := s.read(ctx, func(db *gorm.DB) error {
		return db.Model(&appRow{}).Scopes(visible(ctx)).Where("scales = ? AND stopped = ? AND deleting = ?", true, false, false).
			Order("id").Pluck("id", &ids).Error
	})
	return ids, err
}

package store

import (
	"context"
	"time"

	"gorm.io/gorm"

	"berth/core"
)

type uploadRow struct {
	ID        string
	TenantID  string
	AppID     optional
	UserID    string
	FileName  string
	Size      core.Bytes
	Received  core.Bytes
	State     core.UploadState
	Error     core.Text `gorm:"serializer:json"`
	Digest    string
	ImageSize core.Bytes
	Detected  core.Detected `gorm:"serializer:json"`
	CreatedAt moment
	ExpiresAt moment
}

func (uploadRow) TableName() string { return "uploads" }

func newUploadRow(u core.Upload) uploadRow {
	return uploadRow{ID: u.ID, TenantID: u.TenantID, AppID: optional(u.AppID), UserID: u.UserID, FileName: u.FileName,
		Size: u.Size, Received: u.Received, State: u.State, Error: u.Error, Digest: u.Digest, ImageSize: u.ImageSize,
		Detected: u.Detected, CreatedAt: moment(u.CreatedAt), ExpiresAt: moment(u.ExpiresAt)}
}

func (r uploadRow) upload() core.Upload {
	return core.Upload{ID: r.ID, TenantID: r.TenantID, AppID: string(r.AppID), UserID: r.UserID, FileName: r.FileName,
		Size: r.Size, Received: r.Received, State: r.State, Error: r.Error, Digest: r.Digest, ImageSize: r.ImageSize,
		Detected: r.Detected, CreatedAt: time.Time(r.CreatedAt), ExpiresAt: time.Time(r.ExpiresAt)}
}

type uploads struct{ *Store }

func (s uploads) Create(ctx context.Context, u core.Upload) error {
	if err := admit(ctx, u.TenantID, u.AppID); err != nil {
		return err
	}
	row := newUploadRow(u)
	return s.write(ctx, func(db *gorm.DB) error { return db.Create(&row).Error })
}

func (s uploads) Get(ctx context.Context, id string) (core.Upload, error) {
	var row uploadRow
	err := s.read(ctx, func(db *gorm.DB) error { return db.Scopes(ofApp(ctx)).Take(&row, "id = ?", id).Error })
	return row.upload(), err
}

func (s uploads) List(ctx context.Context, tenantID string) ([]core.Upload, error) {
	var rows []uploadRow
	err := s.read(ctx, func(db *gorm.DB) error {
		return db.Scopes(ofApp(ctx)).Where("tenant_id = ?", tenantID).Order("created_at DESC, id DESC").Limit(100).Find(&rows).Error
	})
	return each(rows, uploadRow.upload), err
}

// Update leaves alone whose an upload is.
func (s uploads) Update(ctx context.Context, u core.Upload) error {
	return s.write(ctx, func(db *gorm.DB) error {
		return found(db.Model(&uploadRow{}).Scopes(ofApp(ctx)).Where("id = ?", u.ID).Select("*").
			Omit("id", "tenant_id", "app_id", "user_id", "created_at").Updates(newUploadRow(u)))
	})
}

// Delete gives back what the upload holds of the quota.
func (s uploads) Delete(ctx context.Context, id string) error {
	return s.transact(ctx, func(tx *Store) error {
		var rows []uploadRow
		err := tx.read(ctx, func(db *gorm.DB) error { return db.Scopes(ofApp(ctx)).Find(&rows, "id = ?", id).Error })
		if err != nil || len(rows) == 0 {
			return err
		}
		if _, err := tx.Usage().Set(ctx, rows[0].TenantID, core.UploadHolder(id), nil, nil); err != nil {
			return err
		}
		return tx.write(ctx, func(db *gorm.DB) error { return db.Delete(&uploadRow{}, "id = ?", id).Error })
	})
}

func (s uploads) Expired(ctx context.Context, now time.Time) ([]core.Upload, error) {
	var rows []uploadRow
	err := s.read(ctx, func(db *gorm.DB) error {
		return db.Scopes(ofApp(ctx)).Order("expires_at, id").
			Find(&rows, "(expires_at <= ? OR tenant_id IN (SELECT id FROM tenants WHERE deleting))", moment(now)).Error
	})
	return each(rows, uploadRow.upload), err
}

package store

import (
	"context"
	"time"

	"gorm.io/gorm"

	"berth/core"
)

type versionRow struct {
	ID        string
	AppID     string
	TenantID  string
	Label     string
	Digest    string
	Source    core.VersionSource
	Origin    string
	Size      core.Bytes
	Detected  core.Detected `gorm:"serializer:json"`
	Author    string
	CreatedAt moment
}

func (versionRow) TableName() string { return "versions" }

func (r versionRow) version() core.Version {
	return core.Version{ID: r.ID, AppID: r.AppID, TenantID: r.TenantID, Label: r.Label, Digest: r.Digest,
		Source: r.Source, Origin: r.Origin, Size: r.Size, Detected: r.Detected, Author: r.Author,
		CreatedAt: time.Time(r.CreatedAt)}
}

type versions struct{ *Store }

func (s versions) Create(ctx context.Context, v core.Version) error {
	if err := admit(ctx, v.TenantID, v.AppID); err != nil {
		return err
	}
	row := versionRow{ID: v.ID, AppID: v.AppID, TenantID: v.TenantID, Label: v.Label, Digest: v.Digest,
		Source: v.Source, Origin: v.Origin, Size: v.Size, Detected: v.Detected, Author: v.Author,
		CreatedAt: moment(v.CreatedAt)}
	err := s.write(ctx, func(db *gorm.DB) error { return db.Create(&row).Error })
	return taken(err, "label", "error.label_taken", "label", v.Label)
}

func (s versions) Get(ctx context.Context, id string) (core.Version, error) {
	return s.by(ctx, "id = ?", id)
}

func (s versions) ByLabel(ctx context.Context, appID, label string) (core.Version, error) {
	return s.by(ctx, "app_id = ? AND label = ?", appID, label)
}

func (s versions) by(ctx context.Context, where string, values ...any) (core.Version, error) {
	var row versionRow
	err := s.read(ctx, func(db *gorm.DB) error {
		return db.Scopes(ofApp(ctx)).Where(where, values...).Take(&row).Error
	})
	return row.version(), err
}

func (s versions) List(ctx context.Context, appID string) ([]core.Version, error) {
	var rows []versionRow
	err := s.read(ctx, func(db *gorm.DB) error {
		return db.Scopes(ofApp(ctx)).Order("created_at DESC, id DESC").Find(&rows, "app_id = ?", appID).Error
	})
	return each(rows, versionRow.version), err
}

func (s versions) Size(ctx context.Context, appID string) (core.Bytes, error) {
	var sum core.Bytes
	err := s.read(ctx, func(db *gorm.DB) error {
		return db.Model(&versionRow{}).Scopes(ofApp(ctx)).Where("app_id = ? AND source <> ?", appID, core.SourceCatalog).
			Select("COALESCE(SUM(size), 0)").Scan(&sum).Error
	})
	return sum, err
}

func (s versions) Delete(ctx context.Context, id string) error {
	return s.write(ctx, func(db *gorm.DB) error {
		return found(db.Scopes(ofApp(ctx)).Delete(&versionRow{}, "id = ?", id))
	})
}

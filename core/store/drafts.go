package store

import (
	"context"
	"time"

	"gorm.io/gorm"

	"berth/core"
)

type draftRow struct {
	AppID     string `gorm:"primaryKey"`
	TenantID  string
	Base      int
	Spec      core.ReleaseSpec `gorm:"serializer:json"` // without what is sealed
	Sealed    []byte
	Edits     []core.Edit `gorm:"serializer:json"`
	CreatedAt moment
	Revision  int64
}

func (draftRow) TableName() string { return "drafts" }

func draftSealName(appID string) string { return "draft/" + appID }

type drafts struct{ *Store }

func (s drafts) Get(ctx context.Context, appID string) (core.Draft, error) {
	var row draftRow
	err := s.read(ctx, func(db *gorm.DB) error { return db.Scopes(ofApp(ctx)).Take(&row, "app_id = ?", appID).Error })
	if err != nil {
		return core.Draft{}, err
	}
	spec, err := s.seal.openSpec(draftSealName(appID), row.Spec, row.Sealed)
	return core.Draft{TenantID: row.TenantID, AppID: row.AppID, Base: row.Base, Spec: spec, Edits: row.Edits,
		CreatedAt: time.Time(row.CreatedAt), Revision: row.Revision}, err
}

// Put adds a draft of revision 0, so that of two people who stage the first change at once one reads the other's.
func (s drafts) Put(ctx context.Context, d core.Draft) error {
	open, sealed, err := s.seal.sealSpec(draftSealName(d.AppID), d.Spec)
	if err != nil {
		return err
	}
	edits := make([]core.Edit, len(d.Edits))
	for i, e := range d.Edits {
		e.At = normal(e.At)
		edits[i] = e
	}
	row := draftRow{AppID: d.AppID, Base: d.Base, Spec: open, Sealed: sealed, Edits: edits, CreatedAt: moment(d.CreatedAt),
		Revision: d.Revision + 1}
	return s.transact(ctx, func(tx *Store) error {
		app, err := tx.Apps().Get(ctx, d.AppID)
		if err != nil {
			return err
		}
		row.TenantID = app.TenantID
		return tx.write(ctx, func(db *gorm.DB) error {
			if d.Revision == 0 {
				return db.Create(&row).Error
			}
			done := db.Model(&draftRow{}).Where("app_id = ? AND revision = ?", d.AppID, d.Revision).
				Select("base", "spec", "sealed", "edits", "revision").Updates(row)
			if done.Error == nil && done.RowsAffected == 0 {
				return core.Conflict("draft", "error.draft_changed")
			}
			return done.Error
		})
	})
}

func (s drafts) Delete(ctx context.Context, appID string) error {
	return s.write(ctx, func(db *gorm.DB) error {
		return found(db.Scopes(ofApp(ctx)).Delete(&draftRow{}, "app_id = ?", appID))
	})
}

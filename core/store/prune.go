package store

import (
	"context"
	"time"

	"gorm.io/gorm"

	"berth/core"
)

// ended narrows operations to those that are over.
func ended(db *gorm.DB) *gorm.DB {
	return db.Where("status NOT IN ?", []core.OperationStatus{core.OpPending, core.OpRunning})
}

func (s events) Prune(ctx context.Context, before time.Time, most int) (int, error) {
	return s.prune(ctx, &eventRow{}, most, older(before))
}

func (s events) PruneApp(ctx context.Context, appID string, keep, most int) (int, error) {
	return s.pruneApp(ctx, &eventRow{}, appID, keep, most)
}

func (s operations) Prune(ctx context.Context, before time.Time, most int) (int, error) {
	return s.prune(ctx, &operationRow{}, most, older(before), ended)
}

func (s operations) PruneApp(ctx context.Context, appID string, keep, most int) (int, error) {
	return s.pruneApp(ctx, &operationRow{}, appID, keep, most, ended)
}

// older narrows to what was made before a time, by ids, which sort by it and are indexed.
func older(before time.Time) func(*gorm.DB) *gorm.DB {
	return func(db *gorm.DB) *gorm.DB { return db.Where("id < ?", core.LeastID(before)) }
}

// pruneApp removes what an app has beyond its newest.
func (s *Store) pruneApp(ctx context.Context, model any, appID string, keep, most int, narrow ...func(*gorm.DB) *gorm.DB) (int, error) {
	var first []string
	err := s.read(ctx, func(db *gorm.DB) error {
		return db.Model(model).Scopes(ofApp(ctx)).Where("app_id = ?", appID).Order("id DESC").Offset(keep).Limit(1).Pluck("id", &first).Error
	})
	if err != nil || len(first) == 0 {
		return 0, err
	}
	return s.prune(ctx, model, most, append(narrow, func(db *gorm.DB) *gorm.DB {
		return db.Where("app_id = ? AND id <= ?", appID, first[0])
	})...)
}

// prune removes at most so many, the oldest first. It looks for them first: MySQL has no limit in the subquery of a
// DELETE.
func (s *Store) prune(ctx context.Context, model any, most int, narrow ...func(*gorm.DB) *gorm.DB) (int, error) {
	var n int64
	err := s.write(ctx, func(db *gorm.DB) error {
		var ids []string
		err := db.Model(model).Scopes(ofApp(ctx)).Scopes(narrow...).Order("id").Limit(most).Pluck("id", &ids).Error
		if err != nil || len(ids) == 0 {
			return err
		}
		db = db.Delete(model, "id IN ?", ids)
		n = db.RowsAffected
		return db.Error
	})
	return int(n), err
}

package store

import (
	"context"
	"slices"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"berth/core"
)

type releases struct{ *Store }

// Create holds the app's row meanwhile, so that two releases never want the same number.
func (s releases) Create(ctx context.Context, r core.Release) (int, error) {
	if err := admit(ctx, r.TenantID, r.AppID); err != nil {
		return 0, err
	}
	err := s.transact(ctx, func(tx *Store) error {
		return tx.write(ctx, func(db *gorm.DB) error {
			var app appRow
			if err := db.Clauses(clause.Locking{Strength: "UPDATE"}).Take(&app, "id = ?", r.AppID).Error; err != nil {
				return err
			}
			err := db.Model(&releaseRow{}).Where("app_id = ?", r.AppID).
				Select("COALESCE(MAX(number), 0) + 1").Scan(&r.Number).Error
			if err != nil {
				return err
			}
			row, err := s.seal.releaseRow(r)
			if err != nil {
				return err
			}
			return db.Create(&row).Error
		})
	})
	if err != nil {
		return 0, err
	}
	return r.Number, nil
}

func (s releases) Get(ctx context.Context, appID string, number int) (core.Release, error) {
	var row releaseRow
	err := s.read(ctx, func(db *gorm.DB) error {
		return db.Scopes(ofApp(ctx)).Take(&row, "app_id = ? AND number = ?", appID, number).Error
	})
	if err != nil {
		return core.Release{}, err
	}
	return s.seal.release(row)
}

func (s releases) List(ctx context.Context, appID string, before, limit int) ([]core.Release, error) {
	var rows []releaseRow
	err := s.read(ctx, func(db *gorm.DB) error {
		db = db.Scopes(ofApp(ctx)).Where("app_id = ?", appID)
		if before > 0 {
			db = db.Where("number < ?", before)
		}
		return db.Order("number DESC").Limit(atMost(limit, 100)).Find(&rows).Error
	})
	list := make([]core.Release, 0, len(rows))
	for _, row := range rows {
		r, err := s.seal.release(row)
		if err != nil {
			return nil, err
		}
		list = append(list, r)
	}
	return list, err
}

func (s releases) Live(ctx context.Context, appID string, upTo int) (core.Release, error) {
	var rows []releaseRow
	err := s.read(ctx, func(db *gorm.DB) error {
		return db.Scopes(ofApp(ctx)).Where("app_id = ? AND status = ? AND number <= ?", appID, core.ReleaseLive, upTo).
			Order("number DESC").Limit(1).Find(&rows).Error
	})
	if err != nil || len(rows) == 0 {
		return core.Release{}, err
	}
	return s.seal.release(rows[0])
}

// Pick asks for all of them at once, so that a page of apps costs one query.
func (s releases) Pick(ctx context.Context, numbers map[string]int) (map[string]core.Release, error) {
	var rows []releaseRow
	err := s.read(ctx, func(db *gorm.DB) error {
		wanted := db.Where("1 = 0")
		for appID, number := range numbers {
			wanted = wanted.Or("app_id = ? AND number = ?", appID, number)
		}
		return db.Scopes(ofApp(ctx)).Where(wanted).Find(&rows).Error
	})
	if err != nil {
		return nil, err
	}
	picked := make(map[string]core.Release, len(rows))
	for _, row := range rows {
		if picked[row.AppID], err = s.seal.release(row); err != nil {
			return nil, err
		}
	}
	return picked, nil
}

func (s releases) UpdateStatus(ctx context.Context, r core.Release) error {
	return s.write(ctx, func(db *gorm.DB) error {
		return found(db.Model(&releaseRow{}).Scopes(ofApp(ctx)).
			Where("app_id = ? AND number = ?", r.AppID, r.Number).
			Select("status", "served", "failed", "online_at").
			Updates(releaseRow{Status: r.Status, Served: r.Served, Failed: r.Failed, OnlineAt: moment(r.OnlineAt)}))
	})
}

// UsesVersion reads specs: of one app, few releases are pending or live.
func (s releases) UsesVersion(ctx context.Context, appID, versionID string) (bool, error) {
	var rows []releaseRow
	err := s.read(ctx, func(db *gorm.DB) error {
		return db.Scopes(ofApp(ctx)).Select("spec").
			Find(&rows, "app_id = ? AND status IN ?", appID, []core.ReleaseStatus{core.ReleasePending, core.ReleaseLive}).Error
	})
	used := slices.ContainsFunc(rows, func(r releaseRow) bool {
		return slices.ContainsFunc(r.Spec.Targets, func(t core.Target) bool { return t.VersionID == versionID })
	})
	return used, err
}

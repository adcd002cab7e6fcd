package store

import (
	"context"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"berth/core"
)

type answersRow struct {
	InstanceID string `gorm:"primaryKey"`
	AppID      string
	TenantID   string
	Answers    []core.HealthAnswer `gorm:"serializer:json"`
}

func (answersRow) TableName() string { return "instance_answers" }

type answers struct{ *Store }

// Put reads first which of the instances are still there, and whose they are.
func (s answers) Put(ctx context.Context, all map[string][]core.HealthAnswer) error {
	ids := make([]string, 0, len(all))
	for id := range all {
		ids = append(ids, id)
	}
	return s.transact(ctx, func(tx *Store) error {
		return tx.write(ctx, func(db *gorm.DB) error {
			var rows []answersRow
			err := db.Model(&instanceRow{}).Scopes(ofApp(ctx)).Where("id IN ?", ids).
				Select("id AS instance_id, app_id, tenant_id").Find(&rows).Error
			if err != nil || len(rows) == 0 {
				return err
			}
			for i := range rows {
				rows[i].Answers = all[rows[i].InstanceID]
			}
			return db.Clauses(clause.OnConflict{Columns: []clause.Column{{Name: "instance_id"}},
				DoUpdates: clause.AssignmentColumns([]string{"answers"})}).Create(&rows).Error
		})
	})
}

func (s answers) Answers(ctx context.Context, appID string) (map[string][]core.HealthAnswer, error) {
	var rows []answersRow
	err := s.read(ctx, func(db *gorm.DB) error { return db.Scopes(ofApp(ctx)).Find(&rows, "app_id = ?", appID).Error })
	all := make(map[string][]core.HealthAnswer, len(rows))
	for _, r := range rows {
		all[r.InstanceID] = r.Answers
	}
	return all, err
}

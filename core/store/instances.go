package store

import (
	"context"

	"gorm.io/gorm"

	"berth/core"
)

type instances struct{ *Store }

// Create takes the port too; one that TakePort took for this instance is its own already.
func (s instances) Create(ctx context.Context, i core.Instance) error {
	if err := admit(ctx, i.TenantID, i.AppID); err != nil {
		return err
	}
	row := newInstanceRow(i)
	return s.transact(ctx, func(tx *Store) error {
		if err := (ports{tx}).take(ctx, i.HostID, i.HostPort, i.ID); err != nil {
			return err
		}
		return tx.write(ctx, func(db *gorm.DB) error { return db.Create(&row).Error })
	})
}

func (s instances) Get(ctx context.Context, id string) (core.Instance, error) {
	var row instanceRow
	err := s.read(ctx, func(db *gorm.DB) error { return db.Scopes(ofApp(ctx)).Take(&row, "id = ?", id).Error })
	return row.instance(), err
}

func (s instances) List(ctx context.Context, appID string) ([]core.Instance, error) {
	var rows []instanceRow
	err := s.read(ctx, func(db *gorm.DB) error {
		db = db.Scopes(ofApp(ctx))
		if appID != "" {
			db = db.Where("app_id = ?", appID)
		}
		return db.Order("created_at, id").Find(&rows).Error
	})
	return each(rows, instanceRow.instance), err
}

func (s instances) Counts(ctx context.Context, appIDs []string) (map[string]core.InstanceCount, error) {
	var rows []struct {
		AppID        string
		Ready, Total int
	}
	err := s.read(ctx, func(db *gorm.DB) error {
		return db.Model(&instanceRow{}).Scopes(ofApp(ctx)).Where("app_id IN ?", appIDs).Group("app_id").
			Select("app_id, COUNT(CASE WHEN state = ? THEN 1 END) AS ready, COUNT(*) AS total", core.InstanceReady).
			Scan(&rows).Error
	})
	counts := make(map[string]core.InstanceCount, len(rows))
	for _, r := range rows {
		counts[r.AppID] = core.InstanceCount{Ready: r.Ready, Total: r.Total}
	}
	return counts, err
}

// Update leaves alone whose an instance is and which port it has: those are for Create.
func (s instances) Update(ctx context.Context, i core.Instance) error {
	return s.write(ctx, func(db *gorm.DB) error {
		return found(db.Model(&instanceRow{}).Scopes(ofApp(ctx)).Where("id = ?", i.ID).Select("*").
			Omit("id", "app_id", "tenant_id", "host_id", "host_port", "created_at").Updates(newInstanceRow(i)))
	})
}

func (s instances) Delete(ctx context.Context, id string) error {
	return s.transact(ctx, func(tx *Store) error {
		return tx.write(ctx, func(db *gorm.DB) error {
			gone := db.Scopes(ofApp(ctx)).Delete(&instanceRow{}, "id = ?", id)
			if gone.Error != nil || gone.RowsAffected == 0 {
				return gone.Error
			}
			return db.Delete(&portRow{}, "instance_id = ?", id).Error
		})
	})
}

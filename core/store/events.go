package store

import (
	"context"
	"time"

	"gorm.io/gorm"

	"berth/core"
)

type eventRow struct {
	ID         string
	TenantID   string
	AppID      string
	InstanceID string
	Kind       string
	Text       core.Text `gorm:"serializer:json"`
	Cause      core.Text `gorm:"serializer:json"`
	Level      core.Level
	Author     string
	CreatedAt  moment
}

func (eventRow) TableName() string { return "events" }

func (r eventRow) event() core.Event {
	return core.Event{ID: r.ID, TenantID: r.TenantID, AppID: r.AppID, InstanceID: r.InstanceID, Kind: r.Kind,
		Text: r.Text, Cause: r.Cause, Level: r.Level, Author: r.Author, CreatedAt: time.Time(r.CreatedAt)}
}

type events struct{ *Store }

func (s events) Create(ctx context.Context, e core.Event) error {
	if err := admit(ctx, e.TenantID, e.AppID); err != nil {
		return err
	}
	row := eventRow{ID: e.ID, TenantID: e.TenantID, AppID: e.AppID, InstanceID: e.InstanceID, Kind: e.Kind,
		Text: e.Text, Cause: e.Cause, Level: e.Level, Author: e.Author, CreatedAt: moment(e.CreatedAt)}
	return s.write(ctx, func(db *gorm.DB) error { return db.Create(&row).Error })
}

func (s events) List(ctx context.Context, f core.EventFilter) ([]core.Event, error) {
	var rows []eventRow
	err := s.read(ctx, func(db *gorm.DB) error {
		db = db.Scopes(ofApp(ctx))
		if f.TenantID != "" {
			db = db.Where("tenant_id = ?", f.TenantID)
		}
		if f.AppID != "" {
			db = db.Where("app_id = ?", f.AppID)
		}
		if f.Before != "" {
			db = db.Where("id < ?", f.Before)
		}
		return db.Order("id DESC").Limit(atMost(f.Limit, 50)).Find(&rows).Error
	})
	return each(rows, eventRow.event), err
}

// Latest looks up the end of each app's events in the index: however many there are, it reads one of each. In one
// query with the rest of the event, SQLite would go through all events.
func (s events) Latest(ctx context.Context, appIDs []string) (map[string]core.Event, error) {
	var rows []eventRow
	err := s.read(ctx, func(db *gorm.DB) error {
		var ids []string
		err := db.Model(&appRow{}).Scopes(visible(ctx)).Where("id IN ?", appIDs).
			Select("COALESCE((SELECT e.id FROM events AS e WHERE e.app_id = apps.id ORDER BY e.id DESC LIMIT 1), '')").Find(&ids).Error
		if err != nil || len(ids) == 0 {
			return err
		}
		return db.Find(&rows, "id IN ?", ids).Error
	})
	latest := make(map[string]core.Event, len(rows))
	for _, r := range rows {
		latest[r.AppID] = r.event()
	}
	return latest, err
}

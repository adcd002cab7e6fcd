package store

import (
	"context"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"berth/core"
)

type alertNoticeRow struct {
	ID        string
	TenantID  string
	ChannelID string
	Alert     core.Alert `gorm:"serializer:json"`
	AppName   string
	CreatedAt moment
	Tries     int
	NextTry   moment
}

func (alertNoticeRow) TableName() string { return "alert_notices" }

func (r alertNoticeRow) notice() core.AlertNotice {
	return core.AlertNotice{ID: r.ID, TenantID: r.TenantID, ChannelID: r.ChannelID, Alert: r.Alert, AppName: r.AppName,
		CreatedAt: time.Time(r.CreatedAt), Tries: r.Tries, NextTry: time.Time(r.NextTry)}
}

// alertLeadRow is the one row that says who looks at the rules.
type alertLeadRow struct {
	ID      int
	Owner   string
	UntilAt moment
}

func (alertLeadRow) TableName() string { return "alert_lead" }

func (s alerts) Lead(ctx context.Context, owner string, now, until time.Time) (leads bool, err error) {
	err = s.transact(ctx, func(tx *Store) error {
		var lead alertLeadRow
		return tx.write(ctx, func(db *gorm.DB) error {
			if err := db.Clauses(clause.Locking{Strength: "UPDATE"}).Take(&lead, "id = 1").Error; err != nil {
				return err
			}
			if leads = lead.Owner == owner || !now.Before(time.Time(lead.UntilAt)); !leads {
				return nil
			}
			return db.Model(&alertLeadRow{}).Where("id = 1").Select("owner", "until_at").Updates(alertLeadRow{Owner: owner, UntilAt: moment(until)}).Error
		})
	})
	return leads && err == nil, err
}

func (s alerts) AddNotice(ctx context.Context, n core.AlertNotice) error {
	if err := admit(ctx, n.TenantID, n.Alert.AppID); err != nil {
		return err
	}
	row := alertNoticeRow{ID: n.ID, TenantID: n.TenantID, ChannelID: n.ChannelID, Alert: n.Alert, AppName: n.AppName,
		CreatedAt: moment(n.CreatedAt), Tries: n.Tries, NextTry: moment(n.NextTry)}
	return s.write(ctx, func(db *gorm.DB) error { return db.Create(&row).Error })
}

func (s alerts) Notices(ctx context.Context, due time.Time) ([]core.AlertNotice, error) {
	var rows []alertNoticeRow
	err := s.read(ctx, func(db *gorm.DB) error {
		return db.Scopes(scope(ctx, "tenant_id", "")).Where("next_try <= ?", moment(due)).Order("id").Limit(1000).Find(&rows).Error
	})
	return each(rows, alertNoticeRow.notice), err
}

func (s alerts) RemoveNotices(ctx context.Context, ids []string) error {
	return s.write(ctx, func(db *gorm.DB) error { return db.Delete(&alertNoticeRow{}, "id IN ?", ids).Error })
}

func (s alerts) DelayNotices(ctx context.Context, ids []string, next time.Time) error {
	return s.write(ctx, func(db *gorm.DB) error {
		return db.Model(&alertNoticeRow{}).Where("id IN ?", ids).
			Updates(map[string]any{"tries": gorm.Expr("tries + 1"), "next_try": moment(next)}).Error
	})
}

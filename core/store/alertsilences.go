package store

import (
	"context"
	"time"

	"gorm.io/gorm"

	"berth/core"
)

type alertSilenceRow struct {
	TenantID  string `gorm:"primaryKey"`
	ID        string `gorm:"primaryKey"`
	AppID     optional
	RuleID    string
	UntilAt   moment
	Reason    string
	Author    string
	CreatedAt moment
}

func (alertSilenceRow) TableName() string { return "alert_silences" }

func (r alertSilenceRow) silence() core.AlertSilence {
	return core.AlertSilence{TenantID: r.TenantID, ID: r.ID, AppID: string(r.AppID), RuleID: r.RuleID, Until: time.Time(r.UntilAt),
		Reason: r.Reason, Author: r.Author, CreatedAt: time.Time(r.CreatedAt)}
}

func (s alerts) Silences(ctx context.Context, tenantID string) ([]core.AlertSilence, error) {
	var rows []alertSilenceRow
	err := s.read(ctx, func(db *gorm.DB) error {
		return db.Scopes(alertsOf(ctx, tenantID)).Order("created_at DESC, id DESC").Find(&rows).Error
	})
	return each(rows, alertSilenceRow.silence), err
}

func (s alerts) CreateSilence(ctx context.Context, x core.AlertSilence) error {
	row := alertSilenceRow{TenantID: x.TenantID, ID: x.ID, AppID: optional(x.AppID), RuleID: x.RuleID, UntilAt: moment(x.Until), Reason: x.Reason,
		Author: x.Author, CreatedAt: moment(x.CreatedAt)}
	return s.transact(ctx, func(tx *Store) error {
		if err := (alerts{tx}).belongs(ctx, x.TenantID, x.AppID); err != nil {
			return err
		}
		return tx.write(ctx, func(db *gorm.DB) error { return db.Create(&row).Error })
	})
}

func (s alerts) DeleteSilence(ctx context.Context, tenantID, id string) error {
	return s.write(ctx, func(db *gorm.DB) error {
		return found(db.Scopes(alertsOf(ctx, tenantID)).Delete(&alertSilenceRow{}, "id = ?", id))
	})
}

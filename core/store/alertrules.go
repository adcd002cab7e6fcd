package store

import (
	"context"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"berth/core"
)

type alertRuleRow struct {
	TenantID  string `gorm:"primaryKey"`
	ID        string `gorm:"primaryKey"`
	AppID     optional
	Kind      core.AlertKind
	Metric    core.Metric
	Below     bool
	Threshold float64
	Words     string
	WindowNs  core.Duration
	ForNs     core.Duration
	RepeatNs  core.Duration
	Severity  core.AlertSeverity
	Channels  []string `gorm:"serializer:json"`
	IsOff     bool
	Author    string
	CreatedAt moment
}

func (alertRuleRow) TableName() string { return "alert_rules" }

func newAlertRuleRow(r core.AlertRule) alertRuleRow {
	return alertRuleRow{TenantID: r.TenantID, ID: r.ID, AppID: optional(r.AppID), Kind: r.Kind, Metric: r.Metric, Below: r.Below,
		Threshold: r.Threshold, Words: r.Query, WindowNs: r.Window, ForNs: r.For, RepeatNs: r.Repeat, Severity: r.Severity,
		Channels: r.Channels, IsOff: r.Off, Author: r.Author, CreatedAt: moment(r.CreatedAt)}
}

func (r alertRuleRow) rule() core.AlertRule {
	return core.AlertRule{TenantID: r.TenantID, ID: r.ID, AppID: string(r.AppID), Kind: r.Kind, Metric: r.Metric, Below: r.Below,
		Threshold: r.Threshold, Query: r.Words, Window: r.WindowNs, For: r.ForNs, Repeat: r.RepeatNs, Severity: r.Severity,
		Channels: r.Channels, Off: r.IsOff, Author: r.Author, CreatedAt: time.Time(r.CreatedAt)}
}

type alerts struct{ *Store }

// alertsOf narrows to what belongs to a tenant that the actor sees, or to all that it sees when tenantID is "". What
// belongs to no app is out of sight of a token that is narrowed to some.
func alertsOf(ctx context.Context, tenantID string) func(*gorm.DB) *gorm.DB {
	return func(db *gorm.DB) *gorm.DB {
		if tenantID != "" {
			db = db.Where("tenant_id = ?", tenantID)
		}
		return ofApp(ctx)(db)
	}
}

// belongs refuses a row of a tenant or an app that the actor does not see.
func (s alerts) belongs(ctx context.Context, tenantID, appID string) error {
	if appID == "" {
		_, err := s.Tenants().Get(ctx, tenantID)
		return err
	}
	app, err := s.Apps().Get(ctx, appID)
	if err == nil && app.TenantID != tenantID {
		err = core.NotFound()
	}
	return err
}

func (s alerts) Rules(ctx context.Context, tenantID string) ([]core.AlertRule, error) {
	var rows []alertRuleRow
	err := s.read(ctx, func(db *gorm.DB) error {
		return db.Scopes(alertsOf(ctx, tenantID)).Order("tenant_id, created_at, id").Find(&rows).Error
	})
	return each(rows, alertRuleRow.rule), err
}

func (s alerts) PutRule(ctx context.Context, r core.AlertRule) error {
	row := newAlertRuleRow(r)
	return s.transact(ctx, func(tx *Store) error {
		if err := (alerts{tx}).belongs(ctx, r.TenantID, r.AppID); err != nil {
			return err
		}
		return tx.write(ctx, func(db *gorm.DB) error { return db.Clauses(clause.OnConflict{UpdateAll: true}).Create(&row).Error })
	})
}

func (s alerts) DeleteRule(ctx context.Context, tenantID, id string) error {
	return s.write(ctx, func(db *gorm.DB) error {
		return found(db.Scopes(alertsOf(ctx, tenantID)).Delete(&alertRuleRow{}, "id = ?", id))
	})
}

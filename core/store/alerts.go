package store

import (
	"context"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"berth/core"
)

type alertRow struct {
	ID         string
	TenantID   string
	RuleID     string
	AppID      optional
	Subject    string
	State      core.AlertState
	Severity   core.AlertSeverity
	Says       core.Text `gorm:"serializer:json"`
	Found      string
	Cause      core.Text `gorm:"serializer:json"`
	BeganAt    moment
	FiredAt    moment
	ResolvedAt moment
	NotifiedAt moment
	SeenAt     moment
	HeldNs     time.Duration
	ClearNs    time.Duration
}

func (alertRow) TableName() string { return "alerts" }

func newAlertRow(a core.Alert) alertRow {
	return alertRow{ID: a.ID, TenantID: a.TenantID, RuleID: a.RuleID, AppID: optional(a.AppID), Subject: a.Subject, State: a.State,
		Severity: a.Severity, Says: a.Rule, Found: a.Value, Cause: a.Cause, BeganAt: moment(a.BeganAt), FiredAt: moment(a.FiredAt),
		ResolvedAt: moment(a.ResolvedAt), NotifiedAt: moment(a.NotifiedAt), SeenAt: moment(a.SeenAt), HeldNs: a.Held, ClearNs: a.Clear}
}

func (r alertRow) alert() core.Alert {
	return core.Alert{ID: r.ID, TenantID: r.TenantID, RuleID: r.RuleID, AppID: string(r.AppID), Subject: r.Subject, State: r.State,
		Severity: r.Severity, Rule: r.Says, Value: r.Found, Cause: r.Cause, BeganAt: time.Time(r.BeganAt), FiredAt: time.Time(r.FiredAt),
		ResolvedAt: time.Time(r.ResolvedAt), NotifiedAt: time.Time(r.NotifiedAt), SeenAt: time.Time(r.SeenAt), Held: r.HeldNs, Clear: r.ClearNs}
}

func (s alerts) List(ctx context.Context, f core.AlertFilter) ([]core.Alert, string, error) {
	var rows []alertRow
	limit := atMost(f.Limit, 50)
	err := s.read(ctx, func(db *gorm.DB) error {
		db = db.Scopes(alertsOf(ctx, f.TenantID)).Order("id DESC").Limit(limit + 1)
		if f.AppID != "" {
			db = db.Where("app_id = ?", f.AppID)
		}
		if f.OfTenant {
			db = db.Where("app_id IS NULL")
		}
		if f.State != "" {
			db = db.Where("state = ?", f.State)
		} else {
			db = db.Where("state <> ?", core.AlertPending)
		}
		if f.Cursor != "" {
			db = db.Where("id < ?", f.Cursor)
		}
		return db.Find(&rows).Error
	})
	next := ""
	if len(rows) > limit {
		rows = rows[:limit]
		next = rows[limit-1].ID
	}
	return each(rows, alertRow.alert), next, err
}

func (s alerts) Open(ctx context.Context) ([]core.Alert, error) {
	var rows []alertRow
	err := s.read(ctx, func(db *gorm.DB) error {
		return db.Scopes(ofApp(ctx)).Where("state <> ?", core.AlertResolved).Order("id").Find(&rows).Error
	})
	return each(rows, alertRow.alert), err
}

func (s alerts) Put(ctx context.Context, a core.Alert) error {
	if err := admit(ctx, a.TenantID, a.AppID); err != nil {
		return err
	}
	row := newAlertRow(a)
	return s.write(ctx, func(db *gorm.DB) error { return db.Clauses(clause.OnConflict{UpdateAll: true}).Create(&row).Error })
}

func (s alerts) Delete(ctx context.Context, id string) error {
	return s.write(ctx, func(db *gorm.DB) error { return db.Scopes(ofApp(ctx)).Delete(&alertRow{}, "id = ?", id).Error })
}

func (s alerts) Prune(ctx context.Context, before time.Time, most int) (n int, err error) {
	err = s.write(ctx, func(db *gorm.DB) error {
		var ids []string
		err := db.Model(&alertRow{}).Where("state = ? AND resolved_at < ?", core.AlertResolved, moment(before)).Order("id").Limit(most).Pluck("id", &ids).Error
		if n = len(ids); err != nil || n == 0 {
			return err
		}
		return db.Delete(&alertRow{}, "id IN ?", ids).Error
	})
	if err != nil {
		return n, err
	}
	return n, s.write(ctx, func(db *gorm.DB) error {
		if err := db.Delete(&alertSilenceRow{}, "until_at < ?", moment(before)).Error; err != nil {
			return err
		}
		return db.Delete(&alertNoticeRow{}, "created_at < ?", moment(before)).Error
	})
}

package store

import (
	"context"
	"time"

	"gorm.io/gorm"

	"berth/core"
)

type auditRow struct {
	ID        string
	CreatedAt moment
	TenantID  string
	AppID     string
	Action    string
	Object    string
	ActorKind core.ActorKind
	ActorID   string
	UserID    string
	ActorName string
	Peer      string
	Agent     string
	OldValues map[string]string `gorm:"serializer:json"`
	NewValues map[string]string `gorm:"serializer:json"`
	Outcome   core.AuditOutcome
	Reason    core.Text `gorm:"serializer:json"`
}

func (auditRow) TableName() string { return "audit" }

func newAuditRow(e core.AuditEntry) auditRow {
	return auditRow{ID: e.ID, CreatedAt: moment(e.CreatedAt), TenantID: e.TenantID, AppID: e.AppID, Action: e.Action,
		Object: e.Object, ActorKind: e.ActorKind, ActorID: e.ActorID, UserID: e.UserID, ActorName: e.ActorName,
		Peer: e.Peer, Agent: e.Agent, OldValues: e.Before, NewValues: e.After, Outcome: e.Outcome, Reason: e.Reason}
}

func (r auditRow) entry() core.AuditEntry {
	return core.AuditEntry{ID: r.ID, CreatedAt: time.Time(r.CreatedAt), TenantID: r.TenantID, AppID: r.AppID,
		Action: r.Action, Object: r.Object, ActorKind: r.ActorKind, ActorID: r.ActorID, UserID: r.UserID,
		ActorName: r.ActorName, Peer: r.Peer, Agent: r.Agent, Before: r.OldValues, After: r.NewValues,
		Outcome: r.Outcome, Reason: r.Reason}
}

type audit struct{ *Store }

func (s audit) Append(ctx context.Context, e core.AuditEntry) error {
	row := newAuditRow(e)
	return s.write(ctx, func(db *gorm.DB) error { return db.Create(&row).Error })
}

func (s audit) List(ctx context.Context, f core.AuditFilter) ([]core.AuditEntry, string, error) {
	limit := atMost(f.Limit, 100)
	var rows []auditRow
	err := s.read(ctx, func(db *gorm.DB) error {
		return db.Scopes(scope(ctx, "tenant_id", "app_id"), filterAudit(f)).Order("id DESC").Limit(limit + 1).Find(&rows).Error
	})
	next := ""
	if len(rows) > limit {
		rows = rows[:limit]
		next = rows[limit-1].ID
	}
	return each(rows, auditRow.entry), next, err
}

func filterAudit(f core.AuditFilter) func(*gorm.DB) *gorm.DB {
	return func(db *gorm.DB) *gorm.DB {
		for column, value := range map[string]string{"tenant_id": f.TenantID, "app_id": f.AppID, "user_id": f.UserID,
			"outcome": string(f.Outcome)} {
			if value != "" {
				db = db.Where(column+" = ?", value)
			}
		}
		if f.Platform {
			db = db.Where("tenant_id = ''")
		}
		if f.Action != "" {
			db = db.Where("(action = ? OR action LIKE ? ESCAPE '!')", f.Action, likeEscaper.Replace(f.Action)+".%")
		}
		if f.Search != "" {
			like := contains(f.Search)
			db = db.Where("(LOWER(actor_name) LIKE ? ESCAPE '!' OR LOWER(object) LIKE ? ESCAPE '!' OR app_id LIKE ? ESCAPE '!' OR peer LIKE ? ESCAPE '!')",
				like, like, like, like)
		}
		if !f.From.IsZero() {
			db = db.Where("created_at >= ?", moment(f.From))
		}
		if !f.To.IsZero() {
			db = db.Where("created_at < ?", moment(f.To))
		}
		if f.Cursor != "" {
			db = db.Where("id < ?", f.Cursor)
		}
		return db
	}
}

func (s audit) Prune(ctx context.Context, before time.Time) (int, error) {
	var n int64
	err := s.write(ctx, func(db *gorm.DB) error {
		db = db.Delete(&auditRow{}, "created_at < ?", moment(before))
		n = db.RowsAffected
		return db.Error
	})
	return int(n), err
}

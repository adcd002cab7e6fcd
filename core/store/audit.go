package store

import (
	"cmp"
	"context"
	"slices"
	"strings"
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

// How much one call looks at: what no index finds is looked for among so many entries, and a page goes on from there.
const (
	auditPage   = 1000   // entries of a list, at most
	auditScan   = 20_000 // entries looked at
	auditRecent = 2000   // entries whose actors are named
)

// List reads by the index of a tenant, of an app, or of the ids alone; all of them end with the id, which sorts by
// time. What is not indexed is compared in a bounded stretch of it.
func (s audit) List(ctx context.Context, f core.AuditFilter) ([]core.AuditEntry, string, error) {
	limit := 100
	if f.Limit > 0 {
		limit = min(f.Limit, auditPage)
	}
	var rows []auditRow
	var floor string
	err := s.read(ctx, func(db *gorm.DB) error {
		stretch := db.Model(&auditRow{}).Scopes(auditIndex(f), scope(ctx, "tenant_id", "app_id"), auditStretch(f)).Order("id DESC")
		if unindexed(f) {
			var ids []string
			if err := stretch.Session(&gorm.Session{}).Select("id").Offset(auditScan - 1).Limit(1).Find(&ids).Error; err != nil {
				return err
			}
			if len(ids) > 0 {
				floor = ids[0]
			}
		}
		return stretch.Session(&gorm.Session{}).Where("id >= ?", floor).Scopes(auditMatches(f)).Limit(limit + 1).Find(&rows).Error
	})
	next := floor
	if len(rows) > limit {
		rows = rows[:limit]
		next = rows[limit-1].ID
	}
	return each(rows, auditRow.entry), next, err
}

// auditIndex tells MySQL which index to read: left to itself it takes a cursor for a range of the primary key and
// sorts half a million entries.
func auditIndex(f core.AuditFilter) func(*gorm.DB) *gorm.DB {
	return func(db *gorm.DB) *gorm.DB {
		switch {
		case db.Name() != "mysql" || f.TenantID == "" && !f.Platform:
			return db
		case f.AppID != "":
			return db.Table("audit FORCE INDEX (audit_by_app)")
		}
		return db.Table("audit FORCE INDEX (audit_by_tenant)")
	}
}

func unindexed(f core.AuditFilter) bool {
	return f.Actor != "" || f.Action != "" || f.Outcome != "" || f.Search != ""
}

// auditStretch is what an index finds.
func auditStretch(f core.AuditFilter) func(*gorm.DB) *gorm.DB {
	return func(db *gorm.DB) *gorm.DB {
		if f.Platform || f.TenantID != "" {
			db = db.Where("tenant_id = ?", f.TenantID)
		}
		if f.AppID != "" {
			db = db.Where("app_id = ?", f.AppID)
		}
		if !f.From.IsZero() {
			db = db.Where("id >= ?", core.LeastID(f.From))
		}
		if !f.To.IsZero() {
			db = db.Where("id < ?", core.LeastID(f.To))
		}
		if f.Cursor != "" {
			db = db.Where("id < ?", f.Cursor)
		}
		return db
	}
}

// auditMatches is what has to be compared.
func auditMatches(f core.AuditFilter) func(*gorm.DB) *gorm.DB {
	return func(db *gorm.DB) *gorm.DB {
		if f.Actor != "" {
			db = db.Where("(user_id = ? OR actor_id = ?)", f.Actor, f.Actor)
		}
		if f.Outcome != "" {
			db = db.Where("outcome = ?", f.Outcome)
		}
		if f.Action != "" {
			db = db.Where("(action = ? OR action LIKE ? ESCAPE '!')", f.Action, likeEscaper.Replace(f.Action)+".%")
		}
		if f.Search != "" {
			like := contains(f.Search)
			var or []string
			var values []any
			for _, column := range []string{"LOWER(actor_name)", "LOWER(object)", "app_id", "peer", "LOWER(old_values)", "LOWER(new_values)"} {
				or, values = append(or, column+" LIKE ? ESCAPE '!'"), append(values, like)
			}
			db = db.Where("("+strings.Join(or, " OR ")+")", values...)
		}
		return db
	}
}

func (s audit) Actors(ctx context.Context, tenantID string) ([]core.AuditActor, error) {
	var rows []auditRow
	err := s.read(ctx, func(db *gorm.DB) error {
		recent := db.Model(&auditRow{}).Scopes(scope(ctx, "tenant_id", "app_id")).Where("tenant_id = ?", tenantID).
			Order("id DESC").Limit(auditRecent).Select("id", "actor_kind", "actor_id", "user_id", "actor_name")
		return recent.Find(&rows).Error
	})
	known := map[string]bool{"": true}
	var actors []core.AuditActor
	for _, r := range rows { // the newest name of each
		a := core.AuditActor{ID: r.ActorID, Name: r.ActorName, Kind: r.ActorKind}
		if !known[a.ID] {
			known[a.ID] = true
			actors = append(actors, a)
		}
	}
	slices.SortFunc(actors, func(a, b core.AuditActor) int { return cmp.Compare(sortName(a.Name), sortName(b.Name)) })
	return actors, err
}

// Prune finds the end of a batch first: MySQL has no limit in the subquery of a DELETE.
func (s audit) Prune(ctx context.Context, before time.Time, most int) (int, error) {
	var n int64
	err := s.write(ctx, func(db *gorm.DB) error {
		var ids []string
		old := db.Model(&auditRow{}).Where("id < ?", core.LeastID(before)).Order("id")
		if err := old.Select("id").Limit(most).Find(&ids).Error; err != nil || len(ids) == 0 {
			return err
		}
		db = db.Delete(&auditRow{}, "id <= ?", ids[len(ids)-1])
		n = db.RowsAffected
		return db.Error
	})
	return int(n), err
}

package store

import (
	"context"
	"time"

	"gorm.io/gorm"

	"berth/core"
)

type supportRow struct {
	ID        string
	TenantID  string
	UserID    string
	UserName  string
	Reason    string
	Lasts     int64 // seconds
	CreatedAt moment
	ExpiresAt moment
	State     core.SupportState
	DecidedBy string
	DecidedAt moment
	EndedBy   string
	EndedAt   moment
}

func (supportRow) TableName() string { return "support_sessions" }

func newSupportRow(s core.SupportSession) supportRow {
	return supportRow{ID: s.ID, TenantID: s.TenantID, UserID: s.UserID, UserName: s.UserName, Reason: s.Reason,
		Lasts: int64(s.Lasts / time.Second), CreatedAt: moment(s.CreatedAt), ExpiresAt: moment(s.ExpiresAt), State: s.State,
		DecidedBy: s.DecidedBy, DecidedAt: moment(s.DecidedAt), EndedBy: s.EndedBy, EndedAt: moment(s.EndedAt)}
}

func (r supportRow) session() core.SupportSession {
	return core.SupportSession{ID: r.ID, TenantID: r.TenantID, UserID: r.UserID, UserName: r.UserName, Reason: r.Reason,
		Lasts: time.Duration(r.Lasts) * time.Second, CreatedAt: time.Time(r.CreatedAt), ExpiresAt: time.Time(r.ExpiresAt),
		State: r.State, DecidedBy: r.DecidedBy, DecidedAt: time.Time(r.DecidedAt), EndedBy: r.EndedBy,
		EndedAt: time.Time(r.EndedAt)}
}

// activeStates are those of sessions that are not over but by the clock.
var activeStates = []core.SupportState{core.SupportOpen, core.SupportWaiting}

type support struct{ *Store }

// ofSupport is the scope of a session: its tenant's, and one's own.
func ofSupport(ctx context.Context) func(*gorm.DB) *gorm.DB {
	a := core.ActorFrom(ctx)
	return func(db *gorm.DB) *gorm.DB {
		if a.AllTenants() {
			return db
		}
		if a.UserID == "" {
			return db.Where("tenant_id IN ?", a.TenantIDs())
		}
		return db.Where("(tenant_id IN ? OR user_id = ?)", a.TenantIDs(), a.UserID)
	}
}

func (s support) Create(ctx context.Context, session core.SupportSession) error {
	row := newSupportRow(session)
	return s.write(ctx, func(db *gorm.DB) error { return db.Create(&row).Error })
}

func (s support) Get(ctx context.Context, id string) (core.SupportSession, error) {
	var row supportRow
	err := s.read(ctx, func(db *gorm.DB) error { return db.Scopes(ofSupport(ctx)).Take(&row, "id = ?", id).Error })
	return row.session(), err
}

func (s support) Update(ctx context.Context, session core.SupportSession, from core.SupportState) error {
	return s.transact(ctx, func(tx *Store) error {
		changed := int64(0)
		err := tx.write(ctx, func(db *gorm.DB) error {
			db = db.Model(&supportRow{}).Scopes(ofSupport(ctx)).Where("id = ? AND state = ?", session.ID, from).
				Select("state", "expires_at", "decided_by", "decided_at", "ended_by", "ended_at").Updates(newSupportRow(session))
			changed = db.RowsAffected
			return db.Error
		})
		if err != nil || changed == 1 {
			return err
		}
		if _, err := tx.Support().Get(ctx, session.ID); err != nil {
			return err
		}
		return core.Errorf(core.ECONFLICT, "error.changed_meanwhile")
	})
}

func (s support) List(ctx context.Context, f core.SupportFilter) ([]core.SupportSession, error) {
	var rows []supportRow
	err := s.read(ctx, func(db *gorm.DB) error {
		db = db.Scopes(ofSupport(ctx))
		if f.TenantID != "" {
			db = db.Where("tenant_id = ?", f.TenantID)
		}
		if f.UserID != "" {
			db = db.Where("user_id = ?", f.UserID)
		}
		if !f.Active.IsZero() {
			db = db.Where("state IN ? AND expires_at > ?", activeStates, moment(f.Active))
		}
		if f.Before != "" {
			db = db.Where("id < ?", f.Before)
		}
		return db.Order("id DESC").Limit(atMost(f.Limit, 100)).Find(&rows).Error
	})
	return each(rows, supportRow.session), err
}

func (s support) OpenTenants(ctx context.Context, userID string, now time.Time) ([]string, error) {
	var ids []string
	err := s.read(ctx, func(db *gorm.DB) error {
		return db.Model(&supportRow{}).Where("user_id = ? AND state = ? AND expires_at > ?", userID, core.SupportOpen, moment(now)).
			Distinct().Pluck("tenant_id", &ids).Error
	})
	return ids, err
}

func (s support) Expired(ctx context.Context, now time.Time) ([]core.SupportSession, error) {
	var rows []supportRow
	err := s.read(ctx, func(db *gorm.DB) error {
		return db.Where("state IN ? AND expires_at <= ?", activeStates, moment(now)).Order("expires_at, id").Limit(100).
			Find(&rows).Error
	})
	return each(rows, supportRow.session), err
}

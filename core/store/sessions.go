package store

import (
	"context"
	"time"

	"gorm.io/gorm"

	"berth/core"
)

type sessionRow struct {
	TokenHash string `gorm:"primaryKey"`
	ID        string
	UserID    string
	Peer      string
	Agent     string
	Data      []byte
	CreatedAt moment
	SeenAt    moment
	ExpiresAt moment
}

func (sessionRow) TableName() string { return "sessions" }

func (r sessionRow) session() core.Session {
	return core.Session{ID: r.ID, TokenHash: r.TokenHash, UserID: r.UserID, Peer: r.Peer, Agent: r.Agent, Data: r.Data,
		CreatedAt: time.Time(r.CreatedAt), SeenAt: time.Time(r.SeenAt), ExpiresAt: time.Time(r.ExpiresAt)}
}

// sessions is not scoped: see core.SessionStore.
type sessions struct{ *Store }

func (s sessions) Create(ctx context.Context, in core.Session) error {
	row := sessionRow{TokenHash: in.TokenHash, ID: in.ID, UserID: in.UserID, Peer: in.Peer, Agent: in.Agent, Data: in.Data,
		CreatedAt: moment(in.CreatedAt), SeenAt: moment(in.SeenAt), ExpiresAt: moment(in.ExpiresAt)}
	return s.write(ctx, func(db *gorm.DB) error { return db.Create(&row).Error })
}

func (s sessions) Find(ctx context.Context, tokenHash string) (data []byte, ok bool, err error) {
	var rows []sessionRow
	err = s.read(ctx, func(db *gorm.DB) error {
		return db.Select("data").Limit(1).Find(&rows, "token_hash = ? AND expires_at > ?", tokenHash, moment(time.Now())).Error
	})
	if err != nil || len(rows) == 0 {
		return nil, false, err
	}
	return rows[0].Data, true, nil
}

func (s sessions) Touch(ctx context.Context, tokenHash string, data []byte, seen, expires time.Time) error {
	return s.write(ctx, func(db *gorm.DB) error {
		return db.Model(&sessionRow{}).Where("token_hash = ?", tokenHash).Select("data", "seen_at", "expires_at").
			Updates(sessionRow{Data: data, SeenAt: moment(seen), ExpiresAt: moment(expires)}).Error
	})
}

func (s sessions) Delete(ctx context.Context, tokenHash string) error {
	return s.write(ctx, func(db *gorm.DB) error {
		return db.Delete(&sessionRow{}, "token_hash = ?", tokenHash).Error
	})
}

func (s sessions) CountOf(ctx context.Context, userID string) (int, error) {
	var n int64
	err := s.read(ctx, func(db *gorm.DB) error {
		return db.Model(&sessionRow{}).Where("user_id = ? AND expires_at > ?", userID, moment(time.Now())).Count(&n).Error
	})
	return int(n), err
}

func (s sessions) OfUser(ctx context.Context, userID string, now time.Time) ([]core.Session, error) {
	var rows []sessionRow
	err := s.read(ctx, func(db *gorm.DB) error {
		return db.Omit("data").Order("seen_at DESC, id DESC").Find(&rows, "user_id = ? AND expires_at > ?", userID, moment(now)).Error
	})
	return each(rows, sessionRow.session), err
}

func (s sessions) DeleteOne(ctx context.Context, userID, id string) error {
	return s.write(ctx, func(db *gorm.DB) error {
		return found(db.Delete(&sessionRow{}, "user_id = ? AND id = ?", userID, id))
	})
}

func (s sessions) DeleteOthers(ctx context.Context, userID, keepID string) (int, error) {
	var n int64
	err := s.write(ctx, func(db *gorm.DB) error {
		db = db.Delete(&sessionRow{}, "user_id = ? AND id <> ?", userID, keepID)
		n = db.RowsAffected
		return db.Error
	})
	return int(n), err
}

func (s sessions) DeleteExpired(ctx context.Context, now time.Time) error {
	return s.write(ctx, func(db *gorm.DB) error {
		return db.Delete(&sessionRow{}, "expires_at <= ?", moment(now)).Error
	})
}

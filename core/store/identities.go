package store

import (
	"context"
	"time"

	"gorm.io/gorm"

	"berth/core"
)

type identityRow struct {
	Issuer    string `gorm:"primaryKey"`
	Subject   string `gorm:"primaryKey"`
	UserID    string
	CreatedAt moment
}

func (identityRow) TableName() string { return "identities" }

func (r identityRow) identity() core.Identity {
	return core.Identity{Issuer: r.Issuer, Subject: r.Subject, UserID: r.UserID, CreatedAt: time.Time(r.CreatedAt)}
}

// Identities implements core.Store.
func (s *Store) Identities() core.IdentityStore { return identities{s} }

// identities is not scoped: see core.IdentityStore.
type identities struct{ *Store }

func (s identities) Create(ctx context.Context, i core.Identity) error {
	row := identityRow{Issuer: i.Issuer, Subject: i.Subject, UserID: i.UserID, CreatedAt: moment(i.CreatedAt)}
	return s.write(ctx, func(db *gorm.DB) error { return db.Create(&row).Error })
}

func (s identities) Get(ctx context.Context, issuer, subject string) (core.Identity, error) {
	var row identityRow
	err := s.read(ctx, func(db *gorm.DB) error {
		return db.Take(&row, "issuer = ? AND subject = ?", issuer, subject).Error
	})
	return row.identity(), err
}

func (s identities) OfUser(ctx context.Context, userID string) ([]core.Identity, error) {
	var rows []identityRow
	err := s.read(ctx, func(db *gorm.DB) error {
		return db.Order("created_at, issuer, subject").Find(&rows, "user_id = ?", userID).Error
	})
	return each(rows, identityRow.identity), err
}

package store

import (
	"context"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"berth/core"
)

// setupRow is the one setup link; its id is always 1.
type setupRow struct {
	ID        int
	TokenHash string
	ExpiresAt moment
}

func (setupRow) TableName() string { return "setup_links" }

type setup struct{ *Store }

func (s setup) Put(ctx context.Context, l core.SetupLink) error {
	row := setupRow{ID: 1, TokenHash: l.TokenHash, ExpiresAt: moment(l.ExpiresAt)}
	return s.write(ctx, func(db *gorm.DB) error {
		return db.Clauses(clause.OnConflict{UpdateAll: true}).Create(&row).Error
	})
}

func (s setup) Get(ctx context.Context) (core.SetupLink, error) {
	var row setupRow
	err := s.read(ctx, func(db *gorm.DB) error { return db.Take(&row).Error })
	return core.SetupLink{TokenHash: row.TokenHash, ExpiresAt: time.Time(row.ExpiresAt)}, used(err)
}

func (s setup) Take(ctx context.Context, tokenHash string) error {
	return used(s.write(ctx, func(db *gorm.DB) error {
		return found(db.Delete(&setupRow{}, "token_hash = ?", tokenHash))
	}))
}

// used words the absence of the link.
func used(err error) error {
	if core.ErrorCode(err) == core.ENOTFOUND {
		return core.Errorf(core.EGONE, "error.setup_link_gone")
	}
	return err
}

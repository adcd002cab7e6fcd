package store

import (
	"context"
	"time"

	"gorm.io/gorm"

	"berth/core"
)

type ticketRow struct {
	Hash      string `gorm:"primaryKey"`
	Purpose   core.TicketPurpose
	UserID    string
	CreatedAt moment
	ExpiresAt moment
}

func (ticketRow) TableName() string { return "tickets" }

// Tickets implements core.Store.
func (s *Store) Tickets() core.TicketStore { return tickets{s} }

// tickets is not scoped: see core.TicketStore.
type tickets struct{ *Store }

func (s tickets) Create(ctx context.Context, t core.Ticket) error {
	row := ticketRow{Hash: t.Hash, Purpose: t.Purpose, UserID: t.UserID, CreatedAt: moment(t.CreatedAt), ExpiresAt: moment(t.ExpiresAt)}
	return s.write(ctx, func(db *gorm.DB) error { return db.Create(&row).Error })
}

func (s tickets) Get(ctx context.Context, purpose core.TicketPurpose, hash string) (core.Ticket, error) {
	var row ticketRow
	err := s.read(ctx, func(db *gorm.DB) error { return db.Take(&row, "hash = ? AND purpose = ?", hash, purpose).Error })
	return core.Ticket{Hash: row.Hash, Purpose: row.Purpose, UserID: row.UserID, CreatedAt: time.Time(row.CreatedAt),
		ExpiresAt: time.Time(row.ExpiresAt)}, spent(err)
}

func (s tickets) Take(ctx context.Context, purpose core.TicketPurpose, hash string) error {
	return spent(s.write(ctx, func(db *gorm.DB) error {
		return found(db.Delete(&ticketRow{}, "hash = ? AND purpose = ?", hash, purpose))
	}))
}

func (s tickets) DeleteOf(ctx context.Context, userID string) error {
	return s.write(ctx, func(db *gorm.DB) error { return db.Delete(&ticketRow{}, "user_id = ?", userID).Error })
}

func (s tickets) DeleteExpired(ctx context.Context, now time.Time) error {
	return s.write(ctx, func(db *gorm.DB) error { return db.Delete(&ticketRow{}, "expires_at <= ?", moment(now)).Error })
}

// spent words the absence of what works once.
func spent(err error) error {
	if core.ErrorCode(err) == core.ENOTFOUND {
		return core.Errorf(core.EGONE, "error.ticket_gone")
	}
	return err
}

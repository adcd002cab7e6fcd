package service

import (
	"context"
	"time"

	"berth/core"
)

// newTicket makes the secret of something that works once.
func (s *Service) newTicket(ctx context.Context, tx core.Store, purpose core.TicketPurpose, userID string, lasts time.Duration) (string, error) {
	secret, now := core.NewSecret(), s.now()
	err := tx.Tickets().Create(ctx, core.Ticket{Hash: hashSecret(secret), Purpose: purpose, UserID: userID, CreatedAt: now,
		ExpiresAt: now.Add(lasts)})
	return secret, err
}

// ticket returns what a secret stands for. Looking at it changes nothing. Errors: EGONE.
func (s *Service) ticket(ctx context.Context, purpose core.TicketPurpose, secret string) (core.Ticket, error) {
	t, err := s.store.Tickets().Get(ctx, purpose, hashSecret(secret))
	if err == nil && !s.now().Before(t.ExpiresAt) {
		err = core.Errorf(core.EGONE, "error.ticket_gone")
	}
	return t, err
}

// gone words that the person of a ticket is no more.
func gone(err error) error {
	if core.ErrorCode(err) == core.ENOTFOUND {
		return core.Errorf(core.EGONE, "error.ticket_gone")
	}
	return err
}

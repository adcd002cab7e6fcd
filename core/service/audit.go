package service

import (
	"context"
	"errors"

	"berth/core"
)

// audited carries out change in one transaction with the entry that says so. change fills in what it learns: tenant,
// before, after. What is refused or fails is undone and noted by itself.
func (s *Service) audited(ctx context.Context, note *core.AuditEntry, change func(tx core.Store) error) error {
	err := s.store.Transact(ctx, func(tx core.Store) error {
		if err := change(tx); err != nil {
			return err
		}
		return s.note(ctx, tx, note)
	})
	if err != nil {
		s.refused(ctx, note, err)
	}
	return err
}

// note appends an entry of what was done, as a part of the transaction that does it.
func (s *Service) note(ctx context.Context, tx core.Store, note *core.AuditEntry) error {
	e := s.signed(ctx, *note)
	e.Outcome = core.AuditDone
	return tx.Audit().Append(asSystem(ctx), e)
}

// refused appends an entry of an attempt that changed nothing. Strangers leave none: they would fill the audit.
func (s *Service) refused(ctx context.Context, note *core.AuditEntry, cause error) {
	e := s.signed(ctx, *note)
	if e.ActorKind == core.ActorNobody || errors.Is(cause, context.Canceled) {
		return
	}
	e.Before, e.After = nil, nil
	e.Outcome, e.Reason = core.AuditRefused, core.ErrorMessage(cause)
	switch core.ErrorCode(cause) {
	case core.EINTERNAL, core.EUNAVAILABLE, core.EINSUFFICIENT, core.EUNREACHABLE:
		e.Outcome = core.AuditFailed
	}
	if err := s.store.Audit().Append(asSystem(context.WithoutCancel(ctx)), e); err != nil {
		s.log.Error("an audit entry is lost", "action", e.Action, "actor", e.ActorID, "error", err)
	}
}

// signed fills in who, when and from where.
func (s *Service) signed(ctx context.Context, e core.AuditEntry) core.AuditEntry {
	a, o := core.ActorFrom(ctx), core.OriginFrom(ctx)
	e.ID, e.CreatedAt = core.NewID(), s.now()
	e.ActorKind, e.ActorID, e.UserID, e.ActorName = a.Kind, a.ID, a.UserID, a.Name
	e.Peer, e.Agent = o.Peer, shown(o.Agent)
	return e
}

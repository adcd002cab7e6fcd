package store

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"gorm.io/gorm"

	"berth/core"
)

const (
	patience   = 4500 * time.Millisecond // from the call of a method to its answer: a page says within 5 s that it cannot
	firstPause = 2 * time.Millisecond
	maxPause   = 100 * time.Millisecond
)

// transaction is the state of a Transact that is under way.
type transaction struct {
	deadline time.Time
	broken   error // the first fault after which the database may have ended the transaction by itself
}

// Transact implements core.Store. Inside another one it is a part of that: what it wrote is undone when it fails, and
// kept only when the outer one succeeds.
func (s *Store) Transact(ctx context.Context, f func(tx core.Store) error) error {
	return s.transact(ctx, func(tx *Store) error { return f(tx) })
}

func (s *Store) transact(ctx context.Context, f func(tx *Store) error) error {
	if s.tx != nil {
		return s.nest(ctx, f)
	}
	var own error // what f returned, which is the caller's and stays as it is
	err := persist(ctx, s.classify, func(ctx context.Context) error {
		deadline, _ := ctx.Deadline()
		t := &transaction{deadline: deadline}
		own = nil
		return s.writer.WithContext(ctx).Transaction(func(db *gorm.DB) error {
			own = f(s.within(db, t))
			return firstError(t.broken, own)
		}, s.txOptions)
	})
	if own != nil && !isCore(own) && errors.Is(err, own) {
		return own
	}
	return err
}

// nest runs f between a savepoint and its end.
func (s *Store) nest(ctx context.Context, f func(tx *Store) error) error {
	if s.tx.broken != nil {
		return s.tx.broken
	}
	ctx, cancel := context.WithDeadline(ctx, s.tx.deadline)
	defer cancel()
	var own error
	err := s.writer.WithContext(ctx).Transaction(func(db *gorm.DB) error {
		own = f(s.within(db, s.tx))
		return own
	})
	if own != nil {
		return own
	}
	return s.note(err)
}

// within returns a store whose reads and writes are part of a transaction.
func (s *Store) within(db *gorm.DB, t *transaction) *Store {
	return &Store{reader: db, writer: db, classify: s.classify, txOptions: s.txOptions, seal: s.seal, tx: t}
}

func (s *Store) read(ctx context.Context, f func(db *gorm.DB) error) error {
	return s.do(ctx, s.reader, f)
}

func (s *Store) write(ctx context.Context, f func(db *gorm.DB) error) error {
	return s.do(ctx, s.writer, f)
}

func (s *Store) do(ctx context.Context, db *gorm.DB, f func(db *gorm.DB) error) error {
	if s.tx != nil {
		return s.doWithin(ctx, db, f)
	}
	return persist(ctx, s.classify, func(ctx context.Context) error { return f(db.WithContext(ctx)) })
}

// doWithin runs f as a part of a transaction, unless that is broken: after a deadlock, say, the server has ended it,
// and a further statement would be committed by itself.
func (s *Store) doWithin(ctx context.Context, db *gorm.DB, f func(db *gorm.DB) error) error {
	if s.tx.broken != nil {
		return s.tx.broken
	}
	ctx, cancel := context.WithDeadline(ctx, s.tx.deadline)
	defer cancel()
	return s.note(f(db.WithContext(ctx)))
}

// note words an error of a transaction and remembers it when it may have ended that.
func (s *Store) note(err error) error {
	err = translate(s.classify, err)
	switch core.ErrorCode(err) {
	case core.EUNAVAILABLE, core.EINSUFFICIENT, core.EINTERNAL:
		s.tx.broken = err
	}
	return err
}

// persist calls f again while the database refuses for a reason that passes, until patience ends.
func persist(ctx context.Context, classify func(error) fault, f func(ctx context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for pause := firstPause; ; pause = min(2*pause, maxPause) {
		err := f(ctx)
		if err == nil || classify(err) != faultPassing || !sleep(ctx, rand.N(pause)) {
			return translate(classify, err)
		}
	}
}

// sleep reports whether d went by before ctx ended.
func sleep(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}

// isCore reports whether err has been worded already.
func isCore(err error) bool {
	_, ok := errors.AsType[*core.Error](err)
	return ok
}

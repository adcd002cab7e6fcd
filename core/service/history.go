package service

import (
	"context"
	"errors"
	"time"
)

// How long what happened to an app can be read.
const (
	historyKept  = 90 * 24 * time.Hour
	historyMost  = 1000 // events, and operations, of an app
	historyBatch = 500  // removed at a time, so that others can write meanwhile
)

// history is a store of what happened to apps.
type history interface {
	Prune(ctx context.Context, before time.Time, most int) (int, error)
	PruneApp(ctx context.Context, appID string, keep, most int) (int, error)
}

// pruneHistory removes old events and operations, once a day.
func (s *Service) pruneHistory(ctx context.Context, now time.Time) error {
	if !s.historyPruned.due(now) {
		return nil
	}
	apps, err := s.store.Apps().IDs(ctx)
	for _, h := range []history{s.store.Events(), s.store.Operations()} {
		err = errors.Join(err, batches(ctx, func() (int, error) { return h.Prune(ctx, now.Add(-historyKept), historyBatch) }))
		for _, id := range apps {
			err = errors.Join(err, batches(ctx, func() (int, error) { return h.PruneApp(ctx, id, historyMost, historyBatch) }))
		}
	}
	if err != nil || ctx.Err() != nil {
		s.historyPruned.last.Store(0) // to be done again
	}
	return err
}

// batches calls remove until it finds no whole batch any more.
func batches(ctx context.Context, remove func() (int, error)) error {
	for ctx.Err() == nil {
		if n, err := remove(); err != nil || n < historyBatch {
			return err
		}
		select {
		case <-ctx.Done():
		case <-time.After(prunePause):
		}
	}
	return nil
}

package service

import (
	"context"
	"sync/atomic"
	"time"

	"berth/core"
)

const (
	tidyEvery      = 20 * time.Second
	collectEvery   = 5 * time.Minute
	keepInvitation = 30 * 24 * time.Hour // after it expired, so that its link can say so
	keepSamples    = 90 * 24 * time.Hour // of what teams use
	collectAlso    = time.Hour           // when nothing is known of: a worker removes repositories too
)

// garbage notes that something was removed whose disk space can be had back.
type garbage struct {
	left atomic.Bool
	last atomic.Int64 // when it was collected, in seconds
}

func (g *garbage) add() { g.left.Store(true) }

// due reports, once, that it is time to collect.
func (g *garbage) due(now time.Time) bool {
	last := g.last.Load()
	since := time.Duration(now.Unix()-last) * time.Second
	if since < collectEvery || !g.left.Swap(false) && (last == 0 || since < collectAlso) {
		return false
	}
	g.last.Store(now.Unix())
	return true
}

// RunHousekeeping removes what is over, until ctx ends: sessions, the setup link, uploads that were given up, the
// images that nothing refers to any more, and what is older in the audit or an app's history than it is to be kept.
func (s *Service) RunHousekeeping(ctx context.Context) error {
	ctx = asSystem(ctx)
	s.garbage.add() // a previous process may have left some
	ticker := time.NewTicker(tidyEvery)
	defer ticker.Stop()
	for {
		s.tidy(ctx)
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-ticker.C:
		case <-s.hurry.signal:
		}
	}
}

// tidy does all of it once. What fails is tried again the next time and keeps nothing else from being done.
func (s *Service) tidy(ctx context.Context) {
	now := s.now()
	for what, err := range map[string]error{
		"invitations": s.store.Invitations().Prune(ctx, now.Add(-keepInvitation)),
		"sessions":    s.store.Sessions().DeleteExpired(ctx, now),
		"tickets":     s.store.Tickets().DeleteExpired(ctx, now),
		"setup link":  s.dropSetupLink(ctx, now),
		"uploads":     s.dropExpired(ctx, now),
		"images":      s.collect(ctx, now),
		"support":     s.endExpired(ctx, now),
		"audit":       s.pruneAudit(ctx, now),
		"use":         s.store.Usage().PruneSamples(ctx, now.Add(-keepSamples)),
		"history":     s.pruneHistory(ctx, now),
		"traffic":     s.pruneTraffic(ctx, now),
		"alerts":      s.pruneAlerts(ctx, now),
		"logs":        s.pruneLines(ctx, now),
	} {
		if err != nil && ctx.Err() == nil {
			s.log.Warn("housekeeping is to be done again", "what", what, "error", err)
		}
	}
}

func (s *Service) dropSetupLink(ctx context.Context, now time.Time) error {
	link, err := s.store.Setup().Get(ctx)
	if err == nil && !now.Before(link.ExpiresAt) {
		err = s.store.Setup().Take(ctx, link.TokenHash)
	}
	if core.ErrorCode(err) == core.EGONE {
		return nil
	}
	return err
}

func (s *Service) dropExpired(ctx context.Context, now time.Time) error {
	expired, err := s.store.Uploads().Expired(ctx, now)
	for _, u := range expired {
		if e := s.dropUpload(ctx, u); e != nil {
			err = e
		}
	}
	return err
}

func (s *Service) collect(ctx context.Context, now time.Time) error {
	if !s.garbage.due(now) {
		return nil
	}
	freed, err := s.images.CollectGarbage(ctx)
	if err != nil {
		s.garbage.add()
		return err
	}
	if freed > 0 {
		s.log.Info("disk space is free again", "bytes", int64(freed))
	}
	return nil
}

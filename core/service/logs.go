package service

import (
	"context"

	"berth/core"
)

// maxTail is the most that a reader of logs begins with, in lines.
const maxTail = 5000

// MayReadLogs says whether the actor may read what an app writes. Errors: EUNAUTHORIZED, ENOTFOUND, EFORBIDDEN.
func (s *Service) MayReadLogs(ctx context.Context, appID string) error {
	_, err := appFor(ctx, s.store, appID, core.ActLogs)
	return err
}

// StreamLogs calls f for the lines of an app until ctx ends; see core.LogSource. Errors: EUNAUTHORIZED, ENOTFOUND,
// EFORBIDDEN.
func (s *Service) StreamLogs(ctx context.Context, view core.LogView, f func(core.LogLine) error) error {
	if err := s.MayReadLogs(ctx, view.AppID); err != nil {
		return err
	}
	view.Tail = min(max(view.Tail, 0), maxTail)
	return s.logs.Stream(ctx, view, f)
}

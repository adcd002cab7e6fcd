package handlers

import (
	"context"
	"time"

	"berth/core"
)

// What is marked at most: the newest events, and of them no more than these pages, which hold all that is kept of an app.
const (
	maxMarks     = 200
	markPages    = 12
	markPageSize = 100
)

// happened returns the events of an app that are wanted, since a time and, unless it is zero, before another; the newest
// first, at most maxMarks.
func (h *Handlers) happened(ctx context.Context, appID string, since, before time.Time, wanted func(core.Event) bool) ([]core.Event, error) {
	var all []core.Event
	f := core.EventFilter{AppID: appID, Limit: markPageSize}
	if !before.IsZero() {
		f.Before = core.LeastID(before)
	}
	for range markPages {
		events, err := h.Service.Events(ctx, f)
		if err != nil {
			return nil, err
		}
		for _, e := range events {
			if len(all) == maxMarks || e.CreatedAt.Before(since) {
				return all, nil
			}
			if wanted(e) {
				all = append(all, e)
			}
		}
		if len(events) < f.Limit {
			break
		}
		f.Before = events[len(events)-1].ID
	}
	return all, nil
}

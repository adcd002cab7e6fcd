package service

import (
	"context"
	"errors"
	"strings"
	"time"

	"berth/core"
)

// SearchLogs returns lines that an app wrote, and whether there may be more behind them; see core.LogSearch. Lines
// that are older than the tenant's quota allows are not found, nor are those of an app of the same name before this
// one. Whoever is no member of the tenant leaves an entry in its audit.
// Errors: EUNAUTHORIZED, ENOTFOUND, EFORBIDDEN, EINVALID, EUNAVAILABLE.
func (s *Service) SearchLogs(ctx context.Context, q core.LogSearch) ([]core.LogRecord, bool, error) {
	q, err := s.readableLines(ctx, q)
	if err != nil {
		return nil, false, err
	}
	return s.lines.Search(ctx, q)
}

// LogsAround returns the lines of an app before and after a position, and the one at it, oldest first; at most n on
// each side. Errors: as SearchLogs.
func (s *Service) LogsAround(ctx context.Context, q core.LogSearch, at core.LogPosition, n int) ([]core.LogRecord, error) {
	q.Limit = n
	q, err := s.readableLines(ctx, q)
	if err != nil {
		return nil, err
	}
	q.Beyond = at
	older, _, err := s.lines.Search(ctx, q)
	if err != nil {
		return nil, err
	}
	q.Beyond = core.LogPosition{Time: at.Time.Add(-1), Instance: "~"} // behind every instance of the moment before
	q.Forward, q.Limit = true, min(n+1, core.MaxLogPage)
	newer, _, err := s.lines.Search(ctx, q)
	if err != nil {
		return nil, err
	}
	lines := make([]core.LogRecord, 0, len(older)+len(newer))
	for i := range older {
		lines = append(lines, older[len(older)-1-i])
	}
	for _, r := range newer {
		if r.Position().Compare(at) >= 0 {
			lines = append(lines, r)
		}
	}
	return lines, nil
}

// readableLines narrows a search to what the actor may read.
func (s *Service) readableLines(ctx context.Context, q core.LogSearch) (core.LogSearch, error) {
	note := core.AuditEntry{Action: "logs.search", AppID: q.AppID}
	app, err := appFor(ctx, s.store, q.AppID, core.ActLogs)
	if err != nil {
		s.refused(ctx, &note, err)
		return q, err
	}
	if err := q.Validate(); err != nil {
		return q, err
	}
	if s.lines == nil {
		return q, core.Errorf(core.EUNAVAILABLE, "error.log_store_away")
	}
	q.TenantID = app.TenantID
	from := app.CreatedAt
	limits, err := tenantLimits(ctx, s.store, app.TenantID)
	if err != nil {
		return q, err
	}
	if hours, limited := limits[core.ResourceLogKept]; limited {
		from = later(from, s.now().Add(-time.Duration(hours)*time.Hour))
	}
	q.From = later(q.From, from)
	actor, words := core.ActorFrom(ctx), strings.Join(q.Words, " ")
	reader := logReader{actor.ID, app.ID, words}
	if actor.Roles[app.TenantID].Valid() || !q.Beyond.IsZero() && s.logReaders.known(reader, s.now()) { // the first page has an entry
		return q, nil
	}
	note.TenantID = app.TenantID
	if words != "" {
		note.After = map[string]string{"words": words}
	}
	if err := s.note(ctx, s.store, &note); err != nil {
		return q, err // nobody reads unseen
	}
	s.logReaders.noted(reader, s.now())
	return q, nil
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// pruneLines removes, once a day, lines that tenants' quotas do not keep any longer.
func (s *Service) pruneLines(ctx context.Context, now time.Time) error {
	if s.lines == nil || !s.linesPruned.due(now) {
		return nil
	}
	var failed error
	filter := core.TenantFilter{}
	for {
		tenants, next, err := s.store.Tenants().List(ctx, filter)
		if err != nil {
			return err
		}
		for _, t := range tenants {
			limits, err := core.LimitsOf(ctx, s.store, t)
			if hours, limited := limits[core.ResourceLogKept]; err == nil && limited {
				err = s.lines.Forget(ctx, t.ID, "", now.Add(-time.Duration(hours)*time.Hour))
			}
			failed = errors.Join(failed, err)
		}
		if filter.Cursor = next; next == "" {
			break
		}
	}
	if failed != nil || ctx.Err() != nil {
		s.linesPruned.last.Store(0) // to be done again
	}
	return failed
}

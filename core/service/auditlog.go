package service

import (
	"context"
	"strconv"
	"sync/atomic"
	"time"

	"berth/core"
)

// Audit returns a page of who did what in a tenant, newest first, or for f.TenantID "" on the platform and, unless
// f.Platform, everywhere. A page may be short and still have a next one; see core.AuditStore. At most 100 entries.
// Errors: EUNAUTHORIZED, ENOTFOUND, EFORBIDDEN, EINVALID.
func (s *Service) Audit(ctx context.Context, f core.AuditFilter) (entries []core.AuditEntry, next string, err error) {
	if f, err = s.auditFilter(ctx, f); err != nil {
		return nil, "", err
	}
	f.Limit = atMost(f.Limit, 100)
	return s.store.Audit().List(ctx, f)
}

// AuditActors returns who left the newest entries of a tenant, or of the platform for "". Errors: as Audit.
func (s *Service) AuditActors(ctx context.Context, tenantID string) ([]core.AuditActor, error) {
	if _, err := s.auditFilter(ctx, core.AuditFilter{TenantID: tenantID}); err != nil {
		return nil, err
	}
	return s.store.Audit().Actors(ctx, tenantID)
}

// ExportAudit calls f for every entry that the filter leaves, newest first, and is an entry itself. format is for
// that entry. It reads page by page, so that a slow reader holds nothing. Errors: as Audit, that of f.
func (s *Service) ExportAudit(ctx context.Context, filter core.AuditFilter, format string, f func(core.AuditEntry) error) (err error) {
	note := core.AuditEntry{Action: "audit.export", TenantID: filter.TenantID, AppID: filter.AppID}
	defer s.attempted(ctx, &note, &err)
	said := filter
	if filter, err = s.auditFilter(ctx, filter); err != nil {
		return err
	}
	note.After = exportValues(said, format)
	if err := s.note(ctx, s.store, &note); err != nil {
		return err // nobody takes it away unseen
	}
	note.Outcome = core.AuditDone // whatever comes of the reading
	for filter.Limit = auditBatch; ; {
		entries, next, err := s.store.Audit().List(ctx, filter)
		if err != nil {
			return err
		}
		for _, e := range entries {
			if err := f(e); err != nil {
				return err
			}
		}
		if next == "" {
			return nil
		}
		filter.Cursor = next
	}
}

// auditBatch is how many entries are read or removed at once.
const auditBatch = 1000

func exportValues(f core.AuditFilter, format string) map[string]string {
	values := map[string]string{"format": format}
	for name, value := range map[string]string{"app": f.AppID, "by": f.Actor, "action": f.Action,
		"outcome": string(f.Outcome), "search": f.Search} {
		if value != "" {
			values[name] = value
		}
	}
	if !f.From.IsZero() {
		values["from"] = f.From.UTC().Format(time.RFC3339)
	}
	if !f.To.IsZero() {
		values["to"] = f.To.UTC().Format(time.RFC3339)
	}
	return values
}

// auditFilter allows the actor a filter. What was written before a tenant was made is of an earlier one that had its
// id, and of nobody's business.
func (s *Service) auditFilter(ctx context.Context, f core.AuditFilter) (core.AuditFilter, error) {
	act := core.ActAudit
	if f.TenantID == "" {
		act = core.ActOperate
	}
	if err := s.authorize(ctx, act, f.TenantID); err != nil {
		return f, err
	}
	if err := f.Validate(); err != nil {
		return f, err
	}
	if f.AppID != "" && core.ValidateSlug("app", f.AppID) != nil {
		return f, core.Invalid("app", "error.audit_app")
	}
	if f.TenantID == "" {
		return f, nil
	}
	tenant, err := s.store.Tenants().Get(ctx, f.TenantID)
	if tenant.CreatedAt.After(f.From) {
		f.From = tenant.CreatedAt
	}
	return f, err
}

// pruned notes when the audit was last pruned, in seconds.
type pruned struct{ last atomic.Int64 }

// due reports, once a day, that it is time to prune.
func (p *pruned) due(now time.Time) bool {
	last := p.last.Load()
	return now.Unix()-last >= 24*60*60 && p.last.CompareAndSwap(last, now.Unix())
}

// prunePause lets others write between two batches.
const prunePause = 50 * time.Millisecond

// pruneAudit removes what is older than it is to be kept, batch by batch, and notes how much that was.
func (s *Service) pruneAudit(ctx context.Context, now time.Time) error {
	if s.auditKept <= 0 || !s.auditPruned.due(now) {
		return nil
	}
	before, total := now.Add(-s.auditKept), 0
	for {
		n, err := s.store.Audit().Prune(ctx, before, auditBatch)
		total += n
		if err != nil {
			s.auditPruned.last.Store(0)
		}
		if err != nil || n < auditBatch {
			s.notePruned(ctx, total, before)
			return err
		}
		select {
		case <-ctx.Done():
			s.auditPruned.last.Store(0)
			s.notePruned(ctx, total, before)
			return nil
		case <-time.After(prunePause):
		}
	}
}

func (s *Service) notePruned(ctx context.Context, total int, before time.Time) {
	if total == 0 {
		return
	}
	s.noted(ctx, &core.AuditEntry{Action: "audit.prune", After: map[string]string{
		"entries": strconv.Itoa(total), "before": before.UTC().Format(time.RFC3339)}})
	s.log.Info("old audit entries are gone", "entries", total, "before", before)
}

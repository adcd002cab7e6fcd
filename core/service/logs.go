package service

import (
	"context"
	"time"

	"berth/core"
)

// maxTail is the most that a reader of logs begins with, in lines.
const maxTail = 5000

// MayReadLogs says whether the actor may read what an app writes. Errors: EUNAUTHORIZED, ENOTFOUND, EFORBIDDEN.
func (s *Service) MayReadLogs(ctx context.Context, appID string) error {
	_, err := appFor(ctx, s.store, appID, core.ActLogs)
	return err
}

// StreamLogs calls f for the lines of an app until ctx ends; see core.LogSource. Whoever is no member of the tenant
// leaves an entry in its audit before the first line and another one after the last.
// Errors: EUNAUTHORIZED, ENOTFOUND, EFORBIDDEN.
func (s *Service) StreamLogs(ctx context.Context, view core.LogView, f func(core.LogLine) error) error {
	note := core.AuditEntry{Action: "logs.read", AppID: view.AppID}
	app, err := appFor(ctx, s.store, view.AppID, core.ActLogs)
	if err != nil {
		s.refused(ctx, &note, err)
		return err
	}
	view.Tail = min(max(view.Tail, 0), maxTail)
	if core.ActorFrom(ctx).Roles[app.TenantID].Valid() {
		return s.logs.Stream(ctx, view, f)
	}
	note.TenantID, note.Object = app.TenantID, view.InstanceID
	if err := s.note(ctx, s.store, &note); err != nil {
		return err // nobody reads unseen
	}
	began := s.now()
	err = s.logs.Stream(ctx, view, f)
	note.Action = "logs.close"
	note.After = map[string]string{"took": s.now().Sub(began).Round(time.Second).String()}
	s.noted(ctx, &note)
	return err
}

// LogInstances returns instances whose logs the actor may read, in the order of ids; at most 100. Errors:
// EUNAUTHORIZED, ENOTFOUND for one that does not exist, EFORBIDDEN.
func (s *Service) LogInstances(ctx context.Context, ids []string) ([]core.Instance, error) {
	actor, err := signedIn(ctx)
	if err != nil {
		return nil, err
	}
	found := make([]core.Instance, 0, len(ids))
	for _, id := range ids[:min(len(ids), 100)] {
		i, err := s.store.Instances().Get(ctx, id)
		if err != nil {
			return nil, err
		}
		if err := actor.Authorize(core.ActLogs, i.TenantID); err != nil {
			return nil, err
		}
		found = append(found, i)
	}
	return found, nil
}

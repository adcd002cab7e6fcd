package service

import (
	"context"

	"berth/core"
)

// Apps returns a page of apps with what a list shows of each, in a number of queries that does not grow with the
// page. Version and traffic are left out where the actor may not inspect. Errors: EUNAUTHORIZED, ENOTFOUND for a tenant, EINVALID at "cursor", "kind".
func (s *Service) Apps(ctx context.Context, f core.AppFilter) (page []core.AppSummary, next string, err error) {
	actor, err := signedIn(ctx)
	if err != nil {
		return nil, "", err
	}
	if f.TenantID != "" {
		if err := actor.Authorize(core.ActView, f.TenantID); err != nil {
			return nil, "", err
		}
	}
	f.Limit = atMost(f.Limit, 100)
	apps, next, err := s.store.Apps().List(ctx, f)
	if err != nil || len(apps) == 0 {
		return nil, "", err
	}
	page, err = s.summaries(ctx, apps)
	return page, next, err
}

func (s *Service) summaries(ctx context.Context, apps []core.App) ([]core.AppSummary, error) {
	actor := core.ActorFrom(ctx)
	ids, serving := make([]string, len(apps)), map[string]int{}
	for i, a := range apps {
		ids[i] = a.ID
		if a.Serving > 0 && actor.Can(core.ActInspect, a.TenantID) {
			serving[a.ID] = a.Serving
		}
	}
	counts, err := s.store.Instances().Counts(ctx, ids)
	if err != nil {
		return nil, err
	}
	events, err := s.store.Events().Latest(ctx, ids)
	if err != nil {
		return nil, err
	}
	releases, err := s.store.Releases().Pick(ctx, serving)
	if err != nil {
		return nil, err
	}
	page := make([]core.AppSummary, len(apps))
	for i, a := range apps {
		page[i] = core.AppSummary{App: a, Version: releases[a.ID].Spec.Labels(), Instances: counts[a.ID],
			Event: outside(actor, events[a.ID])}
		if actor.Can(core.ActInspect, a.TenantID) {
			page[i].Traffic = s.trafficOf(a.ID)
		}
		if !a.IsService() {
			page[i].URL = s.URL(a.ID)
		}
	}
	return page, nil
}

// Instances returns the instances of an app, oldest first. Errors: EUNAUTHORIZED, ENOTFOUND.
func (s *Service) Instances(ctx context.Context, appID string) ([]core.Instance, error) {
	app, err := s.App(ctx, appID)
	if err != nil {
		return nil, err
	}
	instances, err := s.store.Instances().List(ctx, appID)
	for i := range instances {
		instances[i].Exit.Lines = s.readable(ctx, app, instances[i].Exit.Lines)
	}
	return instances, err
}

// Traffic returns what the gateway of this process counted for an app. Errors: EUNAUTHORIZED, ENOTFOUND, EFORBIDDEN.
func (s *Service) Traffic(ctx context.Context, appID string) (core.TrafficCounts, error) {
	if _, err := inspectable(ctx, s.store, appID); err != nil {
		return core.TrafficCounts{}, err
	}
	return s.trafficOf(appID), nil
}

// trafficOf is zero where no gateway runs in this process.
func (s *Service) trafficOf(appID string) core.TrafficCounts {
	if s.traffic == nil {
		return core.TrafficCounts{}
	}
	return s.traffic.App(appID)
}

// atMost bounds the length of a list.
func atMost(limit, most int) int {
	if limit < 1 || limit > most {
		return most
	}
	return limit
}

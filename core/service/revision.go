package service

import (
	"context"

	"berth/core"
)

// Revisions returns releases of an app as Releases does, each with what it changed and how it was carried out.
// Errors: EUNAUTHORIZED, ENOTFOUND, EFORBIDDEN.
func (s *Service) Revisions(ctx context.Context, appID string, before, limit int) ([]core.Revision, error) {
	if _, err := inspectable(ctx, s.store, appID); err != nil {
		return nil, err
	}
	limit = atMost(limit, maxRevisions)
	releases, err := s.store.Releases().List(ctx, appID, before, limit+1) // one more, to compare the last with
	if err != nil || len(releases) == 0 {
		return nil, err
	}
	deploys, err := s.store.Operations().OfReleases(ctx, appID, releases[len(releases)-1].Number, releases[0].Number)
	if err != nil {
		return nil, err
	}
	revisions := make([]core.Revision, min(limit, len(releases)))
	for i := range revisions {
		revisions[i] = core.Revision{Release: masked(releases[i]), Operation: deploys[releases[i].Number]}
		if revisions[i].Switch, err = s.switchOfRelease(ctx, releases[i]); err != nil {
			return nil, err
		}
		if i+1 < len(releases) {
			revisions[i].Changes = core.Diff(releases[i+1].Spec, releases[i].Spec)
		}
	}
	return revisions, nil
}

const maxRevisions = 50

// Compare returns a release of an app, and what differs in it from another one of the app; other 0 takes the one
// before it. Errors: EUNAUTHORIZED, EFORBIDDEN, ENOTFOUND for either number.
func (s *Service) Compare(ctx context.Context, appID string, number, other int) (core.Revision, error) {
	if _, err := inspectable(ctx, s.store, appID); err != nil {
		return core.Revision{}, err
	}
	r, err := s.store.Releases().Get(ctx, appID, number)
	if err != nil {
		return core.Revision{}, err
	}
	deploys, err := s.store.Operations().OfReleases(ctx, appID, number, number)
	if err != nil {
		return core.Revision{}, err
	}
	revision := core.Revision{Release: masked(r), Operation: deploys[number]}
	if revision.Switch, err = s.switchOfRelease(ctx, r); err != nil {
		return revision, err
	}
	if other == 0 {
		other = number - 1
	}
	if other == 0 {
		return revision, nil
	}
	with, err := s.store.Releases().Get(ctx, appID, other)
	revision.Changes = core.Diff(with.Spec, r.Spec)
	return revision, err
}

// switchOfRelease is zero when no gateway counted the switch to a release.
func (s *Service) switchOfRelease(ctx context.Context, r core.Release) (core.SwitchCount, error) {
	if r.Served == 0 {
		return core.SwitchCount{}, nil
	}
	counted, err := s.store.SwitchCounts().Get(ctx, r.AppID, r.Number)
	if core.ErrorCode(err) == core.ENOTFOUND {
		return core.SwitchCount{}, nil
	}
	return counted, err
}

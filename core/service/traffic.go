package service

import (
	"context"
	"errors"
	"time"

	"berth/core"
)

// TrafficOver returns what happened to an app in a range. Errors: EUNAUTHORIZED, ENOTFOUND, EFORBIDDEN, EINVALID.
func (s *Service) TrafficOver(ctx context.Context, appID string, r core.TrafficRange) (core.TrafficView, error) {
	v := core.TrafficView{Range: r}
	if _, err := inspectable(ctx, s.store, appID); err != nil {
		return v, err
	}
	switch r {
	case core.RangeLive, core.RangeHour, core.RangeDay, core.RangeMonth:
	default:
		return v, core.Invalid("range", "error.traffic_range")
	}
	now := s.now()
	live := core.TrafficStep{AppID: appID, At: now.Add(-r.Length()), Length: r.Length()}
	if reader, ok := s.traffic.(core.TrafficReader); ok {
		v.Gateways = reader.Gateways()
		if r == core.RangeLive {
			live = reader.Live(appID)
		}
	}
	counts := s.trafficOf(appID)
	v.Recent, v.Active = counts.Recent, counts.Total.Active
	if r == core.RangeLive {
		v.Sum = live
		return v, nil
	}
	steps, err := s.trafficSteps(ctx, appID, r, now)
	v.Steps, v.Sum = steps, live
	for _, step := range steps {
		v.Sum = v.Sum.Plus(step)
	}
	v.Sum.Bound()
	return v, err
}

// trafficSteps returns the steps of a range without a gap. The last of them is not over: it is made of shorter ones.
func (s *Service) trafficSteps(ctx context.Context, appID string, r core.TrafficRange, now time.Time) ([]core.TrafficStep, error) {
	length := core.TrafficSteps[r.Step()].Length
	last := now.Truncate(length)
	first := last.Add(length - r.Length())
	kept, err := s.store.Traffic().List(ctx, appID, length, first, last.Add(length))
	if err != nil {
		return nil, err
	}
	steps := make([]core.TrafficStep, 0, int(r.Length()/length))
	for at := first; !at.After(last); at = at.Add(length) {
		step := core.TrafficStep{AppID: appID, At: at, Length: length}
		if len(kept) > 0 && kept[0].At.Equal(at) {
			step, kept = kept[0], kept[1:]
		}
		steps = append(steps, step)
	}
	for i := r.Step(); i > 0; i-- {
		shorter := core.TrafficSteps[i-1].Length
		parts, err := s.store.Traffic().List(ctx, appID, shorter, now.Truncate(core.TrafficSteps[i].Length), now)
		if err != nil {
			return nil, err
		}
		for _, p := range parts {
			at, of := steps[len(steps)-1].At, steps[len(steps)-1].Length
			steps[len(steps)-1] = steps[len(steps)-1].Plus(p)
			steps[len(steps)-1].At, steps[len(steps)-1].Length = at, of
		}
	}
	return steps, nil
}

// AccessLog returns the requests of an app that match, newest first. Errors: EUNAUTHORIZED, ENOTFOUND, EFORBIDDEN,
// EINVALID.
func (s *Service) AccessLog(ctx context.Context, appID string, q core.AccessQuery) (core.AccessPage, error) {
	q, err := s.accessQuery(ctx, appID, q)
	if err != nil || s.access == nil {
		return core.AccessPage{}, err
	}
	return s.access.Search(ctx, appID, q)
}

// FollowAccess calls f for the requests of an app to come that match, until ctx ends. Errors: as AccessLog.
func (s *Service) FollowAccess(ctx context.Context, appID string, q core.AccessQuery, f func(line core.AccessLine, missed int) error) error {
	q, err := s.accessQuery(ctx, appID, q)
	if err != nil {
		return err
	}
	if s.access == nil {
		<-ctx.Done()
		return nil
	}
	return s.access.Follow(ctx, appID, q, f)
}

// accessQuery checks who asks for what. Lines from before the app was made belong to another one of the same name.
func (s *Service) accessQuery(ctx context.Context, appID string, q core.AccessQuery) (core.AccessQuery, error) {
	app, err := inspectable(ctx, s.store, appID)
	if err != nil {
		return q, err
	}
	if q.After.Before(app.CreatedAt) {
		q.After = app.CreatedAt
	}
	return q, q.Validate()
}

// MayInspect says whether the actor may look at an app closely. Errors: EUNAUTHORIZED, ENOTFOUND, EFORBIDDEN.
func (s *Service) MayInspect(ctx context.Context, appID string) error {
	_, err := inspectable(ctx, s.store, appID)
	return err
}

// SwitchCounts returns what the gateways counted while a release took over; zero when it did not yet. Errors:
// EUNAUTHORIZED, ENOTFOUND, EFORBIDDEN.
func (s *Service) SwitchCounts(ctx context.Context, appID string, release int) (core.SwitchCount, error) {
	if _, err := inspectable(ctx, s.store, appID); err != nil {
		return core.SwitchCount{}, err
	}
	c, err := s.store.SwitchCounts().Get(ctx, appID, release)
	if core.ErrorCode(err) == core.ENOTFOUND {
		_, err = s.store.Releases().Get(ctx, appID, release)
	}
	c.Marks = nil
	return c, err
}

const trafficPruneEvery = 10 * time.Minute

// pruneTraffic removes steps of the history that are too old.
func (s *Service) pruneTraffic(ctx context.Context, now time.Time) error {
	last := s.trafficPruned.last.Load()
	if now.Unix()-last < int64(trafficPruneEvery/time.Second) || !s.trafficPruned.last.CompareAndSwap(last, now.Unix()) {
		return nil
	}
	var err error
	for _, step := range core.TrafficSteps {
		err = errors.Join(err, s.store.Traffic().Prune(ctx, step.Length, now.Add(-step.Kept)))
	}
	return err
}

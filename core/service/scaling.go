package service

import (
	"context"
	"strconv"

	"berth/core"
	"berth/core/scale"
)

// Scaling returns the scaling of an app and what it decided last. Errors: EUNAUTHORIZED, EFORBIDDEN, ENOTFOUND, also
// before the first release.
func (s *Service) Scaling(ctx context.Context, appID string) (v core.ScalingView, err error) {
	app, err := inspectable(ctx, s.store, appID)
	if err != nil {
		return v, err
	}
	r, err := s.store.Releases().Get(ctx, app.ID, app.Release)
	if err != nil {
		return v, err
	}
	newest := r.Number
	if r.Status == core.ReleaseFailed { // what ran before goes on
		live, err := s.store.Releases().Live(ctx, app.ID, app.Release)
		if err != nil && core.ErrorCode(err) != core.ENOTFOUND {
			return v, err
		} else if err == nil {
			r = live
		}
	}
	v = core.ScalingView{Scaling: r.Spec.Scaling, Release: newest, Runs: r.Number, Replicas: app.Sized(r).Spec.Replicas, Schedule: -1, Memory: r.Spec.Memory,
		CPU: r.Spec.CPU, Storage: r.Spec.Volume != nil}
	v.Asleep = v.On() && v.Replicas == 0
	counts, err := s.store.Instances().Counts(ctx, []string{app.ID})
	if err != nil {
		return v, err
	}
	v.Ready = counts[app.ID].Ready
	if v.On() {
		_, most := v.Range()
		room, err := s.scaleRoom(ctx, app, r.Spec, v.Replicas, most)
		if err != nil {
			return v, err
		}
		if v.Room = (core.Room{Replicas: room.Quota, Text: room.QuotaText}); room.Hosts < min(room.Quota, most) {
			v.Room = core.Room{Replicas: room.Hosts, Text: hostsText(most, room.Hosts)}
		}
	}
	_, _, by := scale.Bounds(v.Scaling, s.now())
	for i := range v.Schedules {
		if &v.Schedules[i] == by {
			v.Schedule = i
		}
	}
	v.Status, err = s.store.Scalings().Get(ctx, app.ID)
	if core.ErrorCode(err) == core.ENOTFOUND || v.Status.Release != r.Number {
		acted := v.Status.Acted // what rules did last outlives a release
		v.Status = core.ScaleStatus{AppID: app.ID, TenantID: app.TenantID, Acted: acted}
		if core.ErrorCode(err) == core.ENOTFOUND {
			err = nil
		}
	}
	return v, err
}

// StopScaling records a release without a scaling. As many instances go on as are in force, at least one. Errors: as
// Release.
func (s *Service) StopScaling(ctx context.Context, appID string) (_ core.Release, _ core.Operation, err error) {
	note := core.AuditEntry{Action: "app.scale", AppID: appID}
	defer s.attempted(ctx, &note, &err)
	return s.release(ctx, appID, &note, func(tx core.Store, app core.App, current core.Release) (core.ReleaseSpec, core.Text, error) {
		n := max(app.Sized(current).Spec.Replicas, 1)
		return merged(ctx, core.NewRelease{Scaling: &core.Scaling{}, Replicas: &n})(tx, app, current)
	})
}

// SetScaling records a release with another scaling. It begins with the number in force. Errors: as Release.
func (s *Service) SetScaling(ctx context.Context, appID string, scaling core.Scaling) (_ core.Release, _ core.Operation, err error) {
	note := core.AuditEntry{Action: "app.scale", AppID: appID}
	defer s.attempted(ctx, &note, &err)
	return s.release(ctx, appID, &note, merged(ctx, core.NewRelease{Scaling: &scaling}))
}

// ApplyScaling makes the number that was decided for an app the one in force, and tells why on its timeline. The
// autoscaler alone calls it; app is as it was decided on. Errors: ECONFLICT when it has changed since, or there is not
// enough quota; ENOTFOUND.
func (s *Service) ApplyScaling(ctx context.Context, app core.App, from int, decided core.ScaleStatus) (err error) {
	note := core.AuditEntry{Action: "app.autoscale", AppID: app.ID, TenantID: app.TenantID,
		Before: map[string]string{"replicas": strconv.Itoa(from)}, After: map[string]string{"replicas": strconv.Itoa(decided.Replicas)}}
	defer s.attempted(ctx, &note, &err)
	err = s.store.Transact(ctx, func(tx core.Store) error {
		now, err := changeable(ctx, tx, app.ID)
		if err != nil {
			return err
		}
		if now.Revision != app.Revision {
			return core.Errorf(core.ECONFLICT, "error.changed_meanwhile")
		}
		now.Replicas, now.Asleep = decided.Replicas, decided.Asleep
		if err := tx.Apps().UpdateSpec(ctx, now); err != nil {
			return err
		}
		if err := tx.Scalings().Put(ctx, decided); err != nil {
			return err
		}
		if err := s.record(ctx, tx, scaledEvent(app, from, decided)); err != nil {
			return err
		}
		if err := s.note(ctx, tx, &note); err != nil {
			return err
		}
		return s.charge(ctx, tx, app.ID)
	})
	if err == nil {
		s.changed(app, "scaling", "")
		s.notify(app, "event", "")
	}
	return err
}

// scaledEvent tells of a change of the number of instances, with the sentence that explains it as its cause.
func scaledEvent(app core.App, from int, decided core.ScaleStatus) core.Event {
	kind := "scaled"
	switch {
	case decided.Asleep:
		kind = "fell_asleep"
	case app.Asleep:
		kind = "woken"
	}
	e := core.NewEvent(app, core.LevelInfo, kind, "from", strconv.Itoa(from), "to", strconv.Itoa(decided.Replicas), "count", strconv.Itoa(decided.Replicas))
	e.Cause = decided.Why
	return e
}

// rescale says of an app what a new release makes of its scaling: where a person sets another number, or there was no
// scaling before, it begins with the release's own. Nothing is asleep any more.
func rescale(app *core.App, current, spec core.ReleaseSpec) {
	if !spec.Scaling.On() || !current.Scaling.On() || spec.Replicas != current.Replicas || app.Asleep {
		app.Replicas = 0
	}
	// If it fails, the one before it runs on with its own.
	app.Scales, app.Asleep = spec.Scaling.On() || current.Scaling.On(), false
}

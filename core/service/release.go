package service

import (
	"context"
	"slices"
	"strconv"

	"berth/core"
)

// compose makes the spec of a new release of an app, and says why there is one.
type compose func(tx core.Store, app core.App, current core.Release) (core.ReleaseSpec, core.Text, error)

// Release records a new release of an app: what in says over what the release before said. Secrets are masked in the
// answer. Errors: EUNAUTHORIZED, ENOTFOUND, EFORBIDDEN, EINVALID at the fields of core.NewRelease, ETOOLARGE at
// "env", ECONFLICT when the app is being deleted.
func (s *Service) Release(ctx context.Context, appID string, in core.NewRelease) (_ core.Release, _ core.Operation, err error) {
	note := core.AuditEntry{Action: "app.release", AppID: appID}
	defer s.attempted(ctx, &note, &err)
	if in, err = hashed(in); err != nil {
		return core.Release{}, core.Operation{}, err
	}
	return s.release(ctx, appID, &note, merged(ctx, in))
}

// merged composes what in says over what the release before said.
func merged(ctx context.Context, in core.NewRelease) compose {
	return func(tx core.Store, app core.App, current core.Release) (core.ReleaseSpec, core.Text, error) {
		m := merger{ctx: ctx, tx: tx, app: app, first: current.Number == 0, spec: current.Spec}
		spec, err := m.merge(in)
		if !in.Reason.IsZero() {
			return spec, in.Reason, err
		}
		return spec, reasonOf(current, spec), err
	}
}

// Rollback records a new release that says all that an old one said. Errors: as Release, ENOTFOUND for the number,
// EINVALID at "release" when something of the old one no longer exists.
func (s *Service) Rollback(ctx context.Context, appID string, number int) (_ core.Release, _ core.Operation, err error) {
	note := core.AuditEntry{Action: "app.rollback", AppID: appID}
	defer s.attempted(ctx, &note, &err)
	return s.release(ctx, appID, &note, func(tx core.Store, app core.App, _ core.Release) (core.ReleaseSpec, core.Text, error) {
		old, err := tx.Releases().Get(ctx, app.ID, number)
		if err != nil {
			return core.ReleaseSpec{}, core.Text{}, err
		}
		return old.Spec, core.T("reason.rollback", "release", strconv.Itoa(number)), again(ctx, tx, app, old.Spec)
	})
}

// again reports why what an old release says can no longer be. Errors: EINVALID at "release".
func again(ctx context.Context, tx core.Store, app core.App, spec core.ReleaseSpec) error {
	for _, t := range spec.Targets {
		if _, err := tx.Versions().Get(ctx, t.VersionID); err != nil {
			return absent(err, "release", "error.rollback_version", "version", t.Label)
		}
	}
	for _, id := range spec.Bindings {
		if ok, err := bindable(asSystem(ctx), tx, app, id); err != nil || !ok {
			return errOr(err, core.Invalid("release", "error.rollback_binding", "name", id))
		}
	}
	for _, p := range spec.Rules.Paths {
		if ok, err := reachable(asSystem(ctx), tx, app, p.AppID); err != nil || !ok {
			return errOr(err, core.Invalid("release", "error.rollback_path", "name", p.AppID, "path", p.Prefix))
		}
	}
	return spec.Validate()
}

// Scale records a release with another number of instances. Errors: as Release.
func (s *Service) Scale(ctx context.Context, appID string, replicas int) (_ core.Release, _ core.Operation, err error) {
	note := core.AuditEntry{Action: "app.scale", AppID: appID}
	defer s.attempted(ctx, &note, &err)
	return s.release(ctx, appID, &note, merged(ctx, core.NewRelease{Replicas: &replicas}))
}

// Releases returns releases of an app, newest first, below the number before (0: from the newest), secrets masked.
// Errors: EUNAUTHORIZED, ENOTFOUND, EFORBIDDEN.
func (s *Service) Releases(ctx context.Context, appID string, before, limit int) ([]core.Release, error) {
	if _, err := inspectable(ctx, s.store, appID); err != nil {
		return nil, err
	}
	releases, err := s.store.Releases().List(ctx, appID, before, atMost(limit, 100))
	for i := range releases {
		releases[i] = masked(releases[i])
	}
	return releases, err
}

// CurrentRelease returns the release that is to run, secrets masked. Errors: EUNAUTHORIZED, EFORBIDDEN, ENOTFOUND, also
// before the first release.
func (s *Service) CurrentRelease(ctx context.Context, appID string) (core.Release, error) {
	app, err := inspectable(ctx, s.store, appID)
	if err != nil {
		return core.Release{}, err
	}
	r, err := s.store.Releases().Get(ctx, app.ID, app.Release)
	return masked(r), err
}

func (s *Service) release(ctx context.Context, appID string, note *core.AuditEntry, compose compose) (core.Release, core.Operation, error) {
	return s.releaseBy(ctx, appID, note, releasing{compose: compose})
}

// releasing is how a release is made.
type releasing struct {
	compose  compose
	then     func(tx core.Store, app core.App, r core.Release) error // what belongs to it; nil ends the trial that it replaces
	switched bool                                                    // it switches by itself, whatever its strategy says
}

func (s *Service) releaseBy(ctx context.Context, appID string, note *core.AuditEntry, by releasing) (core.Release, core.Operation, error) {
	var app core.App
	var r core.Release
	var op core.Operation
	err := s.store.Transact(ctx, func(tx core.Store) (err error) {
		if app, err = changeable(ctx, tx, appID); err != nil {
			return err
		}
		if app.IsService() && app.Release == 0 {
			return core.Errorf(core.ECONFLICT, "error.service_not_ready", "name", app.Name)
		}
		var current core.Release
		if app.Release > 0 {
			if current, err = tx.Releases().Get(ctx, app.ID, app.Release); err != nil {
				return err
			}
		}
		spec, reason, err := by.compose(tx, app, current)
		if err != nil {
			return err
		}
		op = s.operation(ctx, app, core.OpDeploy, 0)
		op.Steps = core.StepsBy(spec.Strategy, s.now())
		rescale(&app, current.Spec, spec)
		if r, err = s.insertRelease(ctx, tx, &app, &op, spec, reason); err != nil {
			return err
		}
		if by.switched {
			if err := tx.Releases().AllowSwitch(ctx, s.switchOf(ctx, r)); err != nil {
				return err
			}
		}
		if by.then != nil {
			err = by.then(tx, app, r)
		} else {
			err = s.replaceCanary(ctx, tx, app, current, r)
		}
		if err != nil {
			return err
		}
		note.TenantID, note.Object = app.TenantID, strconv.Itoa(r.Number)
		note.Before, note.After = releaseValues(current.Spec, spec)
		if err := s.note(ctx, tx, note); err != nil {
			return err
		}
		if err := tx.Operations().Create(ctx, op); err != nil {
			return err
		}
		return s.charge(ctx, tx, app.ID)
	})
	if err != nil {
		return core.Release{}, core.Operation{}, err
	}
	s.changed(app, "release", "")
	s.notify(app, "operation", op.ID)
	return masked(r), op, nil
}

// insertRelease makes spec what is to run of the app, by op, and ends what that overtakes.
func (s *Service) insertRelease(ctx context.Context, tx core.Store, app *core.App, op *core.Operation, spec core.ReleaseSpec, reason core.Text) (core.Release, error) {
	r := core.Release{AppID: app.ID, TenantID: app.TenantID, Spec: spec, Reason: reason,
		Author: core.ActorFrom(ctx).Name, CreatedAt: s.now(), Status: core.ReleasePending}
	var err error
	if r.Number, err = tx.Releases().Create(ctx, r); err != nil {
		return r, err
	}
	op.Release = r.Number
	if err := s.overtake(ctx, tx, *op); err != nil {
		return r, err
	}
	app.Release, app.Stopped = r.Number, false
	if err := tx.Apps().UpdateSpec(ctx, *app); err != nil {
		return r, err
	}
	e := core.NewEvent(*app, core.LevelInfo, "release_requested", "release", strconv.Itoa(r.Number))
	e.Cause = reason
	return r, s.record(ctx, tx, e)
}

// masked returns r without the values of its secrets, and without what a password could be tried against.
func masked(r core.Release) core.Release {
	r.Spec.Rules.Auth = slices.Clone(r.Spec.Rules.Auth)
	for i := range r.Spec.Rules.Auth {
		r.Spec.Rules.Auth[i].Hash = ""
	}
	r.Spec.Env = slices.Clone(r.Spec.Env)
	for i, v := range r.Spec.Env {
		if v.Secret {
			r.Spec.Env[i].Value = ""
		}
	}
	return r
}

// absent words that something named in the input does not exist; other errors pass.
func absent(err error, field, key string, kv ...string) error {
	if core.ErrorCode(err) == core.ENOTFOUND {
		return core.Invalid(field, key, kv...)
	}
	return err
}

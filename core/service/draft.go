package service

import (
	"context"
	"slices"

	"berth/core"
)

// Draft returns what is staged for an app, against what runs now, secrets masked. Errors: EUNAUTHORIZED, EFORBIDDEN,
// ENOTFOUND, also when nothing is staged.
func (s *Service) Draft(ctx context.Context, appID string) (core.DraftView, error) {
	app, err := inspectable(ctx, s.store, appID)
	if err != nil {
		return core.DraftView{}, err
	}
	d, err := s.store.Drafts().Get(ctx, app.ID)
	if err != nil {
		return core.DraftView{}, err
	}
	view, err := viewDraft(ctx, s.store, app, d)
	return maskedDraft(view), err
}

// Stage adds what in says otherwise than what runs to what is staged for an app, and releases nothing; when afresh, it
// replaces what was staged before. Errors: as Release, ECONFLICT before the first
// release, and when somebody else stages something at the same time.
func (s *Service) Stage(ctx context.Context, appID string, in core.NewRelease, afresh bool) (view core.DraftView, err error) {
	note := core.AuditEntry{Action: "app.stage", AppID: appID}
	defer s.attempted(ctx, &note, &err)
	if in, err = hashed(in); err != nil {
		return view, err
	}
	var app core.App
	err = s.store.Transact(ctx, func(tx core.Store) (err error) {
		if app, err = changeable(ctx, tx, appID); err != nil {
			return err
		}
		if app.Release == 0 {
			return core.Errorf(core.ECONFLICT, "error.draft_before_release", "name", app.Name)
		}
		d, err := tx.Drafts().Get(ctx, app.ID)
		if core.ErrorCode(err) == core.ENOTFOUND {
			d, err = core.Draft{AppID: app.ID, TenantID: app.TenantID, CreatedAt: s.now()}, nil
		}
		if err != nil {
			return err
		}
		if view, err = s.stage(ctx, tx, app, d, in, afresh, &note); err != nil {
			return err
		}
		return s.note(ctx, tx, &note)
	})
	if err == nil {
		s.notify(app, "draft", "")
	}
	return maskedDraft(view), err
}

// stage puts what in says otherwise than what runs over what was staged before.
func (s *Service) stage(ctx context.Context, tx core.Store, app core.App, d core.Draft, in core.NewRelease, afresh bool, note *core.AuditEntry) (core.DraftView, error) {
	current, staged, err := staged(ctx, tx, app, d)
	if err != nil {
		return core.DraftView{}, err
	}
	if afresh {
		staged = current.Spec
	}
	m := merger{ctx: ctx, tx: tx, app: app, spec: cloned(current.Spec)}
	said, err := m.merge(in)
	if err != nil {
		return core.DraftView{}, err
	}
	spec, _ := core.Draft{Spec: said}.Over(current.Spec, staged)
	return s.putDraft(ctx, tx, app, d, current, staged, spec, note)
}

// Unstage takes one of the changes that are staged out of them; what and name are of its core.Difference.
// Errors: EUNAUTHORIZED, EFORBIDDEN, ENOTFOUND, also when nothing is staged, ECONFLICT as Stage.
func (s *Service) Unstage(ctx context.Context, appID, what, name string) (err error) {
	note := core.AuditEntry{Action: "app.unstage", AppID: appID}
	defer s.attempted(ctx, &note, &err)
	var app core.App
	err = s.store.Transact(ctx, func(tx core.Store) (err error) {
		if app, err = changeable(ctx, tx, appID); err != nil {
			return err
		}
		d, err := tx.Drafts().Get(ctx, app.ID)
		if err != nil {
			return err
		}
		current, staged, err := staged(ctx, tx, app, d)
		if err != nil {
			return err
		}
		if _, err := s.putDraft(ctx, tx, app, d, current, staged, core.Without(cloned(staged), current.Spec, what, name), &note); err != nil {
			return err
		}
		return s.note(ctx, tx, &note)
	})
	if err == nil {
		s.notify(app, "draft", "")
	}
	return err
}

// staged returns what runs of an app and what is to run by a draft; without one that is the same.
func staged(ctx context.Context, tx core.Store, app core.App, d core.Draft) (core.Release, core.ReleaseSpec, error) {
	current, err := tx.Releases().Get(ctx, app.ID, app.Release)
	if err != nil || d.Revision == 0 {
		return current, current.Spec, err
	}
	view, err := viewDraft(ctx, tx, app, d)
	return current, view.Spec, err
}

// putDraft writes the draft that d becomes, made from what runs now. One that changes nothing is removed.
func (s *Service) putDraft(ctx context.Context, tx core.Store, app core.App, d core.Draft, current core.Release, before, spec core.ReleaseSpec, note *core.AuditEntry) (core.DraftView, error) {
	d.Base, d.Spec = current.Number, spec
	d.Touch(core.Diff(before, spec), core.ActorFrom(ctx).Name, s.now())
	note.TenantID = app.TenantID
	note.Before, note.After = releaseValues(before, spec)
	if len(core.Diff(current.Spec, spec)) == 0 {
		if d.Revision == 0 {
			return core.DraftView{Draft: d, On: current.Number}, nil
		}
		return core.DraftView{Draft: d, On: current.Number}, tx.Drafts().Delete(ctx, app.ID)
	}
	if err := tx.Drafts().Put(ctx, d); err != nil {
		return core.DraftView{}, err
	}
	return viewDraft(ctx, tx, app, d)
}

// DiscardDraft forgets what is staged for an app. Errors: EUNAUTHORIZED, EFORBIDDEN, ENOTFOUND, also when nothing is.
func (s *Service) DiscardDraft(ctx context.Context, appID string) (err error) {
	note := core.AuditEntry{Action: "app.discard", AppID: appID}
	defer s.attempted(ctx, &note, &err)
	var app core.App
	err = s.store.Transact(ctx, func(tx core.Store) (err error) {
		if app, err = changeable(ctx, tx, appID); err != nil {
			return err
		}
		d, err := tx.Drafts().Get(ctx, app.ID)
		if err != nil {
			return err
		}
		view, err := viewDraft(ctx, tx, app, d)
		if err != nil {
			return err
		}
		current, err := tx.Releases().Get(ctx, app.ID, app.Release)
		if err != nil {
			return err
		}
		note.TenantID = app.TenantID
		note.After, note.Before = releaseValues(current.Spec, view.Spec)
		if err := tx.Drafts().Delete(ctx, app.ID); err != nil {
			return err
		}
		return s.note(ctx, tx, &note)
	})
	if err == nil {
		s.notify(app, "draft", "")
	}
	return err
}

// ReleaseDraft records a release of all that is staged for an app, put over what runs now, and forgets the draft. on is
// the release that the person saw it against; 0 does not care. Errors: as Release, ENOTFOUND when nothing is staged,
// ECONFLICT when another release came meanwhile.
func (s *Service) ReleaseDraft(ctx context.Context, appID string, on int, in core.NewRelease) (_ core.Release, _ core.Operation, err error) {
	note := core.AuditEntry{Action: "app.release", AppID: appID}
	defer s.attempted(ctx, &note, &err)
	r, op, err := s.release(ctx, appID, &note, func(tx core.Store, app core.App, current core.Release) (core.ReleaseSpec, core.Text, error) {
		d, err := tx.Drafts().Get(ctx, app.ID)
		if err == nil && on != 0 && on != current.Number {
			err = core.Errorf(core.ECONFLICT, "error.draft_moved")
		}
		if err != nil {
			return core.ReleaseSpec{}, core.Text{}, err
		}
		view, err := viewDraft(ctx, tx, app, d)
		if err != nil {
			return core.ReleaseSpec{}, core.Text{}, err
		}
		m := merger{ctx: ctx, tx: tx, app: app, spec: view.Spec}
		spec, err := m.merge(in)
		if err == nil {
			err = tx.Drafts().Delete(ctx, app.ID)
		}
		return spec, reasonOf(current, spec), err
	})
	return r, op, err
}

// CheckDraft says what a release of what is staged would take, and changes nothing. Errors: as ReleaseDraft.
func (s *Service) CheckDraft(ctx context.Context, appID string) (core.QuotaCheck, error) {
	app, err := changeable(ctx, s.store, appID)
	if err != nil {
		return core.QuotaCheck{}, err
	}
	d, err := s.store.Drafts().Get(ctx, app.ID)
	if err != nil {
		return core.QuotaCheck{}, err
	}
	view, err := viewDraft(ctx, s.store, app, d)
	if err != nil {
		return core.QuotaCheck{}, err
	}
	return s.checkSpec(ctx, app, func(core.ReleaseSpec) (core.ReleaseSpec, error) { return view.Spec, nil })
}

// viewDraft puts a draft over what runs now.
func viewDraft(ctx context.Context, store core.Store, app core.App, d core.Draft) (core.DraftView, error) {
	base, err := store.Releases().Get(ctx, app.ID, d.Base)
	if err != nil {
		return core.DraftView{}, err
	}
	now := base
	if app.Release != d.Base {
		if now, err = store.Releases().Get(ctx, app.ID, app.Release); err != nil {
			return core.DraftView{}, err
		}
	}
	view := core.DraftView{Draft: d, On: now.Number}
	view.Spec, view.Conflicts = d.Over(base.Spec, now.Spec)
	view.Changes = d.Staged(core.Diff(now.Spec, view.Spec))
	return view, nil
}

func maskedDraft(v core.DraftView) core.DraftView {
	v.Spec = masked(core.Release{Spec: v.Spec}).Spec
	return v
}

// cloned keeps a merger from writing into lists that somebody else reads.
func cloned(s core.ReleaseSpec) core.ReleaseSpec {
	s.Targets, s.Env, s.Bindings = slices.Clone(s.Targets), slices.Clone(s.Env), slices.Clone(s.Bindings)
	return s
}

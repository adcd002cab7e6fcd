package service

import (
	"context"

	"berth/core"
)

// Login returns the actor of docker login: whoever knows a token, with any user name, or an engine of this Berth.
// Errors: EUNAUTHORIZED.
func (s *Service) Login(ctx context.Context, _, password string) (core.Actor, error) {
	if equalSecret(password, s.workerSecret) {
		return core.System(), nil
	}
	actor, err := s.ActorOfToken(ctx, password)
	if core.ErrorCode(err) == core.EUNAUTHORIZED {
		// The name that came with it is not kept: it is of no use, and may be the token.
		s.strange(ctx, &core.AuditEntry{Action: "registry.login"}, err)
	}
	return actor, err
}

// Allow lets the actor pull from and push to the repositories of its apps, which are named like them. Nothing else
// can be reached, staged uploads included; what a service runs is not for pushing.
// Errors: EUNAUTHORIZED, ENOTFOUND, EFORBIDDEN.
func (s *Service) Allow(ctx context.Context, repo string, access core.PushAccess) error {
	err := allow(ctx, s.store, repo, access)
	if err != nil && s.attempts.first(s.now(), core.ActorFrom(ctx).ID+"|"+repo+"|"+string(access)) {
		action := "registry.pull"
		if access == core.AccessPush {
			action = "registry.push"
		}
		note := core.AuditEntry{Action: action, AppID: repo}
		if core.ValidateSlug("id", repo) != nil {
			note.Object = repo
		}
		s.refused(ctx, &note, err)
	}
	return err
}

func allow(ctx context.Context, store core.Store, repo string, access core.PushAccess) error {
	if access != core.AccessPush {
		_, err := inspectable(ctx, store, repo)
		return err
	}
	app, err := appFor(ctx, store, repo, core.ActDeploy)
	switch {
	case err != nil:
		return err
	case app.IsService():
		return core.Errorf(core.EFORBIDDEN, "error.push_service", "name", app.Name)
	case app.Deleting:
		return core.Errorf(core.EFORBIDDEN, "error.app_deleting", "name", app.Name)
	}
	return nil
}

// Room returns how many bytes may still be pushed into a repository. Errors: EUNAUTHORIZED, ENOTFOUND, EFORBIDDEN,
// ETOOLARGE when the quota of the app's tenant has not as much left.
func (s *Service) Room(ctx context.Context, repo string, size core.Bytes) (core.Bytes, error) {
	app, err := appFor(ctx, s.store, repo, core.ActDeploy)
	if err != nil {
		return 0, err
	}
	left, err := s.room(ctx, app.TenantID, app.ID, int64(size))
	if err != nil && s.attempts.first(s.now(), core.ActorFrom(ctx).ID+"|"+repo+"|room") {
		s.refused(ctx, &core.AuditEntry{Action: "registry.push", AppID: app.ID, TenantID: app.TenantID}, err)
	}
	return left, err
}

// Pushed records a pushed image as a version of the app. The same image again is fine; an image without a label is
// part of another one. Errors: EUNAUTHORIZED, ENOTFOUND, EFORBIDDEN, EINVALID, ECONFLICT.
func (s *Service) Pushed(ctx context.Context, repo, label string, a core.Artifact) (err error) {
	note := core.AuditEntry{Action: "version.push", AppID: repo}
	if err := s.Allow(ctx, repo, core.AccessPush); err != nil || label == "" {
		return err // and noted, when it was refused
	}
	defer s.attempted(ctx, &note, &err)
	if err := s.checkRunnable(ctx, a.Detected); err != nil {
		return err
	}
	app, err := s.App(ctx, repo)
	if err != nil {
		return err
	}
	v := s.version(ctx, app, label, a, core.SourcePush, repo+":"+label)
	var known bool
	err = s.store.Transact(ctx, func(tx core.Store) error {
		old, err := tx.Versions().ByLabel(ctx, app.ID, label)
		if core.ErrorCode(err) == core.ENOTFOUND {
			if err := s.insertVersion(ctx, tx, v); err != nil {
				return err
			}
			if err := s.noteVersion(ctx, &note, v)(tx); err != nil {
				return err
			}
			return s.charge(ctx, tx, app.ID)
		}
		if known = err == nil && old.Digest == a.Digest; known || err != nil {
			return err
		}
		return core.Conflict("label", "error.label_pushed", "version", label)
	})
	if err == nil && !known {
		s.notify(app, "version", "")
	}
	return err
}

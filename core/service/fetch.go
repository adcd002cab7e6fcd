package service

import (
	"context"
	"strings"

	"berth/core"
)

const maxFetches = 1000 // waiting at once

// FetchVersion has an image copied from a registry elsewhere, by name, into the app's repository, as a version. label
// "" takes the image's tag when it is free, else the next free one. The credentials in src are kept in memory only.
// An image of this Berth's own registry is there at once.
// Errors: EUNAUTHORIZED, ENOTFOUND, EFORBIDDEN, EINVALID at "image", "label"; ECONFLICT at "label"; ETOOMANY.
func (s *Service) FetchVersion(ctx context.Context, appID, label string, src core.ImageSource) (_ core.Operation, err error) {
	note := core.AuditEntry{Action: "version.fetch", AppID: appID}
	defer s.attempted(ctx, &note, &err)
	if _, err := changeable(ctx, s.store, appID); err != nil {
		return core.Operation{}, err
	}
	src.Ref, src.Trusted = strings.TrimSpace(src.Ref), false
	name, err := parseImageName(src.Ref)
	if err != nil {
		return core.Operation{}, err
	}
	app, label, err := s.awaitFetch(ctx, appID, label, name)
	if err != nil {
		return core.Operation{}, err
	}
	note.TenantID, note.Object, note.After = app.TenantID, label, map[string]string{"version": label, "origin": src.Ref}
	op := s.operation(ctx, app, core.OpFetch, 0)
	if s.isOwn(name) {
		return s.linkOwn(ctx, app, op, name, label, &note)
	}
	job := fetchJob{op: op, label: label, src: src}
	job.op.SetStep(core.StepFetched, core.StepPending, job.text(), s.now())
	if !s.fetches.add(job) {
		return core.Operation{}, core.Errorf(core.ETOOMANY, "error.fetches_many")
	}
	err = s.store.Transact(ctx, func(tx core.Store) error {
		if err := tx.Operations().Create(ctx, job.op); err != nil {
			return err
		}
		if err := s.note(ctx, tx, &note); err != nil {
			return err
		}
		return s.record(ctx, tx, core.NewEvent(app, core.LevelInfo, "fetch_requested", "version", label, "image", src.Ref))
	})
	if err != nil {
		s.fetches.remove(op.ID)
		return core.Operation{}, err
	}
	s.fetches.release(op.ID)
	s.notify(app, "operation", op.ID)
	return job.op, nil
}

// awaitFetch is awaitVersion, with the image's tag as the first choice of a label.
func (s *Service) awaitFetch(ctx context.Context, appID, label string, name imageName) (core.App, string, error) {
	if label == "" && name.tag != "" && name.tag != "latest" {
		app, tag, err := s.awaitVersion(ctx, appID, name.tag)
		if core.ErrorCode(err) != core.ECONFLICT || app.Deleting {
			return app, tag, err
		}
	}
	return s.awaitVersion(ctx, appID, label)
}

// linkOwn makes a version from a version of another app that the actor sees, named as an image.
func (s *Service) linkOwn(ctx context.Context, app core.App, op core.Operation, name imageName, label string, note *core.AuditEntry) (core.Operation, error) {
	from, err := s.Version(ctx, name.path, name.tag)
	if err != nil {
		return core.Operation{}, err
	}
	if from.AppID != app.ID {
		if _, err := appFor(ctx, s.store, from.AppID, core.ActDeploy); err != nil {
			return core.Operation{}, err
		}
	}
	v := s.version(ctx, app, label, core.Artifact{Digest: from.Digest, Size: from.Size, Detected: from.Detected},
		core.SourceImage, from.AppID+":"+from.Label)
	now := s.now()
	op.SetStep(core.StepFetched, core.StepSucceeded, core.T("step.fetched", "image", v.Origin, "label", label), now)
	op.Status, op.EndedAt = core.OpSucceeded, now
	err = s.addVersion(ctx, app, v, from.AppID, s.noteVersion(ctx, note, v),
		func(tx core.Store) error { return tx.Operations().Create(ctx, op) })
	return op, err
}

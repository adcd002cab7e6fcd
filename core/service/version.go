package service

import (
	"context"
	"errors"
	"io"
	"regexp"
	"slices"
	"strconv"

	"berth/core"
)

// Versions returns the versions of an app, newest first. Errors: EUNAUTHORIZED, ENOTFOUND, EFORBIDDEN.
func (s *Service) Versions(ctx context.Context, appID string) ([]core.Version, error) {
	if _, err := inspectable(ctx, s.store, appID); err != nil {
		return nil, err
	}
	return s.store.Versions().List(ctx, appID)
}

// Version returns a version of an app by its label. Errors: EUNAUTHORIZED, ENOTFOUND, EFORBIDDEN.
func (s *Service) Version(ctx context.Context, appID, label string) (core.Version, error) {
	if _, err := inspectable(ctx, s.store, appID); err != nil {
		return core.Version{}, err
	}
	return s.store.Versions().ByLabel(ctx, appID, label)
}

// ImportVersion makes a version from an image archive, which is read as a stream once everything else was checked.
// label "" takes the next free one; size is what the sender says, -1 when it does not.
// Errors: EUNAUTHORIZED, ENOTFOUND, EFORBIDDEN, EINVALID at "label" or about the archive, ECONFLICT at "label",
// ETOOLARGE, EINSUFFICIENT. On an error nothing of the archive stays.
func (s *Service) ImportVersion(ctx context.Context, appID, label string, size int64, archive io.Reader) (_ core.Version, err error) {
	note := core.AuditEntry{Action: "version.upload", AppID: appID}
	defer s.attempted(ctx, &note, &err)
	app, label, err := s.awaitVersion(ctx, appID, label)
	if err != nil {
		return core.Version{}, err
	}
	if err := checkArchiveSize(size); err != nil {
		return core.Version{}, err
	}
	left, err := s.room(ctx, app.TenantID, app.ID, size)
	if err != nil {
		return core.Version{}, err
	}
	artifact, err := s.images.Import(ctx, app.ID, &roomReader{r: archive, left: int64(left), over: func() error {
		_, err := s.room(ctx, app.TenantID, app.ID, int64(left)+1)
		return err
	}})
	if err != nil {
		return core.Version{}, err
	}
	v := s.version(ctx, app, label, artifact, core.SourceUpload, "")
	return v, tooLarge(s.addVersion(ctx, app, v, app.ID, s.noteVersion(ctx, &note, v)))
}

// DeleteVersion removes a version and its image. Errors: EUNAUTHORIZED, ENOTFOUND, EFORBIDDEN, ECONFLICT when a
// release that serves or is on its way uses it.
func (s *Service) DeleteVersion(ctx context.Context, appID, label string) (err error) {
	note := core.AuditEntry{Action: "version.delete", AppID: appID}
	defer s.attempted(ctx, &note, &err)
	var app core.App
	var v core.Version
	err = s.store.Transact(ctx, func(tx core.Store) (err error) {
		if app, err = changeable(ctx, tx, appID); err != nil {
			return err
		}
		if v, err = tx.Versions().ByLabel(ctx, app.ID, label); err != nil {
			return err
		}
		note.TenantID, note.Object, note.Before = app.TenantID, v.Label, versionValues(v)
		used, err := tx.Releases().UsesVersion(ctx, app.ID, v.ID)
		if err != nil || used {
			return errOr(err, core.Errorf(core.ECONFLICT, "error.version_used", "version", v.Label))
		}
		if err := tx.Versions().Delete(ctx, v.ID); err != nil {
			return err
		}
		if err := s.note(ctx, tx, &note); err != nil {
			return err
		}
		if err := s.record(ctx, tx, core.NewEvent(app, core.LevelInfo, "version_deleted", "version", v.Label)); err != nil {
			return err
		}
		return s.settle(ctx, tx, app.ID)
	})
	if err != nil {
		return err
	}
	s.dropImage(ctx, app.ID, v.Digest)
	s.notify(app, "version", "")
	return nil
}

// awaitVersion checks what can be checked before the image of a new version arrives, and chooses its label.
func (s *Service) awaitVersion(ctx context.Context, appID, label string) (core.App, string, error) {
	app, err := changeable(ctx, s.store, appID)
	if err != nil {
		return app, "", err
	}
	if label == "" {
		label, err = s.nextLabel(ctx, app.ID)
		return app, label, err
	}
	if err := core.ValidateLabel("label", label); err != nil {
		return app, "", err
	}
	_, err = s.store.Versions().ByLabel(ctx, app.ID, label)
	switch {
	case err == nil:
		return app, "", core.Conflict("label", "error.label_taken", "label", label)
	case core.ErrorCode(err) != core.ENOTFOUND:
		return app, "", err
	}
	return app, label, nil
}

// version describes a new version of an app, by the actor.
func (s *Service) version(ctx context.Context, app core.App, label string, a core.Artifact, source core.VersionSource, origin string) core.Version {
	return core.Version{ID: core.NewID(), AppID: app.ID, TenantID: app.TenantID, Label: label, Digest: a.Digest,
		Source: source, Origin: origin, Size: a.Size, Detected: a.Detected, Author: core.ActorFrom(ctx).Name, CreatedAt: s.now()}
}

// addVersion records a version whose image lies in repository from, and what else belongs to it. When it cannot, the
// image goes again.
func (s *Service) addVersion(ctx context.Context, app core.App, v core.Version, from string, also ...func(tx core.Store) error) error {
	err := s.checkRunnable(ctx, v.Detected)
	if err == nil {
		err = s.images.Link(ctx, from, v.Digest, app.ID, v.Label)
	}
	if err == nil {
		err = s.store.Transact(ctx, func(tx core.Store) error {
			err := s.insertVersion(ctx, tx, v)
			for _, f := range also {
				if err == nil {
					err = f(tx)
				}
			}
			if err != nil {
				return err
			}
			return s.charge(ctx, tx, v.AppID)
		})
	}
	if err != nil {
		s.undoImage(context.WithoutCancel(ctx), v)
		return err
	}
	s.notify(app, "version", "")
	return nil
}

// noteVersion is the part of addVersion that says so.
func (s *Service) noteVersion(ctx context.Context, note *core.AuditEntry, v core.Version) func(tx core.Store) error {
	return func(tx core.Store) error {
		note.TenantID, note.Object, note.After = v.TenantID, v.Label, versionValues(v)
		return s.note(ctx, tx, note)
	}
}

// versionValues is what the audit says of a version.
func versionValues(v core.Version) map[string]string {
	values := map[string]string{"version": v.Label, "digest": v.Digest, "bytes": v.Size.Human()}
	if v.Origin != "" {
		values["origin"] = v.Origin
	}
	return values
}

// insertVersion records a version of an app that still takes some.
func (s *Service) insertVersion(ctx context.Context, tx core.Store, v core.Version) error {
	app, err := changeable(ctx, tx, v.AppID)
	if err != nil {
		return err
	}
	if err := v.Validate(); err != nil {
		return err
	}
	if err := tx.Versions().Create(ctx, v); err != nil {
		return err
	}
	return s.record(ctx, tx, core.NewEvent(app, core.LevelInfo, "version_added", "version", v.Label))
}

// undoImage takes away the image of a version that could not be recorded. Where another was faster with the label,
// it leads to that one's image again.
func (s *Service) undoImage(ctx context.Context, v core.Version) {
	sys := asSystem(ctx)
	if winner, err := s.store.Versions().ByLabel(sys, v.AppID, v.Label); err == nil && winner.Digest != v.Digest {
		if err := s.images.Link(ctx, v.AppID, winner.Digest, v.AppID, v.Label); err != nil {
			s.log.Error("a label leads to the wrong image", "app", v.AppID, "label", v.Label, "error", err)
		}
	}
	s.dropImage(ctx, v.AppID, v.Digest)
}

// dropImage removes an image from an app's repository unless one of its versions has it.
func (s *Service) dropImage(ctx context.Context, appID, digest string) {
	versions, err := s.store.Versions().List(asSystem(ctx), appID)
	if err == nil && slices.ContainsFunc(versions, func(v core.Version) bool { return v.Digest == digest }) {
		return
	}
	if err == nil {
		err = errors.Join(s.images.Delete(ctx, appID, digest), s.dropFromHosts(ctx, core.ImageRef{Repository: appID, Digest: digest}))
	}
	if err != nil {
		s.log.Error("an image is left over", "app", appID, "digest", digest, "error", err)
	}
	s.garbage.add()
}

// dropFromHosts gives back the disk that an image takes on the hosts.
func (s *Service) dropFromHosts(ctx context.Context, image core.ImageRef) error {
	if s.engines == nil {
		return nil
	}
	hosts, err := s.store.Hosts().List(ctx)
	for _, h := range hosts {
		engine, missing := s.engines.Engine(h.ID)
		if missing == nil {
			err = errors.Join(err, engine.RemoveImage(ctx, image))
		}
	}
	return err
}

// checkRunnable refuses an image that no host can run. Errors: EINVALID at "image".
func (s *Service) checkRunnable(ctx context.Context, d core.Detected) error {
	hosts, err := s.store.Hosts().List(ctx)
	if err != nil {
		return err
	}
	var archs []string
	for _, h := range hosts {
		if h.Arch != "" {
			archs = append(archs, h.Arch)
		}
	}
	if len(archs) == 0 {
		archs = []string{"amd64"}
	}
	switch {
	case d.OS != "" && d.OS != "linux":
		return core.Invalid("image", "error.image_os", "os", d.OS)
	case d.Arch != "" && !slices.Contains(archs, d.Arch):
		return core.Invalid("image", "error.image_architecture", "architecture", d.Arch, "wanted", archs[0])
	}
	return nil
}

var lastNumber = regexp.MustCompile(`^(.*?)([0-9]{1,9})([^0-9]*)$`)

// nextLabel counts the newest label up, "1.4.9" to "1.4.10", until it meets a free one.
func (s *Service) nextLabel(ctx context.Context, appID string) (string, error) {
	versions, err := s.store.Versions().List(ctx, appID)
	if err != nil || len(versions) == 0 {
		return "1.0", err
	}
	taken := map[string]bool{}
	for _, v := range versions {
		taken[v.Label] = true
	}
	label := versions[0].Label
	for taken[label] {
		label = countUp(label)
	}
	if core.ValidateLabel("label", label) != nil {
		label = core.NewInstanceID()
	}
	return label, nil
}

func countUp(label string) string {
	m := lastNumber.FindStringSubmatch(label)
	if m == nil {
		return label + "-2"
	}
	n, err := strconv.Atoi(m[2])
	if err != nil {
		return label + "-2"
	}
	return m[1] + strconv.Itoa(n+1) + m[3]
}

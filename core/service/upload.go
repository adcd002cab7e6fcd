package service

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"berth/core"
)

const (
	keepUpload = 24 * time.Hour // after it last moved
	maxArchive = 20 * core.GiB
	maxShown   = 255 // characters of a file name
)

// BeginUpload announces an image file for an app, or for a new one of a tenant.
// Its size is taken of the quota until it is a version, or gone.
// Errors: EUNAUTHORIZED, ENOTFOUND, EFORBIDDEN, EINVALID, ETOOLARGE at "size", or at "image" when the quota has no room.
func (s *Service) BeginUpload(ctx context.Context, u core.Upload) (_ core.Upload, err error) {
	note := core.AuditEntry{Action: "upload.begin", TenantID: u.TenantID, AppID: u.AppID}
	defer s.attempted(ctx, &note, &err)
	if u.AppID != "" {
		app, err := changeable(ctx, s.store, u.AppID)
		if err != nil {
			return core.Upload{}, err
		}
		u.TenantID = app.TenantID
	} else if err := s.authorize(ctx, core.ActCreate, u.TenantID); err != nil {
		return core.Upload{}, err
	}
	if err := checkArchiveSize(int64(u.Size)); err != nil {
		return core.Upload{}, err
	}
	now := s.now()
	u = core.Upload{ID: core.NewID(), TenantID: u.TenantID, AppID: u.AppID, UserID: core.ActorFrom(ctx).UserID,
		FileName: fileName(u.FileName), Size: u.Size, State: core.UploadReceiving, CreatedAt: now, ExpiresAt: now.Add(keepUpload)}
	note.TenantID, note.Object, note.After = u.TenantID, u.FileName, uploadValues(u)
	return u, s.store.Transact(ctx, func(tx core.Store) error {
		if tenant, err := tx.Tenants().Get(ctx, u.TenantID); err != nil {
			return err
		} else if err := alive(tenant); err != nil {
			return err
		}
		if err := tx.Uploads().Create(ctx, u); err != nil {
			return err
		}
		if err := s.note(ctx, tx, &note); err != nil {
			return err
		}
		return s.reserve(ctx, tx, u)
	})
}

// uploadValues is what the audit says of a file.
func uploadValues(u core.Upload) map[string]string {
	values := map[string]string{"file": u.FileName}
	if u.Size > 0 {
		values["bytes"] = u.Size.Human()
	}
	return values
}

// UploadProgress notes how much of a file has arrived. Errors: EUNAUTHORIZED, ENOTFOUND, EFORBIDDEN, EINVALID,
// ECONFLICT when it is no longer being received.
func (s *Service) UploadProgress(ctx context.Context, id string, received core.Bytes) error {
	return s.moveUpload(ctx, id, func(u *core.Upload) error {
		switch {
		case u.State != core.UploadReceiving:
			return core.Errorf(core.ECONFLICT, "error.upload_ended")
		case received < 0 || u.Size > 0 && received > u.Size:
			return core.Invalid("received", "error.upload_larger", "size", u.Size.Human())
		}
		u.Received, u.ExpiresAt = received, s.now().Add(keepUpload)
		return nil
	})
}

// FinishUpload takes in a file that has arrived and looks inside. A file that cannot be used leaves the upload
// failed, with the reason in it; when ctx ends meanwhile it can be finished again.
// Errors: EUNAUTHORIZED, ENOTFOUND, EFORBIDDEN, ECONFLICT, those of core.ImageStore.Import.
func (s *Service) FinishUpload(ctx context.Context, id string, archive io.Reader) (_ core.Upload, err error) {
	note := core.AuditEntry{Action: "upload.finish"}
	defer s.attempted(ctx, &note, &err)
	err = s.moveUpload(ctx, id, func(u *core.Upload) error {
		note.TenantID, note.AppID, note.Object = u.TenantID, u.AppID, u.FileName
		if u.State != core.UploadReceiving && u.State != core.UploadInspecting {
			return core.Errorf(core.ECONFLICT, "error.upload_ended")
		}
		u.State = core.UploadInspecting
		return nil
	})
	if err != nil {
		return core.Upload{}, err
	}
	artifact, refused := s.images.Import(ctx, core.StagingRepository(id), archive)
	if refused == nil {
		refused = s.checkRunnable(ctx, artifact.Detected)
	}
	interrupted := refused != nil && ctx.Err() != nil
	ctx = context.WithoutCancel(ctx)
	var after core.Upload
	err = s.moveUpload(ctx, id, func(u *core.Upload) error {
		switch {
		case interrupted:
			u.State = core.UploadReceiving
		case refused != nil:
			u.State, u.Error = core.UploadFailed, core.ErrorMessage(refused)
		default:
			u.State, u.Digest, u.ImageSize, u.Detected = core.UploadReady, artifact.Digest, artifact.Size, artifact.Detected
			u.Received = max(u.Received, u.Size)
		}
		u.ExpiresAt = s.now().Add(keepUpload)
		after = *u
		return nil
	})
	if refused == nil && core.ErrorCode(err) == core.ETOOLARGE { // what was inside is larger than the file
		refused = err
		err = s.moveUpload(ctx, id, func(u *core.Upload) error {
			u.State, u.Error, u.ExpiresAt = core.UploadFailed, core.ErrorMessage(refused), s.now().Add(keepUpload)
			after = *u
			return nil
		})
	}
	if err != nil || refused != nil {
		s.dropStaging(ctx, id)
	}
	return after, errOr(refused, err)
}

// Upload returns an upload. Errors: EUNAUTHORIZED, ENOTFOUND, EFORBIDDEN.
func (s *Service) Upload(ctx context.Context, id string) (core.Upload, error) {
	return uploadFor(ctx, s.store, id, core.ActInspect)
}

// Uploads returns the newest uploads of a tenant that no version was made of yet. Errors: EUNAUTHORIZED, ENOTFOUND,
// EFORBIDDEN.
func (s *Service) Uploads(ctx context.Context, tenantID string) ([]core.Upload, error) {
	if err := s.authorize(ctx, core.ActInspect, tenantID); err != nil {
		return nil, err
	}
	return s.store.Uploads().List(ctx, tenantID)
}

// MayUpload reports whether the actor may see an upload, or change it. Errors: EUNAUTHORIZED, ENOTFOUND, EFORBIDDEN.
func (s *Service) MayUpload(ctx context.Context, id string, change bool) error {
	act := core.ActInspect
	if change {
		act = core.ActDeploy
	}
	_, err := uploadFor(ctx, s.store, id, act)
	return err
}

// CancelUpload removes an upload and what has arrived of it. Errors: EUNAUTHORIZED, ENOTFOUND, EFORBIDDEN.
func (s *Service) CancelUpload(ctx context.Context, id string) (err error) {
	note := core.AuditEntry{Action: "upload.cancel"}
	defer s.attempted(ctx, &note, &err)
	u, err := uploadFor(ctx, s.store, id, core.ActDeploy)
	if err != nil {
		return err
	}
	note.TenantID, note.AppID, note.Object, note.Before = u.TenantID, u.AppID, u.FileName, uploadValues(u)
	if err := s.dropUpload(ctx, u); err != nil {
		return err
	}
	s.noted(ctx, &note)
	return nil
}

// UseUpload makes a version of an app from an upload that was inspected; label "" takes the next free one.
// Errors: EUNAUTHORIZED, ENOTFOUND, EFORBIDDEN, EINVALID and ECONFLICT at "label", ECONFLICT when it is not ready.
func (s *Service) UseUpload(ctx context.Context, id, appID, label string) (_ core.Version, err error) {
	note := core.AuditEntry{Action: "version.upload", AppID: appID}
	defer s.attempted(ctx, &note, &err)
	u, err := uploadFor(ctx, s.store, id, core.ActDeploy)
	if err != nil {
		return core.Version{}, err
	}
	app, label, err := s.awaitVersion(ctx, appID, label)
	switch {
	case err != nil:
		return core.Version{}, err
	case u.TenantID != app.TenantID || u.AppID != "" && u.AppID != app.ID:
		return core.Version{}, core.NotFound()
	case u.State != core.UploadReady:
		return core.Version{}, core.Errorf(core.ECONFLICT, "error.upload_not_ready")
	}
	v := s.version(ctx, app, label, core.Artifact{Digest: u.Digest, Size: u.ImageSize, Detected: u.Detected},
		core.SourceUpload, u.FileName)
	// What the file held becomes what the version holds.
	free := func(tx core.Store) error {
		_, err := tx.Usage().Set(ctx, u.TenantID, core.UploadHolder(id), nil, nil)
		return err
	}
	if err := s.addVersion(ctx, app, v, core.StagingRepository(id), s.noteVersion(ctx, &note, v), free); err != nil {
		return core.Version{}, err
	}
	if err := s.dropUpload(ctx, u); err != nil {
		s.log.Warn("a used upload is left over", "upload", id, "error", err)
	}
	return v, nil
}

// moveUpload changes an upload that the actor may change, and tells the pages.
func (s *Service) moveUpload(ctx context.Context, id string, change func(*core.Upload) error) error {
	var u core.Upload
	err := s.store.Transact(ctx, func(tx core.Store) (err error) {
		if u, err = uploadFor(ctx, tx, id, core.ActDeploy); err != nil {
			return err
		}
		before := u.State
		if err := change(&u); err != nil {
			return err
		}
		if err := tx.Uploads().Update(ctx, u); err != nil || u.State == before {
			return err
		}
		return s.reserve(ctx, tx, u)
	})
	if err == nil {
		s.notifyUpload(u)
	}
	return err
}

func uploadFor(ctx context.Context, store core.Store, id string, act core.Action) (core.Upload, error) {
	actor, err := signedIn(ctx)
	if err != nil {
		return core.Upload{}, err
	}
	u, err := store.Uploads().Get(ctx, id)
	if err != nil {
		return core.Upload{}, err
	}
	return u, actor.Authorize(act, u.TenantID)
}

// dropUpload removes an upload, what lies in its staging repository, and its file.
func (s *Service) dropUpload(ctx context.Context, u core.Upload) error {
	if err := s.images.DeleteRepository(ctx, core.StagingRepository(u.ID)); err != nil {
		return err
	}
	if err := s.removeFiles(u.ID); err != nil {
		return err
	}
	if err := s.store.Uploads().Delete(ctx, u.ID); err != nil {
		return err
	}
	s.garbage.add()
	s.notifyUpload(u)
	return nil
}

func (s *Service) dropStaging(ctx context.Context, id string) {
	if err := s.images.DeleteRepository(ctx, core.StagingRepository(id)); err != nil {
		s.log.Error("an image is left over", "upload", id, "error", err)
	}
	s.garbage.add()
}

// removeFiles removes the file of an upload, and what lies beside it under the same name.
func (s *Service) removeFiles(id string) error {
	if s.tempDir == "" {
		return nil
	}
	files, err := filepath.Glob(filepath.Join(s.tempDir, id+"*"))
	for _, f := range files {
		if e := os.Remove(f); e != nil && !errors.Is(e, fs.ErrNotExist) {
			err = e
		}
	}
	return err
}

func (s *Service) notifyUpload(u core.Upload) {
	s.notifier.Notify(core.Change{TenantID: u.TenantID, AppID: u.AppID, Kind: "upload", ID: u.ID})
}

// checkArchiveSize refuses before anything is read. Errors: EINVALID, ETOOLARGE at "size".
func checkArchiveSize(size int64) error {
	if size > int64(maxArchive) {
		e := core.Invalid("size", "error.upload_large", "max", maxArchive.Human())
		e.Code = core.ETOOLARGE
		return e
	}
	return nil
}

// fileName keeps the last part of what a browser says.
func fileName(name string) string {
	if i := strings.LastIndexAny(name, `/\`); i >= 0 {
		name = name[i+1:]
	}
	return shown(name)
}

// shown makes what somebody sent fit to be shown: one line, not too long, without what cannot be seen.
func shown(text string) string {
	text = strings.Map(func(r rune) rune {
		if r == utf8.RuneError || !unicode.IsPrint(r) {
			return -1
		}
		return r
	}, text)
	if runes := []rune(text); len(runes) > maxShown {
		text = string(runes[:maxShown])
	}
	return text
}

// reserve has an upload hold what it takes, or will: its file until that was looked into, then its image.
// Errors: ETOOLARGE at "image".
func (s *Service) reserve(ctx context.Context, tx core.Store, u core.Upload) error {
	limits, err := tenantLimits(ctx, tx, u.TenantID)
	if err != nil {
		return err
	}
	size := u.Size
	switch u.State {
	case core.UploadReady:
		size = u.ImageSize
	case core.UploadFailed:
		size, limits = 0, nil
	case core.UploadReceiving, core.UploadInspecting:
	}
	_, err = tx.Usage().Set(ctx, u.TenantID, core.UploadHolder(u.ID), core.Amounts{core.ResourceImages: int64(size)}, limits)
	if err != nil {
		return tooLarge(s.explainQuota(ctx, tx, u.TenantID, core.UploadHolder(u.ID), err))
	}
	return nil
}

// roomReader reads at most as much as there is room for, and then says that there is none.
type roomReader struct {
	r    io.Reader
	left int64
	over func() error
}

func (b *roomReader) Read(p []byte) (int, error) {
	n, err := b.r.Read(p)
	if b.left -= int64(n); b.left < 0 {
		return 0, errOr(b.over(), core.Errorf(core.ETOOLARGE, "error.quota"))
	}
	return n, err
}

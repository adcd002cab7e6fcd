package image

import (
	"context"
	"io"
	"time"

	"github.com/tus/tusd/v2/pkg/filestore"
	"github.com/tus/tusd/v2/pkg/handler"
)

// progressInterval is how often the progress of an upload is told.
const progressInterval = time.Second

// uploadStore is tus' own store of files, which tells about progress and full disks.
type uploadStore struct {
	filestore.FileStore
	uploads *Uploads
}

func (s uploadStore) NewUpload(ctx context.Context, info handler.FileInfo) (handler.Upload, error) {
	u, err := s.FileStore.NewUpload(ctx, info)
	if err != nil {
		s.uploads.abandon(ctx, info.ID)
		return nil, s.uploads.writeError(ctx, err)
	}
	return upload{u, s.uploads, info.ID}, nil
}

func (s uploadStore) GetUpload(ctx context.Context, id string) (handler.Upload, error) {
	u, err := s.FileStore.GetUpload(ctx, id)
	if err != nil {
		return nil, err
	}
	return upload{u, s.uploads, id}, nil
}

func (s uploadStore) AsTerminatableUpload(u handler.Upload) handler.TerminatableUpload {
	return s.FileStore.AsTerminatableUpload(u.(upload).Upload)
}

type upload struct {
	handler.Upload
	uploads *Uploads
	id      string
}

func (u upload) WriteChunk(ctx context.Context, offset int64, src io.Reader) (int64, error) {
	r := &progressReader{r: src, received: offset, tell: func(n int64) { u.uploads.progress(ctx, u.id, n) }}
	n, err := u.Upload.WriteChunk(ctx, offset, r)
	r.tell(offset + n)
	if err != nil {
		err = u.uploads.writeError(ctx, err)
	}
	return n, err
}

func (u *Uploads) progress(ctx context.Context, id string, received int64) {
	if u.opts.Hooks.Progress != nil {
		u.opts.Hooks.Progress(ctx, id, received)
	}
}

// writeError answers that the disk is full, when that is what err says.
func (u *Uploads) writeError(ctx context.Context, err error) error {
	return u.problem(ctx, diskError(err))
}

// abandon forgets an upload that was recorded and could not be begun.
func (u *Uploads) abandon(ctx context.Context, id string) {
	if u.opts.Hooks.Cancel != nil {
		u.opts.Hooks.Cancel(ctx, id)
	}
	if err := u.Remove(id); err != nil {
		u.log.Error("remove an upload", "error", err)
	}
}

// progressReader tells how much has been received, now and then.
type progressReader struct {
	r        io.Reader
	received int64
	told     time.Time
	tell     func(received int64)
}

func (r *progressReader) Read(p []byte) (int, error) {
	n, err := r.r.Read(p)
	r.received += int64(n)
	if now := time.Now(); now.Sub(r.told) >= progressInterval {
		r.told = now
		r.tell(r.received)
	}
	return n, err
}

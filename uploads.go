package main

import (
	"context"
	"io"
	"path/filepath"
	"time"

	"berth/core"
	"berth/views/i18n"
	"berth/web"
	"berth/worker/image"
)

// newUploads receives files that can be resumed, and hands them to the service.
func (p *parts) newUploads() (*image.Uploads, error) {
	return image.NewUploads(image.UploadOptions{
		Dir: filepath.Join(p.cfg.Data, "uploads"), Log: p.log.With("part", "uploads"),
		Problem: func(ctx context.Context, err error) (int, string) {
			return web.Status(err), i18n.From(ctx).Text(core.ErrorMessage(err))
		},
		Hooks: image.UploadHooks{
			Begin: func(ctx context.Context, size int64, metadata map[string]string) (string, error) {
				u, err := p.service.BeginUpload(ctx, core.Upload{TenantID: metadata["tenant"], AppID: metadata["app"],
					FileName: metadata["filename"], Size: core.Bytes(size)})
				return u.ID, err
			},
			Authorize: p.service.MayUpload,
			Progress: func(ctx context.Context, id string, received int64) {
				if err := p.service.UploadProgress(ctx, id, core.Bytes(received)); err != nil {
					p.log.Warn("the progress of an upload is not recorded", "upload", id, "error", err)
				}
			},
			Finish: func(ctx context.Context, id string, file io.Reader) error {
				_, err := p.service.FinishUpload(ctx, id, file)
				return err
			},
			Cancel: func(ctx context.Context, id string) {
				if err := p.service.CancelUpload(ctx, id); err != nil {
					p.log.Warn("an upload that was given up is still recorded", "upload", id, "error", err)
				}
			},
		},
	})
}

// tendUploads takes in the files that had arrived when the program was ended, and removes what nobody goes on with.
func (p *parts) tendUploads(ctx context.Context) error {
	ctx = core.WithActor(ctx, core.System())
	if err := p.uploads.FinishInterrupted(ctx); err != nil {
		return err
	}
	for {
		if err := p.uploads.RemoveStale(ctx, time.Now()); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Minute):
		}
	}
}

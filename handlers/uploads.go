package handlers

import (
	"errors"
	"io"
	"mime/multipart"
	"net/http"

	"github.com/labstack/echo/v4"

	"berth/core"
	"berth/views/paths"
)

const maxFormField = 4 << 10

// Upload takes an image file from a form without JavaScript and streams it on. The fields "tenant" or "app" come
// before the file in the form, since nothing of it is kept in memory.
func (h *Handlers) Upload(c echo.Context) error {
	r := c.Request()
	parts, err := r.MultipartReader()
	if err != nil {
		return core.Wrap(err, core.EINVALID, "error.form_malformed")
	}
	wanted := core.Upload{Size: core.Bytes(max(0, r.ContentLength))}
	for {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			return core.Invalid("file", "error.file_missing")
		}
		if err != nil {
			return core.Wrap(err, core.EINVALID, "error.body_broken")
		}
		if part.FormName() == "file" {
			return h.uploadFile(c, wanted, part)
		}
		value, err := io.ReadAll(io.LimitReader(part, maxFormField))
		if err != nil {
			return core.Wrap(err, core.EINVALID, "error.body_broken")
		}
		switch part.FormName() {
		case "tenant":
			wanted.TenantID = string(value)
		case "app":
			wanted.AppID = string(value)
		}
	}
}

// uploadFile leads to the page of the upload, which also says what is wrong with the file.
func (h *Handlers) uploadFile(c echo.Context, wanted core.Upload, file *multipart.Part) error {
	wanted.FileName = file.FileName()
	if wanted.FileName == "" {
		return core.Invalid("file", "error.file_missing")
	}
	ctx := c.Request().Context()
	u, err := h.Service.BeginUpload(ctx, wanted)
	if err != nil {
		return err
	}
	_, err = h.Service.FinishUpload(ctx, u.ID, file)
	switch core.ErrorCode(err) {
	case "", core.EINVALID, core.ETOOLARGE:
		return c.Redirect(http.StatusSeeOther, pageOf(u))
	}
	return err
}

func pageOf(u core.Upload) string {
	if u.AppID != "" {
		return paths.NewVersionUpload(u.AppID, u.ID)
	}
	return paths.NewUpload(u.ID)
}

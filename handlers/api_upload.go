package handlers

import (
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"berth/core"
	"berth/views/i18n"
)

type uploadJSON struct {
	ID        string           `json:"id"`
	Tenant    string           `json:"tenant"`
	App       string           `json:"app,omitempty"` // that it is meant for; left out for one that is still to be made
	FileName  string           `json:"file_name"`
	Size      core.Bytes       `json:"size"`
	Received  core.Bytes       `json:"received"`
	State     core.UploadState `json:"state"`
	Error     string           `json:"error,omitempty"`
	Digest    string           `json:"digest,omitempty"`
	Detected  *core.Detected   `json:"detected,omitempty"`
	CreatedAt time.Time        `json:"created_at"`
	ExpiresAt time.Time        `json:"expires_at"`
}

func newUploadJSON(words *i18n.Localizer, u core.Upload) uploadJSON {
	j := uploadJSON{ID: u.ID, Tenant: u.TenantID, App: u.AppID, FileName: u.FileName, Size: u.Size, Received: u.Received,
		State: u.State, Error: words.Text(u.Error), Digest: u.Digest, CreatedAt: u.CreatedAt, ExpiresAt: u.ExpiresAt}
	if u.State == core.UploadReady {
		j.Detected = &u.Detected
	}
	return j
}

func (h *Handlers) apiUploads(c echo.Context) error {
	if _, err := query(c); err != nil {
		return err
	}
	ctx := c.Request().Context()
	uploads, err := h.Service.Uploads(ctx, c.Param("tenant"))
	if err != nil {
		return err
	}
	return answerList(c, uploads, "", func(u core.Upload) uploadJSON { return newUploadJSON(i18n.From(ctx), u) })
}

func (h *Handlers) apiUpload(c echo.Context) error {
	ctx := c.Request().Context()
	u, err := h.Service.Upload(ctx, c.Param("upload"))
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, newUploadJSON(i18n.From(ctx), u))
}

func (h *Handlers) apiCancelUpload(c echo.Context) error {
	return answerNothing(c, h.Service.CancelUpload(c.Request().Context(), c.Param("upload")))
}

type addressJSON struct {
	Free        bool     `json:"free"`
	URL         string   `json:"url"`
	Suggestions []string `json:"suggestions"` // free ones near it
}

// apiAddress says whether an id is free for an app, which is the first part of its address.
func (h *Handlers) apiAddress(c echo.Context) error {
	id := c.Param("id")
	if err := core.ValidateSlug("id", id); err != nil {
		return err
	}
	free, err := h.Service.SuggestIDs(c.Request().Context(), id)
	if err != nil {
		return err
	}
	answer := addressJSON{Free: len(free) > 0 && free[0] == id, URL: h.Service.URL(id), Suggestions: free}
	return c.JSON(http.StatusOK, answer)
}

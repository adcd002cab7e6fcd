package handlers

import (
	"mime"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"berth/core"
)

type versionJSON struct {
	ID        string             `json:"id"`
	Label     string             `json:"label"`
	Digest    string             `json:"digest"`
	Source    core.VersionSource `json:"source"`
	Origin    string             `json:"origin,omitempty"`
	Size      core.Bytes         `json:"size"`
	Detected  core.Detected      `json:"detected"`
	Author    string             `json:"author,omitempty"`
	CreatedAt time.Time          `json:"created_at"`
}

func newVersionJSON(v core.Version) versionJSON {
	return versionJSON{v.ID, v.Label, v.Digest, v.Source, v.Origin, v.Size, v.Detected, v.Author, v.CreatedAt}
}

func (h *Handlers) apiVersions(c echo.Context) error {
	if _, err := query(c); err != nil {
		return err
	}
	versions, err := h.Service.Versions(c.Request().Context(), c.Param("app"))
	if err != nil {
		return err
	}
	return answerList(c, versions, "", newVersionJSON)
}

func (h *Handlers) apiVersion(c echo.Context) error {
	v, err := h.Service.Version(c.Request().Context(), c.Param("app"), c.Param("version"))
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, newVersionJSON(v))
}

// apiCreateVersion takes an image archive as the body, or a JSON object that names an image elsewhere, or an upload.
func (h *Handlers) apiCreateVersion(c echo.Context) error {
	kind, _, _ := mime.ParseMediaType(c.Request().Header.Get(echo.HeaderContentType))
	if kind == echo.MIMEApplicationJSON {
		return h.fetchVersion(c)
	}
	return h.importVersion(c)
}

// importVersion streams the body into the service, which authorises and validates before it reads any of it.
func (h *Handlers) importVersion(c echo.Context) error {
	values, err := query(c, "label")
	if err != nil {
		return err
	}
	r := c.Request()
	v, err := h.Service.ImportVersion(r.Context(), c.Param("app"), values.Get("label"), r.ContentLength, r.Body)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusCreated, newVersionJSON(v))
}

func (h *Handlers) fetchVersion(c echo.Context) error {
	if _, err := query(c); err != nil {
		return err
	}
	var label string
	var source core.ImageSource
	var upload string
	err := bind(c, fields{"image": &source.Ref, "user": &source.User, "password": &source.Password, "label": &label, "upload": &upload})
	if err != nil {
		return err
	}
	if upload != "" {
		return h.useUpload(c, upload, label, source)
	}
	if err := required(map[string]string{"image": source.Ref}); err != nil {
		return err
	}
	op, err := h.Service.FetchVersion(c.Request().Context(), c.Param("app"), label, source)
	return answerAccepted(c, op, err)
}

// useUpload makes a version of a file that was brought by the resumable protocol, or in the browser.
func (h *Handlers) useUpload(c echo.Context, upload, label string, source core.ImageSource) error {
	if source != (core.ImageSource{}) {
		return core.Invalid("upload", "error.upload_or_image")
	}
	v, err := h.Service.UseUpload(c.Request().Context(), upload, c.Param("app"), label)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusCreated, newVersionJSON(v))
}

func (h *Handlers) apiDeleteVersion(c echo.Context) error {
	if err := h.Service.DeleteVersion(c.Request().Context(), c.Param("app"), c.Param("version")); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}

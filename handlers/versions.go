package handlers

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/a-h/templ"
	"github.com/labstack/echo/v4"

	"berth/core"
	"berth/views/app"
	"berth/views/paths"
	"berth/views/ui"
	"berth/views/version"
)

// releasesShown is how many releases the page of versions shows at once.
const releasesShown = 10

func (h *Handlers) versionsPage(c echo.Context) error {
	p, head, err := h.appPage(c, c.Param("app"), app.TabVersions)
	if err != nil {
		return err
	}
	list, err := h.versionList(c.Request().Context(), head)
	if err != nil {
		return err
	}
	return render(c, http.StatusOK, version.ListPage(version.Page{Page: p, List: list}))
}

// VersionsLive is the part of that page that lives.
func (h *Handlers) VersionsLive(ctx context.Context, id string) (templ.Component, error) {
	head, err := h.head(ctx, id, app.TabVersions)
	if err != nil {
		return nil, err
	}
	list, err := h.versionList(ctx, head)
	return version.ListFragment(list), err
}

func (h *Handlers) versionList(ctx context.Context, head app.Head) (l version.List, err error) {
	l = version.List{Head: head, Push: h.push(head.App), Shares: map[string]int{}}
	l.Before = positive(queryFrom(ctx).Get("before"))
	if l.Versions, err = h.Service.Versions(ctx, head.App.ID); err != nil {
		return l, err
	}
	revisions, err := h.Service.Revisions(ctx, head.App.ID, l.Before, releasesShown)
	if err != nil {
		return l, err
	}
	for _, r := range revisions {
		l.Releases = append(l.Releases, version.Revision{Revision: r, Current: r.Number == head.App.Release})
	}
	if l.Before == 0 && !head.App.IsService() {
		l.Beside = beside(head.App, l.Releases, time.Now())
		if l.Trial, err = h.trial(ctx, head.App); err != nil {
			return l, err
		}
	}
	if n := len(revisions); n == releasesShown && revisions[n-1].Number > 1 {
		l.More = revisions[n-1].Number
	}
	return l, h.shares(ctx, head.App, l.Shares)
}

// shares notes what part of the requests each version gets.
func (h *Handlers) shares(ctx context.Context, a core.App, shares map[string]int) error {
	if a.Serving == 0 {
		return nil
	}
	serving, err := h.Service.Releases(ctx, a.ID, a.Serving+1, 1)
	if err != nil || len(serving) == 0 || serving[0].Number != a.Serving {
		return err
	}
	for _, t := range serving[0].Spec.Targets {
		shares[t.VersionID] = t.Weight
	}
	return nil
}

// push says how versions of the app are pushed.
func (h *Handlers) push(a core.App) version.Push {
	registry := h.registryHost()
	return version.Push{Registry: registry, Image: registry + "/" + a.ID}
}

// registryHost is the host and the port of the image registry.
func (h *Handlers) registryHost() string {
	if u, err := url.Parse(h.PortalURL); err == nil && u.Host != "" {
		return u.Host
	}
	return h.PortalURL
}

func (h *Handlers) newVersionPage(c echo.Context) error {
	return h.renderNewVersion(c, http.StatusOK, ui.NewForm())
}

func (h *Handlers) renderNewVersion(c echo.Context, status int, f ui.Form) error {
	p, head, err := h.deployableApp(c, c.Param("app"))
	if err != nil {
		return err
	}
	p.Path = paths.NewVersion(head.App.ID)
	return render(c, status, version.NewPage(version.New{Page: p, Head: head, Form: f, Push: h.push(head.App)}))
}

func (h *Handlers) fetchVersionPage(c echo.Context) error {
	src := imageSource(c)
	if src.Ref == "" {
		return h.renderNewVersion(c, http.StatusUnprocessableEntity, ui.NewForm().Fail(core.Invalid("ref", "error.image_missing")))
	}
	op, err := h.Service.FetchVersion(c.Request().Context(), c.Param("app"), "", src)
	if err != nil {
		form, ok := failed(ui.NewForm("ref", src.Ref, "user", src.User), err)
		if !ok {
			return err
		}
		return h.renderNewVersion(c, http.StatusUnprocessableEntity, form)
	}
	return redirect(c, paths.Operation(op.ID))
}

func (h *Handlers) uploadedVersionPage(c echo.Context) error {
	return h.renderUploaded(c, http.StatusOK, ui.NewForm())
}

func (h *Handlers) renderUploaded(c echo.Context, status int, f ui.Form) error {
	u, err := h.Service.Upload(c.Request().Context(), c.Param("upload"))
	if err != nil {
		return err
	}
	if u.State != core.UploadReady {
		return redirect(c, paths.NewUpload(u.ID))
	}
	p, head, err := h.deployableApp(c, c.Param("app"))
	if err != nil {
		return err
	}
	return render(c, status, version.UploadedPage(version.Uploaded{Page: p, Head: head, Upload: u, Form: f}))
}

// useUploadedVersion makes a version of an upload and leads on to deploying it, or back to the list.
func (h *Handlers) useUploadedVersion(c echo.Context) error {
	id := c.Param("app")
	v, err := h.Service.UseUpload(c.Request().Context(), c.Param("upload"), id, c.FormValue("label"))
	if err != nil {
		form, ok := failed(ui.NewForm("label", c.FormValue("label")), err)
		if !ok {
			return err
		}
		return h.renderUploaded(c, http.StatusUnprocessableEntity, form)
	}
	if c.FormValue("then") == "keep" {
		return redirect(c, paths.Versions(id))
	}
	return redirect(c, paths.Deploy(id, v.Label))
}

func (h *Handlers) deleteVersion(c echo.Context) error {
	id := c.Param("app")
	if err := h.Service.DeleteVersion(c.Request().Context(), id, c.Param("label")); err != nil {
		return err
	}
	return redirect(c, paths.Versions(id))
}

func (h *Handlers) rollback(c echo.Context) error {
	n, err := strconv.Atoi(c.FormValue("release"))
	if c.FormValue("release") == "" {
		return core.Invalid("release", "error.release_missing")
	}
	if err != nil || n < 1 {
		return core.NotFound()
	}
	_, op, err := h.Service.Rollback(c.Request().Context(), c.Param("app"), n)
	if err != nil {
		return err
	}
	return redirect(c, paths.Operation(op.ID))
}

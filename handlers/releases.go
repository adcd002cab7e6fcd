package handlers

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"berth/core"
	"berth/views/app"
	"berth/views/i18n"
	"berth/views/version"
)

// comparable is how many releases one can choose from to compare with.
const comparable = 50

func (h *Handlers) releasePage(c echo.Context) error {
	ctx, id := c.Request().Context(), c.Param("app")
	n, err := number(c.Param("release"))
	if err != nil {
		return err
	}
	with := positive(c.QueryParam("with"))
	r, err := h.Service.Compare(ctx, id, n, with)
	if err != nil {
		return err
	}
	p, head, err := h.appPage(c, id, app.TabVersions)
	if err != nil {
		return err
	}
	p.Title = i18n.T(ctx, "release.title", "number", c.Param("release"), "name", head.App.Name)
	m := version.One{Page: p, Head: head, Of: version.Revision{Revision: r, Current: n == head.App.Release}, With: with,
		Says: core.Diff(core.ReleaseSpec{}, r.Spec)}
	if with == 0 {
		m.With = n - 1
	}
	releases, err := h.Service.Releases(ctx, id, 0, comparable)
	for _, o := range releases {
		if o.Number != n {
			m.Others = append(m.Others, o.Number)
		}
	}
	if err != nil {
		return err
	}
	return render(c, http.StatusOK, version.ReleasePage(m))
}

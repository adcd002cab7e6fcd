package handlers

import (
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"berth/core"
)

type draftJSON struct {
	On        int                 `json:"on"` // the release that it would replace
	Changes   []core.StagedChange `json:"changes"`
	Conflicts []core.Difference   `json:"conflicts"` // what was released meanwhile otherwise than it is staged
	CreatedAt time.Time           `json:"created_at"`
}

func newDraftJSON(v core.DraftView) draftJSON {
	return draftJSON{v.On, append([]core.StagedChange{}, v.Changes...), append([]core.Difference{}, v.Conflicts...), v.CreatedAt}
}

func (h *Handlers) apiDraft(c echo.Context) error {
	v, err := h.Service.Draft(c.Request().Context(), c.Param("app"))
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, newDraftJSON(v))
}

// apiStage replaces what is staged by what the request says; with add=1 it adds to it.
func (h *Handlers) apiStage(c echo.Context) error {
	values, err := query(c, "add")
	if err != nil {
		return err
	}
	in, err := bindRelease(c)
	if err != nil {
		return err
	}
	v, err := h.Service.Stage(c.Request().Context(), c.Param("app"), in, values.Get("add") != "1")
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, newDraftJSON(v))
}

func (h *Handlers) apiDiscardDraft(c echo.Context) error {
	if err := h.Service.DiscardDraft(c.Request().Context(), c.Param("app")); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}

func (h *Handlers) apiReleaseDraft(c echo.Context) error {
	on := 0
	if err := bind(c, fields{"on": &on}); err != nil {
		return err
	}
	r, op, err := h.Service.ReleaseDraft(c.Request().Context(), c.Param("app"), on, core.NewRelease{})
	return answerReleased(c, r, op, err)
}

package handlers

import (
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"berth/core"
	"berth/views/i18n"
)

type draftJSON struct {
	On        int              `json:"on"` // the release that it would replace
	Changes   []stagedJSON     `json:"changes"`
	Conflicts []differenceJSON `json:"conflicts"` // what was released meanwhile otherwise than it is staged
	CreatedAt time.Time        `json:"created_at"`
}

type stagedJSON struct {
	differenceJSON
	Author string    `json:"author,omitempty"`
	At     time.Time `json:"at,omitzero"`
}

func newDraftJSON(c echo.Context, v core.DraftView) draftJSON {
	words := i18n.From(c.Request().Context())
	out := draftJSON{On: v.On, Conflicts: newDifferencesJSON(words, v.Conflicts), CreatedAt: v.CreatedAt}
	out.Changes = make([]stagedJSON, len(v.Changes))
	for i, d := range newDifferencesJSON(words, v.Differences()) {
		out.Changes[i] = stagedJSON{d, v.Changes[i].Author, v.Changes[i].At}
	}
	return out
}

func (h *Handlers) apiDraft(c echo.Context) error {
	v, err := h.Service.Draft(c.Request().Context(), c.Param("app"))
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, newDraftJSON(c, v))
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
	return c.JSON(http.StatusOK, newDraftJSON(c, v))
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

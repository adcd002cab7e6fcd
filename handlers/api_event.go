package handlers

import (
	"time"

	"github.com/labstack/echo/v4"

	"berth/core"
	"berth/views/i18n"
)

type eventJSON struct {
	ID       string     `json:"id"`
	Time     time.Time  `json:"time"`
	Kind     string     `json:"kind"`
	Level    core.Level `json:"level"`
	Text     string     `json:"text"`
	Instance string     `json:"instance,omitempty"`
	Author   string     `json:"author,omitempty"`
}

func (h *Handlers) apiEvents(c echo.Context) error {
	values, err := query(c, "cursor", "limit")
	if err != nil {
		return err
	}
	n, err := limit(values, 50)
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	f := core.EventFilter{AppID: c.Param("app"), Before: values.Get("cursor"), Limit: n}
	events, err := h.Service.Events(ctx, f)
	if err != nil {
		return err
	}
	next := ""
	if len(events) == n {
		next = events[n-1].ID
	}
	words := i18n.From(ctx)
	return answerList(c, events, next, func(e core.Event) eventJSON {
		text := words.Text(e.Text)
		if !e.Cause.IsZero() {
			text = words.T("event.with_cause", "event", text, "cause", words.Text(e.Cause))
		}
		return eventJSON{e.ID, e.CreatedAt, e.Kind, e.Level, text, e.InstanceID, e.Author}
	})
}

package handlers

import (
	"github.com/labstack/echo/v4"

	"berth/core"
	"berth/views/errors"
	"berth/views/layout"
)

// ErrorPage answers a person with what went wrong and what to do next. It needs no part of Berth but itself; the
// tenants are shown when they can be had.
func (h *Handlers) ErrorPage(c echo.Context, status int, e *core.Error) error {
	ctx := c.Request().Context()
	m := errors.Error{Page: h.bareRequestPage(c), Signed: actor(ctx).Kind == core.ActorUser, Status: status, Message: e.Message}
	if m.Signed && e.Code != core.EUNAVAILABLE {
		if p, err := h.page(c, ""); err == nil {
			m.Page = p
		}
	}
	m.Page.Title, m.Page.Section, m.Page.Path = errors.Title(ctx, status), layout.Section(""), "/"
	for _, f := range e.Fields {
		if f.Message.String() != e.Message.String() {
			m.Fields = append(m.Fields, f.Message)
		}
	}
	if status >= 500 {
		m.Request = c.Response().Header().Get(echo.HeaderXRequestID)
	}
	return render(c, status, errors.ErrorPage(m))
}

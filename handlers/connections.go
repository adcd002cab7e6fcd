package handlers

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"berth/core"
	"berth/views/app"
	"berth/views/connection"
)

func (h *Handlers) connectionPage(c echo.Context) error {
	m, err := h.connection(c)
	if err != nil {
		return err
	}
	return render(c, http.StatusOK, connection.ConnectionPage(m))
}

// connection is how the database of the address is reached, without what is secret.
func (h *Handlers) connection(c echo.Context) (m connection.Page, err error) {
	ctx := c.Request().Context()
	if m.Page, m.Head, err = h.appPage(c, c.Param("app"), app.TabConnection); err != nil {
		return m, err
	}
	a := m.Head.App
	if !a.IsService() {
		return m, core.NotFound()
	}
	m.Host = a.ID
	e, err := h.entry(ctx, a.Service.Entry)
	if err != nil && core.ErrorCode(err) != core.ENOTFOUND {
		return m, err
	}
	m.Port = e.Port
	m.UsedBy, err = h.Service.UsedBy(ctx, a.ID)
	return m, err
}

// revealCredentials shows what is secret, to those who may see it: as a part of the page, or as the whole of it.
func (h *Handlers) revealCredentials(c echo.Context) error {
	m, err := h.connection(c)
	if err != nil {
		return err
	}
	if m.Connection, err = h.Service.Connection(c.Request().Context(), m.Head.App.ID); err != nil {
		return err
	}
	m.Revealed, m.Host, m.Port = true, m.Connection.Host, m.Connection.Port
	if c.Request().Header.Get("HX-Request") == "true" {
		return render(c, http.StatusOK, connection.Credentials(m))
	}
	return render(c, http.StatusOK, connection.ConnectionPage(m))
}

package handlers

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"berth/views/app"
	"berth/views/logs"
)

func (h *Handlers) logsPage(c echo.Context) error {
	p, head, err := h.appPage(c, c.Param("app"), app.TabLogs)
	if err != nil {
		return err
	}
	instances, err := h.Service.Instances(c.Request().Context(), head.App.ID)
	if err != nil {
		return err
	}
	return render(c, http.StatusOK, logs.LogsPage(logs.Page{Page: p, Head: head, Instances: instances}))
}

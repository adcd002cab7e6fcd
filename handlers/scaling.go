package handlers

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"berth/core"
	"berth/views/app"
	"berth/views/scaling"
)

// scalingPage says how the number of an app's instances follows its load, and what is in force.
func (h *Handlers) scalingPage(c echo.Context) error {
	p, head, err := h.appPage(c, c.Param("app"), app.TabScaling)
	if err != nil {
		return err
	}
	m := scaling.Page{Page: p, Head: head}
	if m.View, err = h.Service.Scaling(c.Request().Context(), head.App.ID); err != nil && core.ErrorCode(err) != core.ENOTFOUND {
		return err
	}
	return render(c, http.StatusOK, scaling.ScalingPage(m))
}

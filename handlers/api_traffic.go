package handlers

import (
	"net/http"

	"github.com/labstack/echo/v4"
)

type trafficJSON struct {
	Requests  int64            `json:"requests"`
	Failed    int64            `json:"failed"`
	Recent    []int64          `json:"recent"` // in each of the last 60 whole seconds, oldest first
	Instances map[string]int64 `json:"instances"`
}

func (h *Handlers) apiTraffic(c echo.Context) error {
	t, err := h.Service.Traffic(c.Request().Context(), c.Param("app"))
	if err != nil {
		return err
	}
	answer := trafficJSON{t.Requests, t.Failed, t.Recent, map[string]int64{}}
	for address, n := range t.Instances {
		answer.Instances[address] = n.Requests
	}
	if answer.Recent == nil {
		answer.Recent = []int64{}
	}
	return c.JSON(http.StatusOK, answer)
}

package handlers

import (
	"encoding/json"
	"net/http"

	"github.com/labstack/echo/v4"

	"berth/core"
)

type scalingJSON struct {
	Min   int               `json:"min"`
	Max   int               `json:"max"`
	Rules []json.RawMessage `json:"rules"`
}

func (h *Handlers) apiScaling(c echo.Context) error {
	r, err := h.Service.CurrentRelease(c.Request().Context(), c.Param("app"))
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, scalingJSON{r.Spec.Replicas, r.Spec.Replicas, []json.RawMessage{}})
}

// apiScale sets the number of instances. Bounds that differ need rules to move between them, and Berth has none.
func (h *Handlers) apiScale(c echo.Context) error {
	var low, high *int
	var rules []json.RawMessage
	if err := bind(c, fields{"min": &low, "max": &high, "rules": &rules}); err != nil {
		return err
	}
	var faults core.Faults
	switch {
	case low == nil:
		faults.Add("min", "error.field_missing")
	case high != nil && *high < *low:
		faults.Add("max", "error.scaling_bounds")
	case len(rules) > 0 || high != nil && *high != *low:
		faults.Add("rules", "error.scaling_rules")
	}
	if err := faults.Err(); err != nil {
		return err
	}
	r, op, err := h.Service.Scale(c.Request().Context(), c.Param("app"), *low)
	return answerReleased(c, r, op, err)
}

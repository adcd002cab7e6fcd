package handlers

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"berth/core"
)

type planJSON struct {
	Name   string      `json:"name"`
	Limits amountsJSON `json:"limits"`
	Teams  int         `json:"tenants"` // that have it
}

func (h *Handlers) apiPlans(c echo.Context) error {
	plans, teams, err := h.Service.Plans(c.Request().Context())
	if err != nil {
		return err
	}
	return answerList(c, plans, "", func(p core.QuotaPlan) planJSON {
		return planJSON{p.Name, amountsJSON(p.Quota), teams[p.Name]}
	})
}

func (h *Handlers) apiCreatePlan(c echo.Context) error {
	var name string
	var limits amountsIn
	if err := bind(c, fields{"name": &name, "limits": &limits}); err != nil {
		return err
	}
	return h.answerPlan(c, http.StatusCreated, name, core.Amounts(limits), true)
}

func (h *Handlers) apiChangePlan(c echo.Context) error {
	var limits amountsIn
	if err := bind(c, fields{"limits": &limits}); err != nil {
		return err
	}
	return h.answerPlan(c, http.StatusOK, c.Param("plan"), core.Amounts(limits), false)
}

func (h *Handlers) answerPlan(c echo.Context, status int, name string, limits core.Amounts, isNew bool) error {
	p, err := h.Service.PutPlan(c.Request().Context(), name, limits, isNew)
	if err != nil {
		return err
	}
	_, teams, err := h.Service.Plans(c.Request().Context())
	if err != nil {
		return err
	}
	return c.JSON(status, planJSON{p.Name, amountsJSON(p.Quota), teams[p.Name]})
}

func (h *Handlers) apiDeletePlan(c echo.Context) error {
	if err := h.Service.DeletePlan(c.Request().Context(), c.Param("plan")); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}

package handlers

import (
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"berth/core"
)

type requestJSON struct {
	ID        string      `json:"id"`
	Tenant    string      `json:"tenant"`
	Limit     amountsJSON `json:"limit"` // that is wished for: of one resource
	Reason    string      `json:"reason,omitempty"`
	Status    string      `json:"status"`
	Answer    string      `json:"answer,omitempty"`
	Author    string      `json:"author"`
	CreatedAt time.Time   `json:"created_at"`
	Decider   string      `json:"decider,omitempty"`
	DecidedAt time.Time   `json:"decided_at,omitzero"`
}

func newRequestJSON(r core.QuotaRequest) requestJSON {
	return requestJSON{r.ID, r.TenantID, amountsJSON{r.Resource: r.Amount}, r.Reason, string(r.Status), r.Answer, r.Author,
		r.CreatedAt, r.Decider, r.DecidedAt}
}

func (h *Handlers) apiAskQuota(c echo.Context) error {
	var in struct {
		resource core.Resource
		limit    any
		reason   string
	}
	if err := bind(c, fields{"resource": &in.resource, "amount": &in.limit, "reason": &in.reason}); err != nil {
		return err
	}
	amount, err := amountOf(in.resource, in.limit)
	if err != nil {
		var faults core.Faults
		faults.Merge("amount", err)
		return faults.Err()
	}
	r, err := h.Service.AskQuota(c.Request().Context(), c.Param("tenant"), in.resource, amount, in.reason)
	return answerRequest(c, http.StatusCreated, r, err)
}

func answerRequest(c echo.Context, status int, r core.QuotaRequest, err error) error {
	if err != nil {
		return err
	}
	return c.JSON(status, newRequestJSON(r))
}

func (h *Handlers) apiQuotaRequests(c echo.Context) error {
	requests, err := h.Service.QuotaRequests(c.Request().Context())
	if err != nil {
		return err
	}
	return answerList(c, requests, "", newRequestJSON)
}

func (h *Handlers) apiWithdrawQuota(c echo.Context) error {
	r, err := h.Service.WithdrawQuota(c.Request().Context(), c.Param("request"))
	return answerRequest(c, http.StatusOK, r, err)
}

func (h *Handlers) apiApproveQuota(c echo.Context) error { return h.apiDecideQuota(c, true) }

func (h *Handlers) apiRefuseQuota(c echo.Context) error { return h.apiDecideQuota(c, false) }

func (h *Handlers) apiDecideQuota(c echo.Context, approve bool) error {
	var answer string
	if err := bind(c, fields{"answer": &answer}); err != nil {
		return err
	}
	r, err := h.Service.DecideQuota(c.Request().Context(), c.Param("request"), approve, answer)
	return answerRequest(c, http.StatusOK, r, err)
}

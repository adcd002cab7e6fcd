package handlers

import (
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"berth/core"
	"berth/views/i18n"
	"berth/views/quota"
)

// amountsJSON are amounts by resource: sizes and cores are strings, everything else is a number. A resource that is
// left out is not limited, or not used.
type amountsJSON core.Amounts

func (a amountsJSON) MarshalJSON() ([]byte, error) {
	out := make(map[core.Resource]any, len(a))
	for r, n := range a {
		switch r {
		case core.ResourceMemory, core.ResourceImages, core.ResourceVolumes, core.ResourceLogRate:
			out[r] = core.Bytes(n)
		case core.ResourceCPU:
			out[r] = core.MilliCPU(n)
		default:
			out[r] = n
		}
	}
	return json.Marshal(out)
}

// amountsIn are amounts as a request has them.
type amountsIn core.Amounts

// UnmarshalJSON reads every amount as its resource has it, and names every fault.
func (a *amountsIn) UnmarshalJSON(data []byte) error {
	raw := map[core.Resource]any{}
	if err := json.Unmarshal(data, &raw); err != nil {
		return err
	}
	*a = amountsIn{}
	var faults core.Faults
	for r, v := range raw {
		n, err := amountOf(r, v)
		if err != nil || !r.Valid() {
			faults.Merge(string(r), errOr(err, core.Errorf(core.EINVALID, "error.resource_unknown", "resource", string(r))))
		}
		(*a)[r] = n
	}
	return faults.Err()
}

func errOr(err, otherwise error) error {
	if err != nil {
		return err
	}
	return otherwise
}

// bindAmounts reads a body that is nothing but amounts.
func bindAmounts(c echo.Context) (core.Amounts, error) {
	data, err := readJSON(c)
	if err != nil {
		return nil, err
	}
	var in amountsIn
	if err := json.Unmarshal(data, &in); err != nil {
		if _, ours := errors.AsType[*core.Error](err); ours {
			return nil, err
		}
		return nil, core.Errorf(core.EINVALID, "error.body_malformed")
	}
	return core.Amounts(in), nil
}

type quotaJSON struct {
	Plan   string         `json:"plan"`
	Limits amountsJSON    `json:"limits"` // what is left out is not limited
	Used   amountsJSON    `json:"used"`
	Surge  amountsJSON    `json:"surge"` // of used, for switches under way
	Apps   []appUsageJSON `json:"apps"`
	Open   []requestJSON  `json:"requests"` // for more
}

type appUsageJSON struct {
	ID     string      `json:"id"`
	Name   string      `json:"name"`
	Used   amountsJSON `json:"used"`
	Budget amountsJSON `json:"budget"`
}

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

func (h *Handlers) apiQuota(c echo.Context) error {
	v, err := h.Service.Quota(c.Request().Context(), c.Param("tenant"))
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, newQuotaJSON(v))
}

func newQuotaJSON(v core.QuotaView) quotaJSON {
	q := quotaJSON{Plan: v.Plan.Name, Limits: amountsJSON(v.Limits), Used: amountsJSON(v.Used), Surge: amountsJSON(v.Surge),
		Apps: []appUsageJSON{}, Open: []requestJSON{}}
	for _, a := range v.Apps {
		q.Apps = append(q.Apps, appUsageJSON{a.App.ID, a.App.Name, amountsJSON(a.Uses), amountsJSON(a.App.Budget)})
	}
	for _, r := range v.Requests {
		if r.Status == core.RequestOpen {
			q.Open = append(q.Open, newRequestJSON(r))
		}
	}
	return q
}

func (h *Handlers) apiSetQuota(c echo.Context) error {
	own, err := bindAmounts(c)
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	if err := h.Service.SetTenantQuota(ctx, c.Param("tenant"), own); err != nil {
		return err
	}
	return h.apiQuota(c)
}

type sampleJSON struct {
	Hour  time.Time   `json:"hour"`
	Peaks amountsJSON `json:"peaks"`
}

func (h *Handlers) apiUsage(c echo.Context) error {
	values, err := query(c, "over")
	if err != nil {
		return err
	}
	over := values.Get("over")
	switch over {
	case "":
		over = quota.Spans[0]
	case "24h", "7d", "90d":
	default:
		return core.Invalid("over", "error.span_unknown")
	}
	samples, err := h.Service.QuotaSamples(c.Request().Context(), c.Param("tenant"), quota.Since(over, time.Now()))
	if err != nil {
		return err
	}
	return answerList(c, samples, "", func(s core.UsageSample) sampleJSON { return sampleJSON{s.Hour, amountsJSON(s.Peaks)} })
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

// amountOf reads a limit of the resource as its JSON has it.
func amountOf(r core.Resource, v any) (int64, error) {
	switch v := v.(type) {
	case string:
		n, err := quota.ReadAmount(r, v)
		if err != nil {
			return 0, core.Errorf(core.EINVALID, core.ErrorMessage(err).Key, "value", v)
		}
		return n, nil
	case float64:
		if r == core.ResourceCPU {
			v *= 1000
		}
		if v >= 0 && v < float64(core.MaxAmount) {
			return int64(v), nil
		}
	}
	return 0, core.Errorf(core.EINVALID, "error.amount_range")
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

func (h *Handlers) apiSetBudget(c echo.Context) error {
	budget, err := bindAmounts(c)
	if err != nil {
		return err
	}
	if err := h.Service.SetBudget(c.Request().Context(), c.Param("app"), budget); err != nil {
		return err
	}
	return c.JSON(http.StatusOK, amountsJSON(budget))
}

// checkJSON says what a release would take.
type checkJSON struct {
	Fits   bool        `json:"fits"`
	Now    amountsJSON `json:"now"`    // by the app
	Peak   amountsJSON `json:"peak"`   // by the app while it switches
	After  amountsJSON `json:"after"`  // by its instances once that is over
	Used   amountsJSON `json:"used"`   // by the team
	Limits amountsJSON `json:"limits"` // of the team
	Switch int         `json:"switch_seconds"`
	Blocks []blockJSON `json:"blocks"`
}

type blockJSON struct {
	Resource string `json:"resource"`
	Detail   string `json:"detail"`
}

func (h *Handlers) apiCheckRelease(c echo.Context) error {
	in, err := bindRelease(c)
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	check, err := h.Service.CheckRelease(ctx, c.Param("app"), in)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, newCheckJSON(i18n.From(ctx), check))
}

func newCheckJSON(words *i18n.Localizer, q core.QuotaCheck) checkJSON {
	j := checkJSON{Fits: len(q.Blocks) == 0 && q.Budget == nil, Now: amountsJSON(q.Now), Peak: amountsJSON(q.Peak),
		After: amountsJSON(q.After), Used: amountsJSON(q.Used), Limits: amountsJSON(q.Limits), Switch: int(q.Switch.Seconds()),
		Blocks: []blockJSON{}}
	for _, b := range q.Blocks {
		j.Blocks = append(j.Blocks, blockJSON{string(b.Resource), words.Text(b.Text)})
	}
	if q.Budget != nil {
		j.Blocks = append(j.Blocks, blockJSON{"budget", words.Text(core.ErrorMessage(q.Budget))})
	}
	return j
}

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

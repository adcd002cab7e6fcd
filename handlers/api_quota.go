package handlers

import (
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"berth/core"
	"berth/views/i18n"
	"berth/views/quota"
)

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

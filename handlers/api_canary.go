package handlers

import (
	"context"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"berth/core"
	"berth/views/i18n"
)

type canaryJSON struct {
	Version   string            `json:"version"`
	Stable    string            `json:"stable"`
	Share     int               `json:"share"` // percent of the requests that version gets
	Status    core.CanaryStatus `json:"status"`
	Reason    string            `json:"reason,omitempty"`
	Steps     []core.CanaryStep `json:"steps"`
	Abort     core.CanaryLimits `json:"abort"`
	Before    int               `json:"before"`  // release that an abort brings back
	Release   int               `json:"release"` // newest release of the trial
	Author    string            `json:"author,omitempty"`
	CreatedAt time.Time         `json:"created_at"`
	EndedAt   time.Time         `json:"ended_at,omitzero"`
	StepAt    time.Time         `json:"step_at,omitzero"` // since when the share is in force
	NextAt    time.Time         `json:"next_at,omitzero"` // when the next step is due
	Counts    *canaryCountsJSON `json:"counts,omitempty"` // since step_at
}

type canaryCountsJSON struct {
	Stable    versionCountsJSON `json:"stable"`
	Candidate versionCountsJSON `json:"candidate"`
}

type versionCountsJSON struct {
	Requests  int64         `json:"requests"`
	Errors    int64         `json:"errors"`
	ErrorRate float64       `json:"error_rate"` // percent
	P50       core.Duration `json:"p50"`
	P95       core.Duration `json:"p95"`
}

func newVersionCountsJSON(c core.RequestCounts) versionCountsJSON {
	return versionCountsJSON{c.Requests, c.Errors(), c.ErrorRate(), core.Duration(c.Latency.Quantile(0.5)), core.Duration(c.Latency.Quantile(0.95))}
}

func newCanaryJSON(ctx context.Context, v core.CanaryView) canaryJSON {
	c := v.Canary
	j := canaryJSON{c.Candidate.Label, c.Stable.Label, c.Share, c.Status, i18n.From(ctx).Text(c.Reason), c.Steps, c.Limits,
		c.Before, c.Release, c.Author, c.CreatedAt, c.EndedAt, c.StepAt, c.NextAt(), nil}
	if j.Steps == nil {
		j.Steps = []core.CanaryStep{}
	}
	if !c.StepAt.IsZero() {
		j.Counts = &canaryCountsJSON{newVersionCountsJSON(v.Counts.Stable), newVersionCountsJSON(v.Counts.Candidate)}
	}
	return j
}

func (h *Handlers) apiCanary(c echo.Context) error {
	ctx := c.Request().Context()
	v, err := h.Service.Canary(ctx, c.Param("app"))
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, newCanaryJSON(ctx, v))
}

func (h *Handlers) apiStartCanary(c echo.Context) error {
	var in core.NewCanary
	var abort struct {
		Errors      float64            `json:"errors"`
		Compare     core.CanaryCompare `json:"compare"`
		Latency     core.Duration      `json:"latency"`
		MinRequests *int               `json:"min_requests"`
	}
	if err := bind(c, fields{"version": &in.Version, "share": &in.Share, "steps": &in.Steps, "abort": &abort}); err != nil {
		return err
	}
	in.Errors, in.Compare, in.Latency, in.MinRequests = abort.Errors, abort.Compare, abort.Latency, abort.MinRequests
	_, r, op, err := h.Service.StartCanary(c.Request().Context(), c.Param("app"), in)
	return answerReleased(c, r, op, err)
}

func (h *Handlers) apiCanaryShare(c echo.Context) error {
	var share *int
	if err := bind(c, fields{"share": &share}); err != nil {
		return err
	}
	if share == nil {
		return core.Invalid("share", "error.field_missing")
	}
	r, op, err := h.Service.SetCanaryShare(c.Request().Context(), c.Param("app"), *share)
	return answerReleased(c, r, op, err)
}

func (h *Handlers) apiPromoteCanary(c echo.Context) error {
	r, op, err := h.Service.PromoteCanary(c.Request().Context(), c.Param("app"))
	return answerReleased(c, r, op, err)
}

func (h *Handlers) apiAbortCanary(c echo.Context) error {
	r, op, err := h.Service.AbortCanary(c.Request().Context(), c.Param("app"))
	return answerReleased(c, r, op, err)
}

func (h *Handlers) apiHoldCanary(c echo.Context) error {
	return answerCanary(c, h.Service.HoldCanary)
}

func (h *Handlers) apiResumeCanary(c echo.Context) error {
	return answerCanary(c, h.Service.ResumeCanary)
}

func answerCanary(c echo.Context, change func(context.Context, string) (core.Canary, error)) error {
	ctx := c.Request().Context()
	canary, err := change(ctx, c.Param("app"))
	if err != nil {
		return err
	}
	canary.StepAt = time.Time{} // it was asked for a change, not for counts
	return c.JSON(http.StatusOK, newCanaryJSON(ctx, core.CanaryView{Canary: canary}))
}

func (h *Handlers) apiSwitch(c echo.Context) error {
	n, err := number(c.Param("release"))
	if err != nil {
		return err
	}
	op, err := h.Service.SwitchRelease(c.Request().Context(), c.Param("app"), n)
	return answerAccepted(c, op, err)
}

func (h *Handlers) apiSwitchBack(c echo.Context) error {
	n, err := number(c.Param("release"))
	if err != nil {
		return err
	}
	r, op, err := h.Service.SwitchBack(c.Request().Context(), c.Param("app"), n)
	return answerReleased(c, r, op, err)
}

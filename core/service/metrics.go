package service

import (
	"context"
	"time"

	"berth/core"
)

// maxPoints is the most steps that one question about the past is answered with.
const maxPoints = 1000

// Metrics returns the past of metrics of an app, at most core.MetricKept of it and nothing from before it was made. A
// step of 0 takes core.MetricStep. Errors: EUNAUTHORIZED, ENOTFOUND, EFORBIDDEN, EINVALID at "metric", "from", "step",
// EUNAVAILABLE.
func (s *Service) Metrics(ctx context.Context, q core.MetricQuery) ([]core.MetricSeries, error) {
	app, err := inspectable(ctx, s.store, q.AppID)
	if err != nil {
		return nil, err
	}
	q.HostID, q.TenantID = "", app.TenantID
	return s.past(ctx, q, app.CreatedAt)
}

// HostMetrics is Metrics for a host. Errors: EUNAUTHORIZED, EFORBIDDEN, ENOTFOUND, EINVALID at "metric", "from", "step",
// EUNAVAILABLE.
func (s *Service) HostMetrics(ctx context.Context, q core.MetricQuery) ([]core.MetricSeries, error) {
	if err := s.authorize(ctx, core.ActOperate, ""); err != nil {
		return nil, err
	}
	if _, err := s.store.Hosts().Get(ctx, q.HostID); err != nil {
		return nil, err
	}
	q.AppID, q.TenantID = "", ""
	return s.past(ctx, q, time.Time{})
}

// MetricsFault returns why nothing is measured at present; nil when all is well. Everybody may know.
func (s *Service) MetricsFault() error {
	if s.metrics == nil {
		return nil
	}
	return s.metrics.Fault()
}

func (s *Service) past(ctx context.Context, q core.MetricQuery, since time.Time) ([]core.MetricSeries, error) {
	span := q.To.Sub(q.From)
	if q.Step == 0 {
		q.Step = core.MetricStep(span)
	}
	var f core.Faults
	for _, m := range q.Metrics {
		if !m.Valid() || m.OfHost() != (q.AppID == "") {
			f.Add("metric", "error.metric_unknown", "metric", string(m))
		}
	}
	if span <= 0 || span > core.MetricKept+time.Hour {
		f.Add("from", "error.metric_range")
	}
	if q.Step < core.MetricEvery || span/max(q.Step, 1) > maxPoints {
		f.Add("step", "error.metric_step")
	}
	if err := f.Err(); err != nil {
		return nil, err
	}
	if s.metrics == nil {
		return nil, core.Errorf(core.EUNAVAILABLE, "error.metrics_elsewhere")
	}
	if !since.Before(q.To) {
		return nil, nil
	}
	if q.From.Before(since) {
		q.From = since
	}
	return s.metrics.Query(ctx, q)
}

package service

import (
	"context"
	"math"
	"strconv"
	"time"

	"berth/core"
	"berth/core/scale"
)

const (
	replayed   = 7 * 24 * time.Hour
	replayStep = time.Minute
)

// DryRunScaling replays a scaling over the last seven days of what was measured of an app, and changes nothing. Room is
// what the quota and the machines have now. Errors: EUNAUTHORIZED, EFORBIDDEN, ENOTFOUND, also before the first release;
// EINVALID at the fields of core.Scaling, EUNAVAILABLE where nothing is measured.
func (s *Service) DryRunScaling(ctx context.Context, appID string, scaling core.Scaling) (r core.ScaleReplay, err error) {
	app, err := inspectable(ctx, s.store, appID)
	if err != nil {
		return r, err
	}
	current, err := s.store.Releases().Get(ctx, app.ID, app.Release)
	if err != nil {
		return r, err
	}
	if err := scale.Validate(scaling, s.now()); err != nil {
		return r, err
	}
	if !scaling.On() {
		return r, core.Invalid("max", "error.field_missing")
	}
	if s.metrics == nil {
		return r, core.Errorf(core.EUNAVAILABLE, "error.metrics_elsewhere")
	}
	past, err := s.past7(ctx, app, current.Spec, scaling)
	if err != nil {
		return r, err
	}
	now := app.Sized(current).Spec.Replicas
	_, most := scaling.Range()
	room, err := s.scaleRoom(ctx, app, current.Spec, now, most)
	if err != nil {
		return r, err
	}
	r = scale.Replay(scaling, past, room)
	r.Room, r.RoomText = min(room.Quota, room.Hosts), room.QuotaText
	if room.Hosts < room.Quota {
		r.RoomText = hostsText(most, room.Hosts)
	}
	return r, nil
}

// scaleRoom returns how many instances of an app there is room for, up to most; those in force have theirs.
func (s *Service) scaleRoom(ctx context.Context, app core.App, spec core.ReleaseSpec, now, most int) (scale.Room, error) {
	system := asSystem(ctx)
	quota, err := core.MeasureQuotaRoom(system, s.store, s.entries, app, now, most)
	if err != nil {
		return scale.Room{}, err
	}
	hosts, err := core.MeasureHostRoom(system, s.store, spec, now)
	return scale.Room{Quota: quota.Replicas, QuotaText: quota.Text, Hosts: hosts}, err
}

func hostsText(wanted, room int) core.Text {
	return core.T("scale.hosts", "wanted", strconv.Itoa(wanted), "room", strconv.Itoa(room))
}

// past7 reads what the rules of a scaling look at.
func (s *Service) past7(ctx context.Context, app core.App, spec core.ReleaseSpec, scaling core.Scaling) (past scale.Past, err error) {
	to := s.now().Truncate(replayStep)
	past = scale.Past{From: to.Add(-replayed), Step: replayStep}
	read := map[core.Metric][]float64{}
	series := func(m core.Metric) []float64 {
		if read[m] == nil && err == nil {
			read[m], err = s.seriesOf(ctx, app, m, past.From, to)
		}
		return read[m]
	}
	past.Requests = series(core.MetricRequests)
	for _, r := range scaling.Rules {
		past.Values = append(past.Values, pastOf(r.Metric, spec, series))
	}
	return past, err
}

// pastOf returns what a rule looks at, in its unit.
func pastOf(m core.ScaleMetric, spec core.ReleaseSpec, series func(core.Metric) []float64) []float64 {
	combined := func(a, b []float64, f func(a, b float64) float64) []float64 {
		out := make([]float64, min(len(a), len(b)))
		for i := range out {
			out[i] = f(a[i], b[i])
		}
		return out
	}
	switch m {
	case core.ScaleRequests, core.ScaleTotal:
		return series(core.MetricRequests)
	case core.ScaleLatency:
		// Without requests there is none, and nothing to be slow.
		return combined(series(core.MetricLatency), series(core.MetricRequests), func(seconds, requests float64) float64 {
			if requests == 0 {
				return 0
			}
			return seconds * 1000
		})
	case core.ScaleConcurrency:
		return series(core.MetricConcurrency)
	case core.ScaleMemory, core.ScaleMetric(core.MetricRestarts): // means of the instances, which are kept as sums
		return combined(series(core.Metric(m)), series(core.MetricReady), func(sum, ready float64) float64 {
			return scale.InRuleUnits(m, sum/max(ready, 1), spec)
		})
	}
	return combined(series(core.Metric(m)), series(core.MetricReady), func(v, _ float64) float64 { return scale.InRuleUnits(m, v, spec) })
}

// seriesOf returns the means of a metric at every step; NaN where nothing was measured. What is kept at longer steps
// stands for all of the step.
func (s *Service) seriesOf(ctx context.Context, app core.App, m core.Metric, from, to time.Time) ([]float64, error) {
	values := make([]float64, int(to.Sub(from)/replayStep))
	for i := range values {
		values[i] = math.NaN()
	}
	all, err := s.metrics.Query(ctx, core.MetricQuery{Metrics: []core.Metric{m}, TenantID: app.TenantID, AppID: app.ID, From: from, To: to, Step: replayStep})
	if err != nil || len(all) == 0 {
		return values, err
	}
	points := all[0].Points
	for n, p := range points {
		first := int(p.At.Sub(from) / replayStep)
		last := first + int(core.MetricCoarse/replayStep)
		if n+1 < len(points) {
			last = min(last, int(points[n+1].At.Sub(from)/replayStep))
		}
		for i := max(first, 0); i < min(last, len(values)); i++ {
			values[i] = p.Mean
		}
	}
	return values, nil
}

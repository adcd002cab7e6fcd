package handlers

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/labstack/echo/v4"

	"berth/core"
	"berth/views/app"
	"berth/views/i18n"
	"berth/views/layout"
	"berth/views/metrics"
	"berth/views/paths"
)

// metricRanges are how far back one can look.
var metricRanges = map[string]time.Duration{
	"": time.Hour, "15m": 15 * time.Minute, "1h": time.Hour, "6h": 6 * time.Hour, "24h": 24 * time.Hour,
	"7d": 7 * 24 * time.Hour, "30d": 30 * 24 * time.Hour,
}

// pastOf asks for the past of an app or a host.
type pastOf func(context.Context, core.MetricQuery) ([]core.MetricSeries, error)

// metricsPage shows what an app took: its tables come with the page, its charts ask for their points.
func (h *Handlers) metricsPage(c echo.Context) error {
	ctx := c.Request().Context()
	p, head, err := h.appPage(c, c.Param("app"), app.TabMetrics)
	if err != nil {
		return err
	}
	m := metrics.Page{Page: p, Head: head, Span: spanOf(c), Each: c.QueryParam("by") == "instance", Fault: h.metricsFault()}
	release, err := h.currentRelease(ctx, head.App.ID)
	if err != nil {
		return err
	}
	q := queryOver(m.Span)
	q.AppID, q.Metrics = head.App.ID, metricsOf(head.App, m.Each)
	if m.Charts, err = charts(ctx, q, h.Service.Metrics, m.Each); err != nil {
		return err
	}
	for i, c := range m.Charts {
		m.Charts[i].Limit, m.Charts[i].Data = limitOf(c.Metric, release.Spec, m.Each), paths.MetricData(head.App.ID, string(c.Metric), m.Span, m.Each)
	}
	if m.Events, err = h.marked(ctx, head.App.ID, q.From); err != nil {
		return err
	}
	return render(c, http.StatusOK, metrics.MetricsPage(m))
}

// hostPage shows what a host took.
func (h *Handlers) hostPage(c echo.Context) error {
	ctx := c.Request().Context()
	host, err := h.hostOf(ctx, c.Param("host"))
	if err != nil {
		return err
	}
	p, err := h.page(c, "")
	if err != nil {
		return err
	}
	p.Title, p.Section, p.Path = host.Name, layout.SectionHosts, paths.Host(host.ID)
	m := metrics.HostPage{Page: p, Host: host, Span: spanOf(c), Fault: h.metricsFault()}
	limits := map[core.Metric]float64{core.MetricHostMemory: float64(host.Memory), core.MetricHostCPU: float64(host.CPU) / 1000}
	q := queryOver(m.Span)
	q.HostID, q.Metrics = host.ID, metrics.OfHost
	if m.Charts, err = charts(ctx, q, h.Service.HostMetrics, false); err != nil {
		return err
	}
	for i, c := range m.Charts {
		m.Charts[i].Limit, m.Charts[i].Data = limits[c.Metric], paths.HostMetricData(host.ID, string(c.Metric), m.Span)
	}
	return render(c, http.StatusOK, metrics.HostMetricsPage(m))
}

func (h *Handlers) hostOf(ctx context.Context, id string) (core.Host, error) {
	hosts, err := h.Service.Hosts(ctx)
	if err != nil {
		return core.Host{}, err
	}
	for _, s := range hosts {
		if s.Host.ID == id {
			return s.Host, nil
		}
	}
	return core.Host{}, core.NotFound()
}

func spanOf(c echo.Context) string {
	span := c.QueryParam("range")
	if _, known := metricRanges[span]; !known || span == "" {
		return "1h"
	}
	return span
}

// queryOver is a question that reaches back a range from now, in whole steps.
func queryOver(span string) core.MetricQuery {
	length := metricRanges[span]
	step := core.MetricStep(length)
	to := time.Now().Add(step).Truncate(step)
	return core.MetricQuery{From: to.Add(-length), To: to, Step: step}
}

func metricsOf(a core.App, each bool) []core.Metric {
	switch {
	case each:
		return metrics.OfInstance
	case a.IsService():
		return metrics.OfService
	}
	return metrics.OfApp
}

// metricsFault says why nothing is measured at present.
func (h *Handlers) metricsFault() core.Text {
	if err := h.Service.MetricsFault(); err != nil {
		return core.ErrorMessage(err)
	}
	return core.Text{}
}

// charts have tables that compare with the period before, or with what each instance took. The store is asked for all
// of them together: it may be far away.
func charts(ctx context.Context, q core.MetricQuery, past pastOf, each bool) ([]metrics.Chart, error) {
	beside := before(q)
	if each {
		beside = q
		beside.PerInstance = true
	}
	var answers [3]map[core.Metric][]core.MetricSeries
	for i, q := range []core.MetricQuery{q, lately(q), beside} {
		all, err := past(ctx, q)
		if err != nil {
			return nil, err
		}
		answers[i] = map[core.Metric][]core.MetricSeries{}
		for _, s := range all {
			answers[i][s.Metric] = append(answers[i][s.Metric], s)
		}
	}
	out := make([]metrics.Chart, len(q.Metrics))
	for i, m := range q.Metrics {
		out[i] = chartOf(m, q, answers[0][m], answers[1][m], answers[2][m], each)
	}
	return out, nil
}

func chartOf(m core.Metric, q core.MetricQuery, whole, now, beside []core.MetricSeries, each bool) metrics.Chart {
	c := metrics.Chart{Metric: m}
	if len(whole) == 0 {
		return c
	}
	c.Known = true
	if len(now) > 0 {
		c.Now = metrics.Sum(now[0].Points[len(now[0].Points)-1:])
	}
	var earlier []core.MetricPoint
	switch {
	case each:
		c.Instances = shares(beside)
	case len(beside) > 0:
		c.Compared, earlier = true, beside[0].Points
	}
	c.Rows = metrics.Table(q.From, q.To, whole[0].Points, earlier)
	return c
}

// lately asks for what was measured within the last minute.
func lately(q core.MetricQuery) core.MetricQuery {
	q.Step, q.To = core.MetricEvery, time.Now().Add(core.MetricEvery).Truncate(core.MetricEvery)
	q.From = q.To.Add(-time.Minute)
	return q
}

// before asks for the period before.
func before(q core.MetricQuery) core.MetricQuery {
	span := q.To.Sub(q.From)
	q.From, q.To = q.From.Add(-span), q.To.Add(-span)
	return q
}

// shares are what each instance took.
func shares(instances []core.MetricSeries) []metrics.Share {
	all := []metrics.Share{}
	for _, s := range newest(instances) {
		all = append(all, metrics.Share{ID: s.InstanceID, Amount: metrics.Sum(s.Points)})
	}
	return all
}

// maxLines is how many instances a chart tells apart.
const maxLines = 12

// newest returns the series of the instances that were measured last, at most maxLines: the busiest first.
func newest(all []core.MetricSeries) []core.MetricSeries {
	last := func(s core.MetricSeries) core.MetricPoint { return s.Points[len(s.Points)-1] }
	slices.SortStableFunc(all, func(a, b core.MetricSeries) int { return last(b).At.Compare(last(a).At) })
	all = all[:min(len(all), maxLines)]
	slices.SortStableFunc(all, func(a, b core.MetricSeries) int { return cmp.Compare(last(b).Mean, last(a).Mean) })
	return all
}

// limitOf is what the instances of a release may take, each or together; 0 where there is no limit.
func limitOf(m core.Metric, spec core.ReleaseSpec, each bool) float64 {
	of := float64(spec.Replicas)
	if each {
		of = 1
	}
	switch m {
	case core.MetricMemory:
		return float64(spec.Memory) * of
	case core.MetricCPU:
		return float64(spec.CPU) / 1000 * of
	}
	return 0
}

// marked returns what explains the bends in an app's charts since a time, newest first.
func (h *Handlers) marked(ctx context.Context, appID string, since time.Time) ([]core.Event, error) {
	return h.happened(ctx, appID, since, time.Time{}, func(e core.Event) bool { return metrics.Sign(e) != "" })
}

// markersJSON are events as the charts draw them.
func markersJSON(ctx context.Context, events []core.Event) []markerJSON {
	words := i18n.From(ctx)
	var all []markerJSON
	for _, e := range events {
		all = append(all, markerJSON{e.CreatedAt, e.Kind, metrics.Sign(e), words.Text(e.Text)})
	}
	return all
}

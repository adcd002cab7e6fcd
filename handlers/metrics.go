package handlers

import (
	"context"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"berth/core"
	"berth/views/app"
	"berth/views/metrics"
)

// metricsPage shows what an app took: its tables come with the page, its charts ask for their points.
func (h *Handlers) metricsPage(c echo.Context) error {
	ctx := c.Request().Context()
	p, head, err := h.appPage(c, c.Param("app"), app.TabMetrics)
	if err != nil {
		return err
	}
	m := metrics.Page{Page: p, Head: head, Span: c.QueryParam("range")}
	if _, known := metricRanges[m.Span]; !known || m.Span == "" {
		m.Span = "1h"
	}
	release, err := h.currentRelease(ctx, head.App.ID)
	if err != nil {
		return err
	}
	for _, metric := range metrics.All {
		chart, err := h.chart(ctx, head.App.ID, metric, m.Span)
		if err != nil {
			return err
		}
		chart.Limit = limitOf(metric, release.Spec)
		m.Charts = append(m.Charts, chart)
	}
	return render(c, http.StatusOK, metrics.MetricsPage(m))
}

func (h *Handlers) chart(ctx context.Context, appID string, metric core.Metric, span string) (metrics.Chart, error) {
	now, length := time.Now(), metricRanges[span]
	series, err := h.Service.Metrics(ctx, core.MetricQuery{AppID: appID, Metric: metric, From: now.Add(-length), To: now})
	if err != nil {
		return metrics.Chart{}, err
	}
	c := metrics.Chart{Metric: metric, Rows: metrics.Table(series)}
	if len(series) > 0 {
		points := series[0].Points
		c.Known, c.Now = true, points[len(points)-1].Mean
	}
	return c, nil
}

// limitOf is what the instances of a release may take together, 0 where there is no limit.
func limitOf(m core.Metric, spec core.ReleaseSpec) float64 {
	switch m {
	case core.MetricMemory:
		return float64(spec.Memory) * float64(spec.Replicas)
	case core.MetricCPU:
		return float64(spec.CPU) / 1000 * float64(spec.Replicas)
	}
	return 0
}

package views_test

import (
	"math"
	"time"

	"github.com/a-h/templ"

	"berth/core"
	"berth/views/app"
	"berth/views/layout"
	"berth/views/metrics"
	"berth/views/paths"
)

// metricExamples are the pages of what an app and a host take: measured, not yet, each instance, and while the disk is full.
func metricExamples() map[string]templ.Component {
	full := metrics.Page{Page: page(layout.SectionHome, "Metrics"), Head: head(shop, app.TabMetrics), Span: "1h"}
	empty, each := full, full
	each.Each, each.Fault = true, core.T("error.metrics_full")
	for _, m := range metrics.OfApp {
		full.Charts = append(full.Charts, chartExample(m))
		empty.Charts = append(empty.Charts, metrics.Chart{Metric: m})
	}
	for _, m := range metrics.OfInstance {
		c := chartExample(m)
		c.Data = paths.MetricData("shop", string(m), "1h", true)
		c.Instances = []metrics.Share{
			{ID: "5f0c1a2b3c4d", Amount: metrics.Amount{Mean: 2e8, Max: 3e8, Known: true}},
			{ID: "0a1b2c3d4e5f", Amount: metrics.Amount{Mean: 1e8, Max: 2e8, Known: true}},
		}
		each.Charts = append(each.Charts, c)
	}
	full.Events = []core.Event{
		{Kind: "online", Text: core.T("event.online", "release", "4", "count", "2", "versions", "1.4.0"), CreatedAt: now.Add(-20 * time.Minute)},
		{Kind: "crashed", Text: core.T("event.crashed", "instance", "5f0c1a2b3c4d", "count", "2"), CreatedAt: now.Add(-40 * time.Minute)},
	}
	host := metrics.HostPage{Page: page(layout.SectionHosts, "host-1"), Host: core.Host{ID: "host-1", Name: "host-1"}, Span: "24h"}
	for _, m := range metrics.OfHost {
		host.Charts = append(host.Charts, chartExample(m))
	}
	return map[string]templ.Component{"metrics": metrics.MetricsPage(full), "metrics-empty": metrics.MetricsPage(empty),
		"metrics-each": metrics.MetricsPage(each), "metrics-host": metrics.HostMetricsPage(host)}
}

func chartExample(m core.Metric) metrics.Chart {
	var points []core.MetricPoint
	for i := range 60 {
		v := 3e8 + 1e8*math.Sin(float64(i)/7)
		points = append(points, core.MetricPoint{At: now.Add(time.Duration(i-60) * time.Minute), Mean: v, Max: v * 1.2})
	}
	rows := metrics.Table(now.Add(-time.Hour), now, points, nil)
	for i := range rows {
		rows[i].Before = metrics.Amount{Mean: 2.5e8, Max: 3e8, Known: i > 2} // measured since then
	}
	return metrics.Chart{Metric: m, Known: true, Now: 3.1e8, Limit: 5e8, Rows: rows, Compared: true, Data: paths.MetricData("shop", string(m), "1h", false)}
}

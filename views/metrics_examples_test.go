package views_test

import (
	"cmp"
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
		c.Data, c.Compared = paths.MetricData("shop", string(m), "1h", true), false
		c.Instances = []metrics.Share{
			{ID: "5f0c1a2b3c4d", Amount: metrics.Amount{Mean: c.Now.Mean * 0.6, Max: c.Now.Mean, Known: true}},
			{ID: "0a1b2c3d4e5f", Amount: metrics.Amount{Mean: c.Now.Mean * 0.4, Max: c.Now.Mean * 0.7, Known: true}},
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

// usual is about what is measured; of all others some.
var usual = map[core.Metric]float64{core.MetricCPU: 0.4, core.MetricMemory: 3e8, core.MetricNetIn: 2e4, core.MetricNetOut: 9e4,
	core.MetricDiskRead: 4e3, core.MetricDiskWrite: 6e4, core.MetricLatency: 0.08, core.MetricRequests: 40, core.MetricErrors: 0.02,
	core.MetricHostCPU: 1.4, core.MetricHostMemory: 6e9, core.MetricHostDisk: 8e10}

func chartExample(m core.Metric) metrics.Chart {
	base := cmp.Or(usual[m], 3)
	var points []core.MetricPoint
	for i := range 60 {
		v := base * (1 + math.Sin(float64(i)/7)/3)
		points = append(points, core.MetricPoint{At: now.Add(time.Duration(i-60) * time.Minute), Mean: v, Max: v * 1.2})
	}
	rows := metrics.Table(now.Add(-time.Hour), now, points, nil)
	for i := range rows {
		rows[i].Before = metrics.Amount{Mean: base * 0.8, Max: base, Known: i > 2} // measured since then
	}
	chart := metrics.Chart{Metric: m, Known: true, Now: metrics.Amount{Mean: base, Known: true}, Rows: rows, Compared: true,
		Data: paths.MetricData("shop", string(m), "1h", false)}
	if m == core.MetricMemory || m == core.MetricCPU {
		chart.Limit = base * 1.7
	}
	return chart
}

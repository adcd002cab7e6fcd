package views_test

import (
	"math"
	"time"

	"github.com/a-h/templ"

	"berth/core"
	"berth/views/app"
	"berth/views/layout"
	"berth/views/metrics"
)

// metricExamples are the page of what an app takes: measured, and not yet.
func metricExamples() map[string]templ.Component {
	full := metrics.Page{Page: page(layout.SectionHome, "Resources"), Head: head(shop, app.TabMetrics), Span: "1h"}
	empty := full
	for _, m := range metrics.All {
		var s core.MetricSeries
		for i := range 60 {
			v := 3e8 + 1e8*math.Sin(float64(i)/7)
			s.Points = append(s.Points, core.MetricPoint{At: now.Add(time.Duration(i-60) * time.Minute), Mean: v, Max: v * 1.2})
		}
		full.Charts = append(full.Charts, metrics.Chart{Metric: m, Known: true, Now: 3.1e8, Limit: 5e8, Rows: metrics.Table([]core.MetricSeries{s})})
		empty.Charts = append(empty.Charts, metrics.Chart{Metric: m})
	}
	return map[string]templ.Component{"metrics": metrics.MetricsPage(full), "metrics-empty": metrics.MetricsPage(empty)}
}

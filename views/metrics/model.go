// Package metrics shows the past of what an app and its instances take. js/charts.js draws the charts; the tables
// beside them say the same without it.
package metrics

import (
	"context"
	"strconv"
	"time"

	"berth/core"
	"berth/views/app"
	"berth/views/i18n"
	"berth/views/layout"
)

// Spans are the ranges that one can look back over.
var Spans = []string{"15m", "1h", "6h", "24h", "7d", "30d"}

// Page is the page.
type Page struct {
	Page   layout.Page
	Head   app.Head
	Span   string
	Charts []Chart
}

// Chart is one metric.
type Chart struct {
	Metric core.Metric
	Limit  float64 // what an instance may take of it, times the instances; 0 for no limit
	Rows   []Row   // a dozen steps, for who does not see the chart
	Now    float64
	Known  bool // anything was measured
}

// Row is a step of the table.
type Row struct {
	At        time.Time
	Mean, Max float64
}

// Table makes rows of a series: at most a dozen, each of several points.
func Table(series []core.MetricSeries) []Row {
	const most = 12
	if len(series) == 0 {
		return nil
	}
	points := series[0].Points
	size := (len(points) + most - 1) / most
	var rows []Row
	for i := 0; i < len(points); i += size {
		part := points[i:min(i+size, len(points))]
		r := Row{At: part[0].At}
		for _, p := range part {
			r.Mean += p.Mean / float64(len(part))
			r.Max = max(r.Max, p.Max)
		}
		rows = append(rows, r)
	}
	return rows
}

// kind says how values of a metric are written; js/charts.js knows the same words.
func kind(m core.Metric) string {
	switch m {
	case core.MetricMemory:
		return "bytes"
	case core.MetricNetIn, core.MetricNetOut, core.MetricDiskRead, core.MetricDiskWrite:
		return "rate"
	case core.MetricLatency:
		return "seconds"
	case core.MetricCPU:
		return "cores"
	}
	return "count"
}

// figure writes a value of a metric.
func figure(ctx context.Context, m core.Metric, v float64) string {
	l := i18n.From(ctx)
	switch kind(m) {
	case "bytes":
		return l.Bytes(core.Bytes(v))
	case "rate":
		return l.T("metrics.per_second", "value", l.Bytes(core.Bytes(v)))
	case "seconds":
		return l.T("metrics.milliseconds", "value", strconv.FormatFloat(v*1000, 'f', 0, 64))
	case "cores":
		return strconv.FormatFloat(v, 'f', 2, 64)
	}
	return strconv.FormatFloat(v, 'f', -1, 64)
}

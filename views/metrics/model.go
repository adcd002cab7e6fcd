// Package metrics shows the past of what apps and hosts take. js/charts.js draws the charts; the tables beside them say
// the same without it.
package metrics

import (
	"context"
	"strconv"
	"time"

	"berth/core"
	"berth/views/app"
	"berth/views/i18n"
	"berth/views/layout"
	"berth/views/paths"
)

// Spans are the ranges that one can look back over.
var Spans = []string{"15m", "1h", "6h", "24h", "7d", "30d"}

// Page is the page of an app.
type Page struct {
	Page   layout.Page
	Head   app.Head
	Span   string
	Each   bool // a line for each instance
	Charts []Chart
	Events []core.Event // what the charts mark
	Fault  core.Text    // why nothing is measured; zero when all is well
}

// HostPage is the page of a host.
type HostPage struct {
	Page   layout.Page
	Host   core.Host
	Span   string
	Charts []Chart
	Fault  core.Text
}

// Chart is one metric.
type Chart struct {
	Metric    core.Metric
	Data      string  // where its points are
	Limit     float64 // the most there may be of it, of each instance when they are told apart; 0 for no limit
	Rows      []Row   // a dozen steps, for who does not see the chart
	Compared  bool    // the period before was measured too
	Instances []Share // what each instance took, the busiest first; nil when they are not told apart
	Now       Amount  // of the last minute
	Known     bool    // anything was measured
}

// none is the key of why there is nothing to see.
func (c Chart) none() string {
	if c.Metric == core.MetricLatency {
		return "metrics.none_latency"
	}
	return "metrics.none"
}

// Row is a step of the table: what was measured in it, and a period before it.
type Row struct {
	At          time.Time
	Now, Before Amount
}

// Amount is what was measured over some time.
type Amount struct {
	Mean, Max float64
	Known     bool // anything was
}

// Share is what an instance took of a metric.
type Share struct {
	ID string
	Amount
}

// OfApp are the metrics of an app's page, in its order.
var OfApp = []core.Metric{core.MetricRequests, core.MetricErrors, core.MetricLatency, core.MetricConcurrency, core.MetricCPU,
	core.MetricMemory, core.MetricNetIn, core.MetricNetOut, core.MetricDiskRead, core.MetricDiskWrite, core.MetricProcesses,
	core.MetricRestarts, core.MetricReady}

// OfService are those of a database's, which no gateway stands before.
var OfService = OfApp[4:]

// OfInstance are those that are told apart by instance.
var OfInstance = OfApp[4:12]

// OfHost are those of a host's.
var OfHost = []core.Metric{core.MetricHostCPU, core.MetricHostMemory, core.MetricHostDisk}

// Table makes about a dozen rows, of whole minutes, of the time from one moment to another; before are the points of the
// period before.
func Table(from, to time.Time, points, before []core.MetricPoint) []Row {
	span := to.Sub(from)
	var rows []Row
	for at, step := from, (span / 12).Truncate(time.Minute); at.Before(to); at = at.Add(step) {
		row := Row{at, Sum(within(points, at, step)), Sum(within(before, at.Add(-span), step))}
		if row.Now.Known || row.Before.Known {
			rows = append(rows, row)
		}
	}
	return rows
}

func within(points []core.MetricPoint, from time.Time, length time.Duration) (part []core.MetricPoint) {
	for _, p := range points {
		if !p.At.Before(from) && p.At.Before(from.Add(length)) {
			part = append(part, p)
		}
	}
	return part
}

// Sum is the mean and the most of points.
func Sum(points []core.MetricPoint) (a Amount) {
	for _, p := range points {
		a.Mean += p.Mean / float64(len(points))
		a.Max = max(a.Max, p.Max)
	}
	a.Known = len(points) > 0
	return a
}

// about is the key of what a chart says of itself.
func (c Chart) about() string {
	if c.Instances != nil && (c.Metric == core.MetricCPU || c.Metric == core.MetricMemory) {
		return "metrics.about_" + string(c.Metric) + "_each"
	}
	return "metrics.about_" + string(c.Metric)
}

// when is the key of what its figure is of.
func (c Chart) when() string {
	if c.Instances != nil {
		return "metrics.now_together"
	}
	return "metrics.now"
}

func (m Page) link(span string, each bool) string { return paths.MetricsOf(m.Head.App.ID, span, each) }

// kind says how values of a metric are written; js/charts.js knows the same words.
func kind(m core.Metric) string {
	switch m {
	case core.MetricMemory, core.MetricHostMemory, core.MetricHostDisk:
		return "bytes"
	case core.MetricNetIn, core.MetricNetOut, core.MetricDiskRead, core.MetricDiskWrite:
		return "rate"
	case core.MetricLatency:
		return "seconds"
	case core.MetricCPU, core.MetricHostCPU:
		return "cores"
	case core.MetricRequests, core.MetricErrors:
		return "each"
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
	case "each":
		return l.T("metrics.per_second", "value", short(v))
	}
	return short(v)
}

// short writes a number with one digit behind the point at most.
func short(v float64) string {
	if v == float64(int64(v)) || v >= 100 {
		return strconv.FormatFloat(v, 'f', 0, 64)
	}
	if v < 1 {
		return strconv.FormatFloat(v, 'g', 2, 64)
	}
	return strconv.FormatFloat(v, 'f', 1, 64)
}

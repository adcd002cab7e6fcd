// Package traffic shows the requests of an app: how many there were, and which.
package traffic

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"berth/core"
	"berth/views/app"
	"berth/views/i18n"
	"berth/views/layout"
	"berth/views/ui"
)

// Page is the traffic of an app in a range.
type Page struct {
	Page layout.Page
	Head app.Head
	View core.TrafficView
}

// Requests are those of an app that match.
type Requests struct {
	Page  layout.Page
	Head  app.Head
	Query core.AccessQuery
	List  core.AccessPage
	Form  ui.Form
}

// row is a line of a table of counts.
type row struct {
	Name string
	core.RequestCounts
}

// rows are the counts by name, the busiest first.
func rows(m map[string]core.RequestCounts) []row {
	var all []row
	for _, name := range slices.Sorted(maps.Keys(m)) {
		all = append(all, row{name, m[name]})
	}
	slices.SortStableFunc(all, func(a, b row) int { return cmp.Compare(b.Requests, a.Requests) })
	return all
}

// Rate is requests per second.
func Rate(n int64, d time.Duration) string {
	if n == 0 || d <= 0 {
		return "0"
	}
	rate := float64(n) / d.Seconds()
	switch {
	case rate < 0.01:
		return "< 0.01"
	case rate < 1:
		return fmt.Sprintf("%.2f", rate)
	case rate < 100:
		return fmt.Sprintf("%.1f", rate)
	}
	return i18n.Number(int64(rate + 0.5))
}

// plain makes what came from outside harmless to read: no control characters, and none that turn the text around.
func plain(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || r == '\u2028' || r == '\u2029' {
			return '\uFFFD'
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
}

// requestsOf are the requests of each step, for the chart.
func requestsOf(v core.TrafficView) []int64 {
	if v.Range == core.RangeLive {
		return v.Recent
	}
	counts := make([]int64, len(v.Steps))
	for i, s := range v.Steps {
		counts[i] = s.Total.Requests
	}
	return counts
}

// p95Of is the time within which 95 of 100 requests of each step were answered, in microseconds.
func p95Of(v core.TrafficView) []int64 {
	times := make([]int64, len(v.Steps))
	for i, s := range v.Steps {
		times[i] = s.Total.Latency.Quantile(0.95).Microseconds()
	}
	return times
}

// axis says where the chart begins.
func axis(ctx context.Context, v core.TrafficView) string {
	if v.Range == core.RangeLive {
		return i18n.T(ctx, "traffic.minute_ago")
	}
	return i18n.From(ctx).Time(v.Steps[0].At)
}

// every says how long a step is.
func every(ctx context.Context, v core.TrafficView) string {
	if v.Range == core.RangeLive {
		return i18n.T(ctx, "traffic.by_second")
	}
	return i18n.T(ctx, "traffic.by", "length", i18n.From(ctx).Duration(v.Steps[0].Length))
}

func chartLabel(ctx context.Context, v core.TrafficView) string {
	counts := requestsOf(v)
	sum := int64(0)
	for _, n := range counts {
		sum += n
	}
	return i18n.T(ctx, "traffic.chart_label", "sum", i18n.Number(sum), "top", i18n.Number(ui.Largest(counts)), "every", every(ctx, v))
}

// bar is one of the latency chart: how many requests took at most so long.
type bar struct {
	Label    string
	Requests int64
	Height   string // percent of the highest
	X, Width string // percent
	Y        string
}

// latencyBars groups the buckets by three, so that there is room for a label of each.
func latencyBars(l core.Latency) []bar {
	const group = 3
	var sums []int64
	var labels []string
	for i := 0; i < len(l); i += group {
		sum := int64(0)
		for _, n := range l[i:min(i+group, len(l))] {
			sum += n
		}
		sums = append(sums, sum)
		if last := min(i+group, len(l)) - 1; last < len(core.LatencyBounds) {
			labels = append(labels, "≤ "+ui.Took(time.Duration(core.LatencyBounds[last])*time.Microsecond))
		} else {
			labels = append(labels, "> "+ui.Took(time.Duration(core.LatencyBounds[len(core.LatencyBounds)-1])*time.Microsecond))
		}
	}
	top := max(ui.Largest(sums), 1)
	width := 100 / float64(len(sums))
	bars := make([]bar, len(sums))
	for i, n := range sums {
		height := 100 * float64(n) / float64(top)
		if n > 0 {
			height = max(height, 1.5)
		}
		bars[i] = bar{labels[i], n, number(height), number(width*float64(i) + width*0.1), number(width * 0.8), number(100 - height)}
	}
	return bars
}

func number(f float64) string { return strconv.FormatFloat(f, 'f', 2, 64) }

// classes are the classes of statuses that occurred.
func classes(c core.RequestCounts) []row {
	var all []row
	for i, n := range c.Classes {
		if n > 0 {
			all = append(all, row{strconv.Itoa(i+1) + "xx", core.RequestCounts{Requests: n}})
		}
	}
	return all
}

// statusKind is the state as which a status is shown.
func statusKind(l core.AccessLine) string {
	switch {
	case l.Status == 0:
		return "quiet"
	case l.Status >= 500 || l.Fault != core.FaultNone && l.Fault != core.FaultLeft:
		return "is-bad"
	case l.Status >= 400:
		return "is-warn"
	}
	return "is-ok"
}

func statusText(l core.AccessLine) string {
	if l.Status == 0 {
		return "–"
	}
	return strconv.Itoa(l.Status)
}

// FaultText says why a request failed; "" when it did not.
func FaultText(ctx context.Context, f core.Fault) string {
	switch f {
	case core.FaultNone:
		return ""
	case core.FaultNoInstance, core.FaultUnreachable, core.FaultBroken, core.FaultSlow, core.FaultMalformed, core.FaultCut, core.FaultLeft:
		return i18n.T(ctx, "fault."+string(f))
	}
	return plain(string(f))
}

// older is the query for what follows on the next page.
func (m Requests) older() core.AccessQuery {
	q := m.Query
	q.Before = m.List.Until
	return q
}

func (m Requests) filtered() bool {
	return m.Query.Status != "" || m.Query.Path != "" || m.Query.Source != ""
}

// live reports whether new requests may be shown on top: on the first page of a valid search.
func (m Requests) live() bool { return m.Query.Before.IsZero() && !m.Form.Failed() }

func micro(us int64) time.Duration { return time.Duration(us) * time.Microsecond }

// milli turns microseconds into whole milliseconds.
func milli(us []int64) []int64 {
	ms := make([]int64, len(us))
	for i, n := range us {
		ms[i] = (n + 500) / 1000
	}
	return ms
}

package paths

import "net/url"

// Metrics is the page with the past of what an app takes.
func Metrics(app string) string { return App(app) + "/metrics" }

// MetricsOf is the same over a range: "15m", "1h", "6h", "24h", "7d", "30d".
func MetricsOf(app, span string) string { return Metrics(app) + "?range=" + url.QueryEscape(span) }

// MetricData is the address of what a chart of an app shows.
func MetricData(app, metric, span string) string {
	return "/api/v1/apps/" + url.PathEscape(app) + "/metrics?metric=" + url.QueryEscape(metric) + "&range=" + url.QueryEscape(span)
}

package paths

import "net/url"

// Metrics is the page with the past of what an app takes.
func Metrics(app string) string { return App(app) + "/metrics" }

// MetricsOf is the same over a range: "15m", "1h", "6h", "24h", "7d", "30d"; each draws a line for each instance.
func MetricsOf(app, span string, each bool) string {
	return with(Metrics(app), "range", span, "by", byInstance(each))
}

// MetricData is the address of what a chart of an app shows.
func MetricData(app, metric, span string, each bool) string {
	return with("/api/v1/apps/"+url.PathEscape(app)+"/metrics", "metric", metric, "range", span, "by", byInstance(each))
}

// Host is the page with the past of what a host takes.
func Host(id string) string { return Hosts + "/" + url.PathEscape(id) }

// HostMetrics is the same over a range.
func HostMetrics(id, span string) string { return with(Host(id), "range", span) }

// HostMetricData is the address of what a chart of a host shows.
func HostMetricData(id, metric, span string) string {
	return with("/api/v1/hosts/"+url.PathEscape(id)+"/metrics", "metric", metric, "range", span)
}

func byInstance(each bool) string {
	if each {
		return "instance"
	}
	return ""
}

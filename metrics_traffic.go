package main

import (
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"berth/core"
	"berth/worker/gateway"
)

// trafficMetrics tells what the gateway of this process counted by app. There are never more series than published
// apps allow: no path, address or domain is a label.
type trafficMetrics struct{ gateway *gateway.Gateway }

func metric(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("berth_gateway_"+name, help, labels, nil)
}

var (
	requestsMetric = metric("requests_total", "Requests that ended, by app and class of their status; class none are those whose client left first.", "app", "class")
	failedMetric   = metric("failed_total", "Requests that the gateway had to answer instead of an instance, or whose answer broke off.", "app")
	activeMetric   = metric("active", "Requests under way.", "app")
	bytesMetric    = metric("bytes_total", "Bytes of bodies, in from clients and out to them.", "app", "direction")
	durationMetric = metric("duration_seconds", "How long answers took, to their end.", "app")
	tunnelsMetric  = metric("tunnels", "WebSockets that are open.")
	refusedMetric  = metric("refused_total", "Requests that were refused, because they broke a rule of HTTP or of an app.", "reason")
)

// Describe implements prometheus.Collector.
func (m trafficMetrics) Describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{requestsMetric, failedMetric, activeMetric, bytesMetric, durationMetric, tunnelsMetric, refusedMetric} {
		out <- d
	}
}

// Collect implements prometheus.Collector.
func (m trafficMetrics) Collect(out chan<- prometheus.Metric) {
	count := func(d *prometheus.Desc, n int64, labels ...string) {
		out <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(n), labels...)
	}
	totals := m.gateway.Totals()
	out <- prometheus.MustNewConstMetric(tunnelsMetric, prometheus.GaugeValue, float64(totals.Tunnels))
	for reason, n := range totals.Refused {
		count(refusedMetric, n, reason)
	}
	for _, a := range m.gateway.Traffic(time.Time{}) {
		c := a.Total
		for i, n := range c.Classes {
			if n > 0 {
				count(requestsMetric, n, a.AppID, strconv.Itoa(i+1)+"xx")
			}
		}
		count(requestsMetric, c.Unanswered, a.AppID, "none")
		count(failedMetric, c.Failed, a.AppID)
		count(bytesMetric, c.BytesIn, a.AppID, "in")
		count(bytesMetric, c.BytesOut, a.AppID, "out")
		out <- prometheus.MustNewConstMetric(activeMetric, prometheus.GaugeValue, float64(c.Active), a.AppID)
		out <- durations(a.AppID, c.Latency)
	}
}

// durations is a histogram with every third bound, so that an app has a dozen series.
func durations(appID string, l core.Latency) prometheus.Metric {
	const every = 3
	buckets := map[float64]uint64{}
	total, sum := uint64(0), 0.0
	for i, n := range l {
		total += uint64(n)
		if i >= len(core.LatencyBounds) {
			sum += float64(n) * float64(core.LatencyBounds[len(core.LatencyBounds)-1]) / 1e6
			break
		}
		bound := float64(core.LatencyBounds[i]) / 1e6
		sum += float64(n) * bound * 5 / 6 // the middle of the bucket: its lower bound is two thirds of it
		if i%every == every-1 {
			buckets[bound] = total
		}
	}
	return prometheus.MustNewConstHistogram(durationMetric, total, sum, buckets, appID)
}

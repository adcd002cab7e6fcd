package main

import (
	"github.com/prometheus/client_golang/prometheus"

	"berth/core"
	"berth/worker/gateway/tcp"
)

// tcpMetrics tells what the gateway of this process counted of the TCP ports of each app.
type tcpMetrics struct{ tcp *tcp.Server }

var (
	tcpOpenMetric   = metric("tcp_connections", "Connections of TCP ports that are open, by app.", "app")
	tcpTotalMetric  = metric("tcp_connections_total", "Connections of TCP ports by app and what became of them: accepted, refused by a rule, failed for want of an instance.", "app", "outcome")
	tcpBytesMetric  = metric("tcp_bytes_total", "Bytes of TCP ports, in from clients and out to them.", "app", "direction")
	tcpSilentMetric = metric("tcp_ports_not_listening", "TCP ports that nothing can listen on.")
	tcpDescs        = []*prometheus.Desc{tcpOpenMetric, tcpTotalMetric, tcpBytesMetric, tcpSilentMetric}
)

// Describe implements prometheus.Collector.
func (m tcpMetrics) Describe(out chan<- *prometheus.Desc) {
	for _, d := range tcpDescs {
		out <- d
	}
}

// Collect implements prometheus.Collector.
func (m tcpMetrics) Collect(out chan<- prometheus.Metric) {
	count := func(d *prometheus.Desc, n int64, labels ...string) {
		out <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(n), labels...)
	}
	sums, silent := map[string]core.TCPCounts{}, 0
	for _, p := range m.tcp.Ports() {
		sums[p.AppID] = sums[p.AppID].Plus(p.TCPCounts)
		if !p.Listening {
			silent++
		}
	}
	out <- prometheus.MustNewConstMetric(tcpSilentMetric, prometheus.GaugeValue, float64(silent))
	for app, c := range sums {
		out <- prometheus.MustNewConstMetric(tcpOpenMetric, prometheus.GaugeValue, float64(c.Open), app)
		count(tcpTotalMetric, c.Total, app, "accepted")
		count(tcpTotalMetric, c.Refused, app, "refused")
		count(tcpTotalMetric, c.Failed, app, "failed")
		count(tcpBytesMetric, c.BytesIn, app, "in")
		count(tcpBytesMetric, c.BytesOut, app, "out")
	}
}

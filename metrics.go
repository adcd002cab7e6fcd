package main

import (
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// metrics answers in Prometheus' notation: the process, and what the gateway did. What is counted by app has a fixed
// number of series for each.
func (p *parts) metrics() http.Handler {
	r := prometheus.NewRegistry()
	r.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	info := prometheus.NewGauge(prometheus.GaugeOpts{Name: "berth_info", Help: "1, with the version of Berth.",
		ConstLabels: prometheus.Labels{"version": version}})
	info.Set(1)
	r.MustRegister(info, trafficMetrics{p.gateway}, tcpMetrics{p.tcp},
		gauge("berth_gateway_routes", "Domains that the gateway of this process knows.",
			func() float64 { return float64(p.gateway.Totals().Routes) }),
		gauge("berth_gateway_connections", "Connections of clients that are open.",
			func() float64 { return float64(p.gateway.Totals().Connections) }),
		counter("berth_gateway_unknown_total", "Requests for a domain that leads nowhere.",
			func() float64 { return float64(p.gateway.Totals().Unknown) }),
		counter("berth_gateway_handshakes_total", "TLS handshakes that were completed.",
			func() float64 { return float64(p.gateway.Totals().Handshakes) }),
		counter("berth_gateway_handshakes_failed_total", "TLS handshakes that failed, for want of a certificate for the name among others.",
			func() float64 { return float64(p.gateway.Totals().BadHandshakes) }),
		gauge("berth_gateway_certificates", "Certificates that the gateway of this process can present.",
			func() float64 { return float64(p.gateway.Totals().Certificates) }),
		counter("berth_log_lines_dropped_total", "Lines of apps that were not kept because they wrote more than their quota allows, the log store refuses them, or it was away until their instance was removed.",
			func() float64 {
				if p.collector == nil {
					return 0
				}
				return float64(p.collector.Dropped())
			}),
		counter("berth_quota_drift_total", "How often what teams use was counted wrong, and put right.",
			func() float64 {
				if p.loop == nil {
					return 0 // a gateway alone
				}
				return float64(p.loop.Drift())
			}),
		gauge("berth_registry_contact_timestamp_seconds", "When the registry last answered.",
			func() float64 { return float64(p.registry.Contact().Unix()) }),
		gauge("berth_gateway_age_seconds", "For how long the registry has not confirmed what the gateway serves.", p.age),
		gauge("berth_gateway_from_snapshot", "1 while the gateway serves the snapshot on disk, because the registry has not answered since it began.",
			func() float64 {
				if p.snapshot.State().Loaded {
					return 1
				}
				return 0
			}))
	return promhttp.HandlerFor(r, promhttp.HandlerOpts{})
}

// age is 0 while nothing is known.
func (p *parts) age() float64 {
	if seen := p.seen(); !seen.IsZero() {
		return max(0, time.Since(seen).Seconds())
	}
	return 0
}

func gauge(name, help string, value func() float64) prometheus.Collector {
	return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, value)
}

func counter(name, help string, value func() float64) prometheus.Collector {
	return prometheus.NewCounterFunc(prometheus.CounterOpts{Name: name, Help: help}, value)
}

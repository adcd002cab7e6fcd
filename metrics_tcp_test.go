package main

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"berth/core"
	"berth/worker/gateway"
	"berth/worker/gateway/tcp"
	"berth/worker/registry/memory"
)

// What is counted of TCP ports is told by app, and refusals by reason: neither grows with what clients send.
func TestMetricsOfPortsAndRefusals(t *testing.T) {
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	number := free.Addr().(*net.TCPAddr).Port
	ports := tcp.New(tcp.Options{Pool: core.TCPPool{Host: "127.0.0.1", From: number, To: number + 1},
		Open:     func(string) (net.Listener, error) { return free, nil },
		Timeouts: tcp.Timeouts{Drain: time.Second}})
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { defer close(ended); ports.Run(ctx) }()
	defer func() { stop(); <-ended }()
	ports.Apply(core.RegistryChange{TCPRoutes: []core.TCPRoute{{Port: number, AppID: "db"}}})
	c, err := net.Dial("tcp", free.Addr().String())
	if err == nil {
		defer c.Close()
		_, err = io.ReadAll(c)
	}
	if !errors.Is(err, syscall.ECONNRESET) { // which may come before Dial returns
		t.Errorf("without an instance: %v", err)
	}
	r := prometheus.NewRegistry()
	r.MustRegister(tcpMetrics{ports}, trafficMetrics{gateway.New(gateway.Options{Registry: memory.New()})})
	handler := promhttp.HandlerFor(r, promhttp.HandlerOpts{})
	told := func() string {
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
		return w.Body.String()
	}
	for _, line := range []string{`berth_gateway_tcp_connections{app="db"} 0`, `berth_gateway_tcp_connections_total{app="db",outcome="failed"} 1`,
		`berth_gateway_tcp_connections_total{app="db",outcome="accepted"} 0`, `berth_gateway_tcp_bytes_total{app="db",direction="in"} 0`,
		`berth_gateway_tcp_ports_not_listening 0`, `berth_gateway_refused_total{reason="slow"} 0`, `berth_gateway_refused_total{reason="forbidden"} 0`} {
		if !strings.Contains(told(), "\n"+line+"\n") {
			t.Errorf("%s is missing in\n%s", line, told())
		}
	}
}

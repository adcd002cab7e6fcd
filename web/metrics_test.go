package web

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"berth/core"
)

// The metrics are for this machine, and for operators from elsewhere.
func TestMetricsAreNotForEverybody(t *testing.T) {
	service := newFake()
	service.tokens["operator"] = core.Actor{Kind: core.ActorToken, Operator: true, Scope: core.ScopeAdmin}
	service.tokens["reader"] = core.Actor{Kind: core.ActorToken, Operator: true, Scope: core.ScopeRead}
	p := newPortal(t, service, nil)
	open := newPortal(t, newFake(), func(o *Options) { o.MetricsOpen = true })
	for name, c := range map[string]struct {
		peer, host string
		header     [2]string
		open       bool
		status     int
	}{
		"this machine":             {peer: "127.0.0.1:5", host: "localhost:8080", status: 200},
		"this machine, IPv6":       {peer: "[::1]:5", host: "[::1]:8080", status: 200},
		"a proxy on it":            {peer: "127.0.0.1:5", host: "berth.example.com", status: 401},
		"a proxy that says so":     {peer: "127.0.0.1:5", host: "127.0.0.1:8080", header: [2]string{"X-Forwarded-For", "127.0.0.1"}, status: 401},
		"elsewhere":                {peer: "192.0.2.7:5", host: "localhost:8080", status: 401},
		"an operator's token":      {peer: "192.0.2.7:5", host: "berth.example.com", header: [2]string{"Authorization", "Bearer operator"}, status: 200},
		"one that reads only":      {peer: "192.0.2.7:5", host: "berth.example.com", header: [2]string{"Authorization", "Bearer reader"}, status: 403},
		"somebody's token":         {peer: "192.0.2.7:5", host: "berth.example.com", header: [2]string{"Authorization", "Bearer good"}, status: 403},
		"a wrong token":            {peer: "192.0.2.7:5", host: "berth.example.com", header: [2]string{"Authorization", "Bearer wrong"}, status: 401},
		"everybody, when it is so": {peer: "192.0.2.7:5", host: "berth.example.com", open: true, status: 200},
	} {
		r := httptest.NewRequest(http.MethodGet, "/metrics", nil)
		r.RemoteAddr, r.Host = c.peer, c.host
		if c.header[0] != "" {
			r.Header.Set(c.header[0], c.header[1])
		}
		server := p.server
		if c.open {
			server = open.server
		}
		w := httptest.NewRecorder()
		server.ServeHTTP(w, r)
		if w.Code != c.status {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
	}
}

package remote

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"berth/core"
	"berth/e2e/testenv"
	"berth/worker/metrics/metricstest"
)

func TestAServer(t *testing.T) {
	server := testenv.StartPrometheus(t)
	metricstest.Run(t, func(t *testing.T) core.MetricStore { return New(Options{URL: server.URL + "/"}) })
}

func TestWhatIsForgottenIsGone(t *testing.T) {
	s := New(Options{URL: testenv.StartPrometheus(t).URL})
	now := time.Now()
	labels := core.MetricLabels{TenantID: "t", AppID: "shop"}
	if err := s.Append(context.Background(), now, []core.MetricSample{{MetricLabels: labels, Metric: core.MetricCPU, Value: 1}}); err != nil {
		t.Fatal(err)
	}
	q := core.MetricQuery{Metrics: []core.Metric{core.MetricCPU}, TenantID: "t", AppID: "shop", From: now.Add(-time.Minute), To: now.Add(time.Minute), Step: 5 * time.Second}
	if all, err := s.Query(context.Background(), q); err != nil || len(all) != 1 {
		t.Fatalf("before: %+v, %v", all, err)
	}
	if err := s.Forget(context.Background(), "shop"); err != nil {
		t.Fatal(err)
	}
	if all, err := s.Query(context.Background(), q); err != nil || len(all) > 0 {
		t.Errorf("after: %+v, %v", all, err)
	}
}

// A server that is away, full or stuck is said, holds nobody up for longer than until the next measurement, and keeps no
// app from being removed.
func TestAServerThatDoesNotAnswer(t *testing.T) {
	stuck := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/stuck") {
			<-stuck
		}
		http.Error(w, "no space left on device", http.StatusInternalServerError)
	}))
	defer server.Close()
	defer close(stuck)
	for _, address := range []string{"http://127.0.0.1:1", server.URL, server.URL + "/stuck"} {
		s := New(Options{URL: address})
		begin := time.Now()
		err := s.Append(context.Background(), begin, []core.MetricSample{{Metric: core.MetricHostCPU, Value: 1}})
		if core.ErrorCode(err) != core.EUNAVAILABLE || s.Fault() != err {
			t.Errorf("%s: %v, and the fault is %v", address, err, s.Fault())
		}
		if took := time.Since(begin); took >= core.MetricEvery {
			t.Errorf("%s: it took %s", address, took)
		}
		if address == server.URL+"/stuck" {
			continue // it is as slow for the others
		}
		if _, err := s.Query(context.Background(), core.MetricQuery{Metrics: []core.Metric{core.MetricHostCPU}, HostID: "x", From: begin, To: begin.Add(time.Hour)}); core.ErrorCode(err) != core.EUNAVAILABLE {
			t.Errorf("%s: %v", address, err)
		}
		if err := s.Forget(context.Background(), "shop"); err != nil {
			t.Errorf("%s: %v", address, err)
		}
	}
}

func TestCredentials(t *testing.T) {
	var got string
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got = r.Header.Get("Authorization") }))
	defer server.Close()
	for want, o := range map[string]Options{"Basic YmVydGg6c2VjcmV0": {User: "berth", Password: "secret"}, "Bearer secret": {Password: "secret"}, "": {}} {
		o.URL = server.URL
		if err := New(o).Append(context.Background(), time.Now(), nil); err != nil || got != want {
			t.Errorf("%q was sent, want %q; %v", got, want, err)
		}
	}
}

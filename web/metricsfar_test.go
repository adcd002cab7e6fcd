package web

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"berth/core"
	"berth/core/service"
	"berth/e2e/testenv"
	"berth/views/paths"
	"berth/worker/metrics/remote"
)

// far is a server of measurements that is 20 ms away, and counts what it is asked.
func far(t *testing.T, server testenv.Prometheus) (address string, asked *atomic.Int64) {
	t.Helper()
	target, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	proxy, asked := httputil.NewSingleHostReverseProxy(target), &atomic.Int64{}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/query_range") {
			asked.Add(1)
			time.Sleep(20 * time.Millisecond)
		}
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(s.Close)
	return s.URL, asked
}

// A page of charts asks a server that is far away three questions, however many charts there are: what is now, what was
// in the range, and what was before it or of each instance.
func TestMetricsPageOfAServerFarAway(t *testing.T) {
	address, asked := far(t, testenv.StartPrometheus(t))
	store := remote.New(remote.Options{URL: address})
	var back atomic.Int64
	back.Store(int64(2 * time.Hour))
	p, client, app := scalingHouse(t, func(d *service.Deps) {
		d.Metrics, d.Now = store, func() time.Time { return time.Now().Add(-time.Duration(back.Load())) }
	})
	back.Store(0) // the app is two hours old
	ctx := core.WithActor(context.Background(), core.System())
	shop, err := p.store.Apps().Get(ctx, app)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	for at := now.Add(-40 * time.Minute); at.Before(now); at = at.Add(15 * time.Second) {
		var samples []core.MetricSample
		for _, m := range core.Metrics {
			if !m.OfHost() {
				samples = append(samples, core.MetricSample{MetricLabels: core.MetricLabels{TenantID: shop.TenantID, AppID: app}, Metric: m, Value: 1})
			}
			if m.OfInstance() {
				samples = append(samples, core.MetricSample{MetricLabels: core.MetricLabels{TenantID: shop.TenantID, AppID: app, InstanceID: "one", HostID: "local"}, Metric: m, Value: 1})
			}
		}
		if err := store.Append(context.Background(), at, samples); err != nil {
			t.Fatal(err)
		}
	}
	for _, page := range []string{paths.Metrics(app) + "?range=15m", paths.Metrics(app) + "?range=15m&by=instance"} {
		var took []time.Duration
		for range 5 {
			before, began := asked.Load(), time.Now()
			a := p.ask(client, http.MethodGet, page, "")
			took = append(took, time.Since(began))
			if n := asked.Load() - before; a.status != http.StatusOK || n != 3 {
				t.Errorf("%s: %d, the server was asked %d times, want 3", page, a.status, n)
			}
			if strings.Contains(page, "instance") != strings.Contains(a.body, ">one<") {
				t.Errorf("%s: which instances there are: %v", page, strings.Contains(a.body, ">one<"))
			}
		}
		slices.Sort(took)
		t.Logf("%s: %s in the median", page, took[len(took)/2].Round(time.Millisecond))
	}
}

package e2e

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"berth/e2e/testenv"
)

// metric is what the API says of the past of a metric.
type metric struct {
	Step   string
	Series []struct {
		Instance string
		Points   [][3]float64
	}
	Markers []struct{ Kind, Text string }
}

func (b *Berth) metric(app, query string) (m metric) {
	b.t.Helper()
	b.do("GET", "/api/v1/apps/"+app+"/metrics?range=15m&metric="+query, nil, &m)
	return m
}

// measured waits until a metric of an app is above a value.
func (b *Berth) measured(app, query string, above float64) {
	b.t.Helper()
	b.eventually(30*time.Second, func() error {
		m := b.metric(app, query)
		if len(m.Series) == 0 || len(m.Series[0].Points) == 0 {
			return fmt.Errorf("%s was never measured", query)
		}
		points := m.Series[0].Points
		if last := points[len(points)-1]; last[2] <= above {
			return fmt.Errorf("%s is %v, want more than %v", query, last, above)
		}
		return nil
	})
}

// TestMetrics measures a real instance, what the gateway led to it and the machine, and goes on over a release and a
// restart of Berth.
func TestMetrics(t *testing.T) {
	t.Parallel()
	b := start(t)
	team := b.tenant("Acme")
	shop := b.app(team, "Shop")
	b.upload(shop, "1.0", testenv.ImageOptions{})
	b.deploy(shop, map[string]any{"version": "1.0", "memory": "64MiB"})
	stop := make(chan struct{})
	defer close(stop)
	go func() {
		for {
			select {
			case <-stop:
				return
			case <-time.After(10 * time.Millisecond):
				b.get(shop, "/")
			}
		}
	}()
	for query, above := range map[string]float64{"memory": 100_000, "cpu": 0, "net_in": 0, "net_out": 0, "processes": 0, "ready": 0, "requests": 1} {
		b.measured(shop, query, above)
	}
	b.deploy(shop, map[string]any{"env": []map[string]any{{"name": "COLOUR", "value": "green"}}})
	b.eventually(30*time.Second, func() error {
		if m := b.metric(shop, "memory&by=instance"); len(m.Series) < 2 {
			return fmt.Errorf("%d instances were measured, want the old and the new one", len(m.Series))
		}
		return nil
	})
	before := len(b.metric(shop, "memory").Series[0].Points)
	if m := b.metric(shop, "memory&markers=true"); len(m.Series) != 1 || len(m.Markers) < 2 {
		t.Errorf("over two releases there are %d series and %d markers, want one and two", len(m.Series), len(m.Markers))
	}
	b.Stop()
	b.Start()
	if after := len(b.metric(shop, "memory").Series[0].Points); after < before {
		t.Errorf("after a restart %d of %d measurements are left", after, before)
	}
	var host metric
	b.eventually(20*time.Second, func() error {
		b.do("GET", "/api/v1/hosts/local/metrics?metric=host_cpu&range=15m", nil, &host)
		if len(host.Series) != 1 {
			return fmt.Errorf("the machine was not measured")
		}
		return nil
	})
	for _, query := range []string{"metric=cpu&range=2y", "metric=rm", "metric=host_cpu", "metric=cpu&by=tenant", "range=1h"} {
		b.refused(http.StatusUnprocessableEntity, "GET", "/api/v1/apps/"+shop+"/metrics?"+query, nil)
	}
}

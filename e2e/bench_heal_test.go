package e2e

import (
	"fmt"
	"testing"
	"time"

	"berth/e2e/testenv"
)

// BenchmarkHeal measures how long an app with one instance does not answer: from the kill of its program until the
// gateway has an answer of the next one, and from when its health check begins to fail, asked every second, until one
// in its place answers.
func BenchmarkHeal(b *testing.B) {
	docker := testenv.Docker(b)
	for name, health := range map[string]map[string]any{
		"killed":   {"kind": "tcp"},
		"replaced": {"path": "/healthz", "interval": "1s", "policy": "replace"},
	} {
		b.Run(name, func(b *testing.B) {
			berth, app := online(b, testenv.ImageOptions{}, map[string]any{"health": health}, withArgs("--port-range", "31000-31999"))
			var times []float64
			for range b.N {
				for range 5 {
					berth.get(app, "/sick") // which the next program does not know of
					began := time.Now()
					if name == "killed" {
						berth.kill(docker, app)
					}
					berth.eventually(time.Minute, func() error {
						status, _, err := berth.get(app, "/healthz")
						if err == nil && status != 200 {
							err = fmt.Errorf("%d", status)
						}
						return err
					})
					times = append(times, milliseconds(time.Since(began)))
					berth.succeeds(berth.act(app, "restart")) // the crash is forgotten with the instance
				}
			}
			b.ReportMetric(percentile(times, 100), "ms-most")
			b.ReportMetric(median(times), "ms-p50")
			b.ReportMetric(0, "ns/op")
		})
	}
}

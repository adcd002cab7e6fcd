package e2e

import (
	"testing"
	"time"

	"berth/e2e/testenv"
)

// BenchmarkNeighbour measures what an app notices of another team's app that takes twice the memory that it may have
// whenever it runs, for ten minutes: it waits longer each time, up to minutes in the end. The figure is the 99th
// percentile of 200 requests a second in these minutes, as a ratio to that of the same minutes without the seconds after
// each crash. What was before and is afterwards is told beside it, though a machine with others on it drifts by more.
func BenchmarkNeighbour(b *testing.B) {
	berth, app := online(b, testenv.ImageOptions{}, map[string]any{"memory": "64MiB"})
	neighbour := berth.app(berth.tenant("Beta"), "Neighbour")
	berth.upload(neighbour, "1.0", testenv.ImageOptions{})
	berth.deploy(neighbour, map[string]any{"version": "1.0"})
	berth.answers(neighbour, "version 1.0")
	l := berth.steadyLoad(neighbour)
	calm := func() []float64 {
		l.cut()
		time.Sleep(150 * time.Second)
		return l.cut()
	}
	time.Sleep(5 * time.Second)
	for range b.N {
		base := calm()
		crashes := 0
		var waits, restarts []float64
		for end := time.Now().Add(10 * time.Minute); time.Now().Before(end); time.Sleep(time.Second) {
			if status, _, err := berth.get(app, "/"); err == nil && status == 200 && berth.crashed(app, crashes) == nil {
				waits = append(waits, l.cut()...)
				berth.get(app, "/oom?mb=128")
				crashes++
				time.Sleep(3 * time.Second)
				restarts = append(restarts, l.cut()...)
			}
		}
		waits = append(waits, l.cut()...)
		during := append(restarts, waits...)
		berth.succeeds(berth.act(app, "restart"))
		base = append(base, calm()...)
		b.ReportMetric(float64(crashes), "crashes")
		b.ReportMetric(percentile(base, 99), "ms-p99-before-and-after")
		b.ReportMetric(percentile(during, 99), "ms-p99-meanwhile")
		b.ReportMetric(percentile(waits, 99), "ms-p99-without-restarts")
		b.ReportMetric(percentile(during, 99)/percentile(waits, 99), "times")
	}
	l.none(b)
	b.ReportMetric(0, "ns/op")
}

package e2e

import (
	"testing"
	"time"

	"berth/e2e/testenv"
)

// BenchmarkStart measures the time from the start of the program with an empty data folder until it is ready, the
// median of ten.
func BenchmarkStart(b *testing.B) {
	berth := start(b)
	for range b.N {
		var times []float64
		for range 10 {
			berth.Stop()
			berth.Data = b.TempDir()
			began := time.Now()
			berth.Start()
			times = append(times, milliseconds(time.Since(began)))
		}
		b.ReportMetric(median(times), "ms-to-ready")
	}
	b.ReportMetric(0, "ns/op")
}

// BenchmarkRest measures the memory that the program holds when nothing is asked of it: fresh, and after an app was
// deployed.
func BenchmarkRest(b *testing.B) {
	const rest = 10 * time.Second
	for range b.N {
		berth := start(b)
		time.Sleep(rest)
		b.ReportMetric(berth.memory("VmRSS"), "MiB-RSS")
		app := berth.app(berth.tenant("Acme"), "Shop")
		berth.upload(app, "1.0", testenv.ImageOptions{})
		berth.deploy(app, map[string]any{"version": "1.0"})
		time.Sleep(rest)
		b.ReportMetric(berth.memory("VmRSS"), "MiB-RSS-with-an-app")
	}
	b.ReportMetric(0, "ns/op")
}

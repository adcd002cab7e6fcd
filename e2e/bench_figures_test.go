package e2e

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

// The benchmarks of this package measure the program as its users see it; scripts/bench.sh runs them and holds the
// figures against what Berth is to reach. They are no tests: a slow machine fails nothing.

func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	return (sorted[(len(sorted)-1)/2] + sorted[len(sorted)/2]) / 2
}

// percentile returns the least value that p percent of the values do not exceed.
func percentile(values []float64, p int) float64 {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[(len(sorted)*p+99)/100-1]
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// memory returns a figure of the program's /proc status in MiB: VmRSS is what it holds now, VmHWM the most so far.
func (b *Berth) memory(name string) float64 {
	b.t.Helper()
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", b.cmd.Process.Pid))
	if err != nil {
		b.t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(data), name+":")
	var kib float64
	if _, err := fmt.Sscan(rest, &kib); err != nil {
		b.t.Fatal(err)
	}
	return kib / 1024
}

// growth forgets the most memory held so far; the function returned says how far it grew since, in MiB.
func (b *Berth) growth() func() float64 {
	b.t.Helper()
	if err := os.WriteFile(fmt.Sprintf("/proc/%d/clear_refs", b.cmd.Process.Pid), []byte("5"), 0); err != nil {
		b.t.Fatal(err)
	}
	before := b.memory("VmRSS")
	return func() float64 { return b.memory("VmHWM") - before }
}

// reportLatency reports the median and the 95th percentile of times in milliseconds.
func reportLatency(b *testing.B, times []float64) {
	b.ReportMetric(median(times), "ms-p50")
	b.ReportMetric(percentile(times, 95), "ms-p95")
	b.ReportMetric(0, "ns/op")
}

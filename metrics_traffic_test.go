package main

import (
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"

	"berth/core"
)

// A histogram has every request once, and buckets that grow.
func TestDurationsOfMetrics(t *testing.T) {
	var l core.Latency
	for i, d := range []time.Duration{50 * time.Microsecond, time.Millisecond, time.Second, time.Hour} {
		l[core.LatencyBucket(d)] += int64(i + 1)
	}
	var m dto.Metric
	if err := durations("shop", l).Write(&m); err != nil {
		t.Fatal(err)
	}
	h := m.GetHistogram()
	if h.GetSampleCount() != 10 || len(h.GetBucket()) != len(core.LatencyBounds)/3 {
		t.Errorf("%d requests in %d buckets", h.GetSampleCount(), len(h.GetBucket()))
	}
	last := uint64(0)
	for _, b := range h.GetBucket() {
		if b.GetCumulativeCount() < last {
			t.Errorf("%v shrinks", b)
		}
		last = b.GetCumulativeCount()
	}
	if last != 6 {
		t.Errorf("%d requests within the largest bound, want 6", last)
	}
}

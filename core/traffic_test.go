package core

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// A quantile of the histogram differs from the true one by the width of a bucket at most.
func TestQuantilesAreWithinTheirBucket(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 50 {
		var l Latency
		times := make([]time.Duration, 1+random.IntN(3000))
		for i := range times {
			times[i] = time.Duration(random.ExpFloat64() * float64(50*time.Millisecond)).Truncate(time.Microsecond)
			l[LatencyBucket(times[i])]++
		}
		slices.Sort(times)
		for _, q := range []float64{0.01, 0.5, 0.95, 0.99, 1} {
			exact := times[max(int(q*float64(len(times))+0.999999)-1, 0)]
			got := l.Quantile(q)
			if LatencyBucket(exact) == 0 && got <= 100*time.Microsecond {
				continue
			}
			if ratio := float64(got) / float64(exact); ratio < 1/1.51 || ratio > 1.51 {
				t.Errorf("%d times, q %v: %v, exactly %v", len(times), q, got, exact)
			}
		}
	}
}

func TestLatencyBuckets(t *testing.T) {
	for d, want := range map[time.Duration]int{0: 0, 100 * time.Microsecond: 0, 101 * time.Microsecond: 1, 150 * time.Microsecond: 1, 24 * time.Hour: LatencyBuckets - 1} {
		if got := LatencyBucket(d); got != want {
			t.Errorf("%v falls into bucket %d, want %d", d, got, want)
		}
	}
	if q := (Latency{}).Quantile(0.95); q != 0 {
		t.Errorf("the quantile of nothing is %v", q)
	}
}

// What is added and taken away again leaves what was there.
func TestPlusAndMinus(t *testing.T) {
	a := RequestCounts{Requests: 7, Failed: 1, Retried: 2, Unanswered: 3, Classes: [5]int64{1, 2, 3, 4, 5}, BytesIn: 8, BytesOut: 9, Latency: Latency{3: 4}}
	b := RequestCounts{Requests: 70, Failed: 10, Retried: 20, Unanswered: 30, Classes: [5]int64{10, 20, 30, 40, 50}, BytesIn: 80, BytesOut: 90, Latency: Latency{3: 40, 5: 1}}
	if got := a.Plus(b).Minus(b); got != a {
		t.Errorf("%+v", got)
	}
}

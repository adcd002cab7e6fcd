package gateway

import (
	"net/netip"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

var (
	somebody = netip.MustParseAddr("192.0.2.1")
	time0    = time.Now()
)

func TestLimiterLetsABurstThroughAndThenTheRate(t *testing.T) {
	l, now := newLimiter(10, time.Second, 3), time.Now()
	for n := range 3 {
		if l.take(somebody, now) != 0 {
			t.Fatalf("request %d of the burst is refused", n+1)
		}
	}
	if wait := l.take(somebody, now); wait != 100*time.Millisecond {
		t.Errorf("the next has to wait %v", wait)
	}
	if l.take(netip.MustParseAddr("192.0.2.2"), now) != 0 {
		t.Error("another client is refused")
	}
	passed := 0
	for at := now; at.Before(now.Add(10 * time.Second)); at = at.Add(time.Millisecond) {
		if l.take(somebody, at) == 0 {
			passed++
		}
	}
	if passed != 99 {
		t.Errorf("%d passed in 10 s, want 99", passed)
	}
	if l.take(somebody, now.Add(time.Hour)) != 0 || l.wait(somebody, now.Add(time.Hour)) != 0 {
		t.Error("a bucket does not fill again")
	}
}

func TestAnIPv6NetworkIsOneClient(t *testing.T) {
	l, now := newLimiter(1, time.Minute, 1), time.Now()
	l.take(netip.MustParseAddr("2001:db8::1"), now)
	if l.take(netip.MustParseAddr("2001:db8::ffff:ffff"), now) == 0 {
		t.Error("another address of the same /64 is another client")
	}
	if l.take(netip.MustParseAddr("2001:db8:0:1::1"), now) != 0 {
		t.Error("another /64 is the same client")
	}
}

// Whoever comes from ever new addresses makes others lose no more than the fullest buckets, and costs no more memory.
func TestLimiterIsBounded(t *testing.T) {
	l, now := newLimiter(1, time.Hour, 1), time.Now()
	for n := range 100_000 {
		l.take(netip.AddrFrom4([4]byte{10, byte(n >> 16), byte(n >> 8), byte(n)}), now)
	}
	held := 0
	for i := range l.sets {
		if s := l.sets[i].Load(); s != nil {
			held += len(s.buckets)
		}
	}
	if held > limiterSets*setSize {
		t.Errorf("%d buckets", held)
	}
	set := &bucketSet{}
	for n := range setSize {
		set.buckets[n] = bucket{uint64(n + 1), int64(100 + n)}
	}
	if b := set.bucket(99); b.client != 1 {
		t.Errorf("the bucket of %d makes room, not the fullest", b.client)
	}
}

func TestLimiterHoldsUnderConcurrency(t *testing.T) {
	l, now := newLimiter(100, time.Hour, 100), time.Now()
	var passed atomic.Int64
	var clients sync.WaitGroup
	for range 8 {
		clients.Go(func() {
			for range 1000 {
				if l.take(somebody, now) == 0 {
					passed.Add(1)
				}
			}
		})
	}
	clients.Wait()
	if passed.Load() != 100 {
		t.Errorf("%d passed, want 100", passed.Load())
	}
}

func BenchmarkLimiter(b *testing.B) {
	l, now := newLimiter(1_000_000, time.Second, 1_000_000), time.Now()
	b.ReportAllocs()
	for b.Loop() {
		l.take(somebody, now)
	}
}

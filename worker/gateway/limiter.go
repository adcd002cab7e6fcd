package gateway

import (
	"hash/maphash"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"
)

// limiter has a token bucket for each client: an IPv4 address, or the 64 bits of an IPv6 address that name a network.
// A bucket is the time at which it will be full again, so that one that is full and one that is not there are the
// same; where there is no room for another, the one that is nearest to being full makes it, and loses the least.
type limiter struct {
	every int64 // nanoseconds a token takes to come
	slack int64 // that a bucket holds above one token, in the time they took
	seed  maphash.Seed
	sets  [limiterSets]atomic.Pointer[bucketSet]
}

// At most 8,192 clients of an app are told apart, in 130 KiB.
const (
	limiterSets = 512
	setSize     = 16
)

type bucketSet struct {
	sync.Mutex
	buckets [setSize]bucket
}

type bucket struct {
	client uint64 // hash of its address
	full   int64  // Unix nanoseconds
}

// newLimiter lets burst requests through at once, and then so many in each per.
func newLimiter(requests int, per time.Duration, burst int) *limiter {
	every := int64(per) / int64(requests)
	return &limiter{every: every, slack: every * int64(burst-1), seed: maphash.MakeSeed()}
}

// take takes a token of a client's bucket and returns 0, or takes none and returns how long it is until one comes.
func (l *limiter) take(client netip.Addr, now time.Time) time.Duration {
	return l.ask(client, now, l.every)
}

// wait returns what take would, and takes nothing.
func (l *limiter) wait(client netip.Addr, now time.Time) time.Duration { return l.ask(client, now, 0) }

// giveBack returns a token that was taken.
func (l *limiter) giveBack(client netip.Addr) {
	key := l.keyOf(client)
	set := l.set(key)
	set.Lock()
	defer set.Unlock()
	if b := set.bucket(key); b.client == key {
		b.full -= l.every
	}
}

func (l *limiter) ask(client netip.Addr, now time.Time, cost int64) time.Duration {
	key, at := l.keyOf(client), now.UnixNano()
	set := l.set(key)
	set.Lock()
	defer set.Unlock()
	b := set.bucket(key)
	full := at
	if b.client == key {
		full = max(b.full, at)
	}
	if wait := full - l.slack - at; wait > 0 {
		return time.Duration(wait)
	}
	if cost > 0 {
		b.client, b.full = key, full+cost
	}
	return 0
}

func (l *limiter) keyOf(client netip.Addr) uint64 {
	address := client.As16()
	if client.Is6() {
		clear(address[8:])
	}
	return maphash.Bytes(l.seed, address[:])
}

func (l *limiter) set(key uint64) *bucketSet {
	at := &l.sets[key%limiterSets]
	if s := at.Load(); s != nil {
		return s
	}
	at.CompareAndSwap(nil, new(bucketSet))
	return at.Load()
}

// bucket returns the client's, or the one that it may have.
func (s *bucketSet) bucket(key uint64) *bucket {
	first := &s.buckets[0]
	for i := range s.buckets {
		b := &s.buckets[i]
		if b.client == key {
			return b
		}
		if b.full < first.full {
			first = b
		}
	}
	return first
}

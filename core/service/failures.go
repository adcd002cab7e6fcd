package service

import (
	"net"
	"net/netip"
	"sync"
	"time"
)

const (
	maxFailures    = 20 // of one address or account in failureWindow
	failureWindow  = time.Minute
	maxResets      = 3 // mails to one account in resetWindow
	resetWindow    = time.Hour
	maxFailureKeys = 20_000
	sweepEvery     = 10 * time.Second
)

// failures counts failed sign-ins by address and by account, in memory and bounded. An attempt counts from its
// beginning, so that many at once gain nothing; a success takes its own back.
type failures struct {
	most   int // in window
	window time.Duration

	mu    sync.Mutex
	seen  map[string][]time.Time // oldest first
	swept time.Time              // when what no longer counts was last removed
}

func newFailures() *failures { return failuresOf(maxFailures, failureWindow) }

func failuresOf(most int, window time.Duration) *failures {
	return &failures{most: most, window: window, seen: map[string][]time.Time{}}
}

// begin notes an attempt under every key, or under none and returns how long to wait.
func (f *failures) begin(now time.Time, keys ...string) (wait time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, k := range keys {
		times := f.recent(k, now)
		if len(times) >= f.most {
			wait = max(wait, times[0].Add(f.window).Sub(now))
		}
	}
	if wait > 0 {
		return wait
	}
	f.makeRoom(now, len(keys))
	for _, k := range keys {
		f.seen[k] = append(f.recent(k, now), now)
	}
	return 0
}

// succeed takes back the attempt that began at then.
func (f *failures) succeed(then time.Time, keys ...string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, k := range keys {
		for i, t := range f.seen[k] {
			if t.Equal(then) {
				f.seen[k] = append(f.seen[k][:i:i], f.seen[k][i+1:]...)
				break
			}
		}
		if len(f.seen[k]) == 0 {
			delete(f.seen, k)
		}
	}
}

// recent returns the attempts under k that still count. A clock that jumped back makes none of them count forever.
func (f *failures) recent(k string, now time.Time) []time.Time {
	times := f.seen[k]
	for len(times) > 0 && (now.Sub(times[0]) >= f.window || times[0].After(now.Add(f.window))) {
		times = times[1:]
	}
	return times
}

// makeRoom keeps the map bounded: what no longer counts goes first, then anything.
func (f *failures) makeRoom(now time.Time, n int) {
	if len(f.seen)+n <= maxFailureKeys {
		return
	}
	if now.Sub(f.swept).Abs() >= sweepEvery {
		f.swept = now
		for k := range f.seen {
			if len(f.recent(k, now)) == 0 {
				delete(f.seen, k)
			}
		}
	}
	for k := range f.seen {
		if len(f.seen)+n <= maxFailureKeys {
			return
		}
		delete(f.seen, k)
	}
}

// peerKey names who connects: an IPv4 address, or the /64 of an IPv6 one, which is what one person has.
func peerKey(peer string) string {
	if host, _, err := net.SplitHostPort(peer); err == nil {
		peer = host
	}
	addr, err := netip.ParseAddr(peer)
	if err != nil {
		return "peer " + hashSecret(peer)
	}
	addr = addr.Unmap().WithZone("")
	bits := addr.BitLen()
	if addr.Is6() {
		bits = 64
	}
	prefix, err := addr.Prefix(bits)
	if err != nil {
		return "peer " + addr.String()
	}
	return "peer " + prefix.String()
}

package gateway

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"berth/core"
)

// traffic counts the requests of an app.
type traffic struct {
	total  counter
	seen   atomic.Int64         // when a request last began or ended, Unix seconds
	recent atomic.Pointer[ring] // nil before the first request

	mu       sync.Mutex // guards what follows
	versions map[string]*counter
	labels   []string // of versions, the newest last
	domains  map[string]*lazyCounter
	failures *failures // nil before the first
}

// oldVersions is how many versions without an instance keep their counts.
const oldVersions = 16

// version returns the counter of a version, and forgets the oldest that are not in use.
func (t *traffic) version(label string, inUse func(label string) bool) *counter {
	t.mu.Lock()
	defer t.mu.Unlock()
	if c := t.versions[label]; c != nil {
		return c
	}
	if t.versions == nil {
		t.versions = map[string]*counter{}
	}
	c := new(counter)
	t.versions[label] = c
	t.labels = append(t.labels, label)
	unused := 0
	for _, l := range slices.Backward(t.labels) {
		if l == label || inUse(l) {
			continue
		}
		if unused++; unused > oldVersions {
			delete(t.versions, l)
		}
	}
	t.labels = slices.DeleteFunc(t.labels, func(l string) bool { return t.versions[l] == nil })
	return c
}

// list has the counts of a domain shown with those of the app.
func (t *traffic) list(l *lazyCounter) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if l.gone {
		return
	}
	if t.domains == nil {
		t.domains = map[string]*lazyCounter{}
	}
	t.domains[l.domain] = l
}

// unlist ends that: no route leads there any more.
func (t *traffic) unlist(l *lazyCounter) {
	t.mu.Lock()
	defer t.mu.Unlock()
	l.gone = true
	if t.domains[l.domain] == l {
		delete(t.domains, l.domain)
	}
}

// ring has a place for a second: the second in the upper half, its count in the lower.
type ring [seconds]atomic.Uint64

const (
	seconds = 64 // kept; the last window of them are shown
	window  = 60
)

func (t *traffic) count(now time.Time) {
	t.total.begun.Add(1)
	t.touch(now)
	second := uint64(uint32(now.Unix()))
	slot := &t.ring()[second%seconds]
	for {
		old := slot.Load()
		next := second<<32 | 1
		if old>>32 == second {
			next = old + 1
		}
		if slot.CompareAndSwap(old, next) {
			return
		}
	}
}

func (t *traffic) touch(now time.Time) {
	if second := now.Unix(); t.seen.Load() != second {
		t.seen.Store(second)
	}
}

func (t *traffic) ring() *ring {
	if r := t.recent.Load(); r != nil {
		return r
	}
	t.recent.CompareAndSwap(nil, new(ring))
	return t.recent.Load()
}

// lastMinute returns the counts of the last 60 seconds, the present one last.
func (t *traffic) lastMinute(now time.Time) []int64 {
	counts := make([]int64, window)
	recent := t.recent.Load()
	for i := range counts {
		if recent == nil {
			break
		}
		second := uint64(uint32(now.Unix() - int64(window-1-i)))
		if slot := recent[second%seconds].Load(); slot>>32 == second {
			counts[i] = int64(uint32(slot))
		}
	}
	return counts
}

// App implements core.Traffic.
func (g *Gateway) App(appID string) core.TrafficCounts {
	a := g.table.app(appID)
	if a == nil {
		return core.TrafficCounts{Recent: make([]int64, window)}
	}
	return a.counts(time.Now())
}

// counts leaves the present second out: it has only just begun, and would look like a fall.
func (a *app) counts(now time.Time) core.TrafficCounts {
	c := core.TrafficCounts{
		Total: a.traffic.total.counts(), Recent: a.traffic.lastMinute(now.Add(-time.Second)),
		Instances: map[string]core.RequestCounts{}, Versions: map[string]core.RequestCounts{}, Domains: map[string]core.RequestCounts{},
	}
	c.Requests, c.Failed = c.Total.Requests, c.Total.Failed
	for _, i := range a.instances.Load().all.list {
		c.Instances[i.Address.Address] = i.counts.counts().Plus(c.Instances[i.Address.Address])
	}
	a.traffic.mu.Lock()
	defer a.traffic.mu.Unlock()
	for label, v := range a.traffic.versions {
		c.Versions[label] = v.counts()
	}
	for domain, l := range a.traffic.domains {
		if d := l.at.Load(); d != nil {
			c.Domains[domain] = d.counts()
		}
	}
	return c
}

// Traffic returns what was counted of every app that had a request at or after since, in no order; of all that ever had
// one for the zero time. So there are never more than apps that are published.
func (g *Gateway) Traffic(since time.Time) []core.AppTraffic {
	now := time.Now()
	var all []core.AppTraffic
	for _, a := range g.table.all() {
		seen := a.traffic.seen.Load()
		if seen == 0 || !since.IsZero() && seen < since.Unix() && a.traffic.total.counts().Active == 0 {
			continue
		}
		t := core.AppTraffic{AppID: a.id, TrafficCounts: a.counts(now)}
		a.traffic.mu.Lock()
		t.Failures = a.traffic.lastFailures()
		a.traffic.mu.Unlock()
		all = append(all, t)
	}
	return all
}

// Knows reports whether anything of an app is published; true while the registry has not been read.
func (g *Gateway) Knows(appID string) bool {
	return !g.table.loaded.Load() || g.table.app(appID) != nil
}

// Totals are counts of the whole gateway since it started, and what is open now.
type Totals struct {
	Routes, Apps         int
	Connections, Tunnels int64
	Refused              map[string]int64 // requests that broke a rule of HTTP, or one of an app's, by the reason; every reason is in it
	Unknown              int64            // requests for a domain that leads nowhere
	Handshakes           int64            // of TLS that were completed
	BadHandshakes        int64            // of TLS that failed, for want of a certificate for the name among others
	Certificates         int
}

// Leads reports whether the gateway knows a way for a domain, be it by a wildcard.
func (g *Gateway) Leads(domain string) bool { return g.table.find([]byte(domain)) != nil }

// Instances returns how many instances of an app the gateway knows.
func (g *Gateway) Instances(appID string) int {
	a := g.table.app(appID)
	if a == nil {
		return 0
	}
	list := a.instances.Load()
	if list == nil {
		return 0
	}
	return len(list.all.list)
}

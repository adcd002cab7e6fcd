package logs

import (
	"context"
	"sync"
	"time"

	"berth/core"
)

const (
	// slot is the time over which the rate of an app is looked at: a burst may use all of it at once.
	slot = 10 * time.Second
	// slots is how many are remembered of an app. Lines are counted by their own time, so that what is read late, all
	// at once, counts as when it was written.
	slots = 1000
	// quotaFresh is how long a limit is believed.
	quotaFresh = 10 * time.Second
	// quotaPatience is how long a line waits for its limit to be read.
	quotaPatience = time.Second
)

// quotas say which lines may be kept.
type quotas struct {
	store core.Store

	mu      sync.Mutex
	away    time.Time                  // when the store last did not answer
	tenants map[string]rate            // by id
	used    map[string]map[int64]int64 // by app, then by slot: bytes
}

// rate is a limit in bytes a second; 0 is none.
type rate struct {
	limit int64
	read  time.Time
}

func newQuotas(store core.Store) *quotas {
	return &quotas{store: store, tenants: map[string]rate{}, used: map[string]map[int64]int64{}}
}

// begin forgets what was counted: what the store did not take is read again, and what it took is counted again with it.
func (q *quotas) begin() {
	q.mu.Lock()
	defer q.mu.Unlock()
	clear(q.used)
}

// admit counts a line and reports whether it may be kept.
func (q *quotas) admit(ctx context.Context, r core.LogRecord) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	limit, limited := q.limit(ctx, r.TenantID)
	if !limited {
		return true
	}
	used := q.used[r.AppID]
	if used == nil || len(used) > slots {
		used = map[int64]int64{}
		q.used[r.AppID] = used
	}
	at, size := r.Time.UnixNano()/int64(slot), int64(len(r.Line)+1)
	if used[at]+size > limit*int64(slot/time.Second) {
		return false
	}
	used[at] += size
	return true
}

// limit returns the limit of a tenant. One that cannot be read now is as it was; then no other is asked for either, lest
// every line wait for a store that hangs.
func (q *quotas) limit(ctx context.Context, tenantID string) (int64, bool) {
	known := q.tenants[tenantID]
	if time.Since(known.read) > quotaFresh && time.Since(q.away) > quotaFresh {
		known.read = time.Now()
		ctx, cancel := context.WithTimeout(ctx, quotaPatience)
		defer cancel()
		limits, err := q.limitsOf(ctx, tenantID)
		switch {
		case err == nil:
			known.limit = limits[core.ResourceLogRate]
		case core.ErrorCode(err) != core.ENOTFOUND:
			q.away = known.read
		}
		q.tenants[tenantID] = known
	}
	return known.limit, known.limit > 0
}

func (q *quotas) limitsOf(ctx context.Context, tenantID string) (core.Amounts, error) {
	tenant, err := q.store.Tenants().Get(ctx, tenantID)
	if err != nil {
		return nil, err
	}
	return core.LimitsOf(ctx, q.store, tenant)
}

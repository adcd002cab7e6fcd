package gateway

import (
	"math/rand/v2"
	"slices"
	"sync/atomic"
	"time"

	"berth/core"
)

// load is what an instance has to do, counted for apps alone whose rules choose by it.
type load struct {
	active  atomic.Int64 // requests under way
	latency atomic.Int64 // until the head of a response, nanoseconds, the last ones counting most; 0 is not known
}

// observe takes a latency in: a slower answer counts more than a faster one, so that trouble shows at once.
func (l *load) observe(took time.Duration) {
	old, next := l.latency.Load(), max(int64(took), 1)
	switch {
	case old == 0:
	case next > old:
		next = old + (next-old)/4
	default:
		next = old - (old-next)/8
	}
	l.latency.Store(max(next, 1)) // one of two that come at once is lost; that does no harm
}

// choose returns the instance that gets the next request by what b says, as next does.
func (g *group) choose(b core.Balance, now int64, tried []*instance) *instance {
	switch {
	case b == core.BalanceRoundRobin || g == nil || len(g.list) < 2:
		return g.next(now, tried)
	case b == core.BalanceLeastRequests:
		return g.least(now, tried)
	}
	return g.lightest(now, tried)
}

// least returns the one with the fewest requests under way; those with as many take turns.
func (g *group) least(now int64, tried []*instance) *instance {
	first, n := g.turn.Add(1), uint32(len(g.list))
	var best *instance
	for k := range n {
		i := g.list[(first+k)%n]
		if (best == nil || i.load.active.Load() < best.load.active.Load()) && !slices.Contains(tried, i) && !i.out(now) {
			best = i
		}
	}
	return best
}

// lightest draws one: the faster an instance answers, and the less it has to do, the more often it is drawn. One that
// has not answered yet counts as the slowest.
func (g *group) lightest(now int64, tried []*instance) *instance {
	slowest := int64(1)
	for _, i := range g.list {
		slowest = max(slowest, i.load.latency.Load())
	}
	var drawn *instance
	sum := 0.0
	for _, i := range g.list {
		if slices.Contains(tried, i) || i.out(now) {
			continue
		}
		latency := i.load.latency.Load()
		if latency == 0 {
			latency = slowest
		}
		weight := 1 / (float64(latency) * float64(i.load.active.Load()+1))
		if sum += weight; rand.Float64()*sum < weight {
			drawn = i
		}
	}
	return drawn
}

// charge counts that a request is under way at an instance, if rules choose by that.
func (c *conn) charge(i *instance) {
	c.discharge()
	if c.rules != nil && c.rules.balance != core.BalanceRoundRobin {
		i.load.active.Add(1)
		c.charged, c.chargedAt = i, c.task.clock()
	}
}

// answeredBy takes in how long the head of a response took.
func (c *conn) answeredBy() {
	if i := c.charged; i != nil {
		i.load.observe(c.task.clock().Sub(c.chargedAt))
	}
}

func (c *conn) discharge() {
	if i := c.charged; i != nil {
		i.load.active.Add(-1)
		c.charged = nil
	}
}

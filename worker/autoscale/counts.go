package autoscale

import (
	"slices"
	"time"

	"berth/core"
	"berth/core/scale"
)

// counts are those of the gateways in the last while.
type counts struct {
	kept     []count             // oldest first
	gateways []core.GatewayState // as they were before the last
	asked    int64               // requests when it fell asleep; 0 when that is not known
}

type count struct {
	at time.Time
	core.RequestCounts
}

// take notes the counts of now, given the gateways as they were before and after these were read. A pause, a clock that
// jumped and counts that went down begin anew; so does a gateway that comes or is back, as what it counted until then is
// not of the last seconds. One that comes while the counts are read may be in them or in the next.
func (c *counts) take(now time.Time, t core.TrafficCounts, before, after []core.GatewayState) {
	if n := len(c.kept); n > 0 {
		last := c.kept[n-1]
		pause := now.Sub(last.at)
		if pause <= 0 || pause > time.Minute || t.Total.Requests < last.Requests || cameBack(c.gateways, after) {
			c.kept = nil
		}
	}
	c.gateways = before
	c.kept = append(c.kept, count{now, t.Total})
	from := now.Add(-core.MaxScaleWindow - time.Minute)
	for len(c.kept) > 2 && c.kept[1].at.Before(from) {
		c.kept = c.kept[1:]
	}
}

// cameBack reports whether a gateway is counted that was not.
func cameBack(was, is []core.GatewayState) bool {
	return slices.ContainsFunc(is, func(g core.GatewayState) bool {
		return !g.Away && !slices.ContainsFunc(was, func(w core.GatewayState) bool { return w.ID == g.ID && !w.Away })
	})
}

// active reports whether a request is under way, or came since the look before.
func (c *counts) active() bool {
	n := len(c.kept)
	if n == 0 {
		return false
	}
	return c.kept[n-1].Active > 0 || n > 1 && c.kept[n-1].Requests > c.kept[n-2].Requests || c.asked > 0 && c.kept[n-1].Requests > c.asked
}

// since returns the counts at the beginning of a window that ends now, and how many were kept since; none when too
// little of it was seen.
func (c *counts) since(now time.Time, window time.Duration) (first count, within []count, ok bool) {
	begin := 0
	for i, x := range c.kept {
		if !x.at.After(now.Add(-window)) {
			begin = i
		}
	}
	if len(c.kept) == 0 || now.Sub(c.kept[begin].at) < min(window, core.MinScaleWindow) {
		return count{}, nil, false
	}
	return c.kept[begin], c.kept[begin+1:], true
}

// rate returns the requests a second.
func (c *counts) rate(now time.Time, window time.Duration) scale.Value {
	return c.value(core.ScaleTotal, now, window)
}

// value returns a metric of all instances together.
func (c *counts) value(m core.ScaleMetric, now time.Time, window time.Duration) scale.Value {
	first, within, ok := c.since(now, window)
	if !ok || len(within) == 0 {
		return scale.Value{}
	}
	last := within[len(within)-1]
	d, seconds := last.Minus(first.RequestCounts), last.at.Sub(first.at).Seconds()
	if seconds <= 0 {
		return scale.Value{}
	}
	v := 0.0
	switch m {
	case core.ScaleConcurrency:
		for _, x := range within {
			v += float64(x.Active)
		}
		v /= float64(len(within))
	case core.ScaleLatency:
		v = float64(d.Latency.Quantile(0.95)) / float64(time.Millisecond)
	case core.ScaleMetric(core.MetricErrors):
		v = float64(max(d.Failed, d.Classes[4])) / seconds
	default:
		v = float64(d.Requests) / seconds
	}
	return scale.Value{V: v, Known: true}
}

package autoscale

import (
	"time"

	"berth/core"
	"berth/core/scale"
)

// stale is after how long a measurement says nothing of now any more.
const stale = 15 * time.Second

// measured is what the engines measured in the last while, of the instances that serve, in the units of rules.
type measured struct {
	kept []measurement // oldest first
}

type measurement struct {
	at        time.Time
	instances int                          // that served
	means     map[core.ScaleMetric]float64 // of those that were measured
}

// take notes what was measured last, if that is news.
func (m *measured) take(now time.Time, from Metrics, appID string, instances []core.Instance, spec core.ReleaseSpec) {
	samples, at := from.Latest(appID)
	if n := len(m.kept); at.IsZero() || n > 0 && at.Equal(m.kept[n-1].at) {
		return
	}
	m.kept = append(m.kept, measurement{at, len(instances), means(samples, instances, spec)})
	for len(m.kept) > 1 && (m.kept[0].at.Before(now.Add(-core.MaxScaleWindow)) || m.kept[0].at.After(at)) {
		m.kept = m.kept[1:]
	}
}

// means averages over the instances that serve and were measured.
func means(samples []core.MetricSample, instances []core.Instance, spec core.ReleaseSpec) map[core.ScaleMetric]float64 {
	serves := make(map[string]bool, len(instances))
	for _, i := range instances {
		serves[i.ID] = true
	}
	sums, n := map[core.ScaleMetric]float64{}, map[core.ScaleMetric]float64{}
	for _, s := range samples {
		if !serves[s.InstanceID] {
			continue
		}
		m := core.ScaleMetric(s.Metric)
		sums[m] += scale.InRuleUnits(m, s.Value, spec)
		n[m]++
	}
	for m := range sums {
		sums[m] /= n[m]
	}
	return sums
}

// mean returns the mean of a metric over a window, an instance. Of one that divides it is what all had together, divided
// by those that are there now: else the load of an instance from before others came would count as theirs.
func (m *measured) mean(metric core.ScaleMetric, instances int, now time.Time, window time.Duration) scale.Value {
	sum, n := 0.0, 0.0
	for i, x := range m.kept {
		v, ok := x.means[metric]
		if last := i == len(m.kept)-1; !ok || !last && !x.at.After(now.Add(-window)) || x.at.After(now) {
			continue
		}
		if metric.Divides() {
			v *= float64(x.instances) / float64(max(instances, 1))
		}
		sum += v
		n++
	}
	if n == 0 || now.Sub(m.kept[len(m.kept)-1].at) > stale {
		return scale.Value{}
	}
	return scale.Value{V: sum / n, Known: true}
}

package metrics

import (
	"time"

	"berth/core"
)

// rates turns what only grows into what happened each second, by remembering the measurement before.
type rates struct{ before map[string]measured } // by container

func newRates() *rates { return &rates{before: map[string]measured{}} }

// of returns the samples of a measurement. The first one of a container has no rates.
func (r *rates) of(m measured) []core.MetricSample {
	before, known := r.before[m.ContainerID]
	r.before[m.ContainerID] = m
	l := core.MetricLabels{TenantID: m.TenantID, AppID: m.AppID, InstanceID: m.Instance.ID, HostID: m.HostID}
	samples := []core.MetricSample{
		{MetricLabels: l, Metric: core.MetricMemory, Value: float64(m.ContainerStats.Memory)},
		{MetricLabels: l, Metric: core.MetricProcesses, Value: float64(m.Processes)},
		{MetricLabels: l, Metric: core.MetricRestarts, Value: float64(m.CrashesAt(m.At))},
	}
	seconds := m.At.Sub(before.At).Seconds()
	if !known || seconds <= 0 || m.CPUTime < before.CPUTime { // restarted: it counts from nothing again
		return samples
	}
	add := func(metric core.Metric, now, then core.Bytes) {
		samples = append(samples, core.MetricSample{MetricLabels: l, Metric: metric, Value: max(0, float64(now-then)/seconds)})
	}
	samples = append(samples, core.MetricSample{MetricLabels: l, Metric: core.MetricCPU, Value: (m.CPUTime - before.CPUTime).Seconds() / seconds})
	add(core.MetricNetIn, m.NetIn, before.NetIn)
	add(core.MetricNetOut, m.NetOut, before.NetOut)
	add(core.MetricDiskRead, m.DiskRead, before.DiskRead)
	add(core.MetricDiskWrite, m.DiskWrite, before.DiskWrite)
	return samples
}

// keep forgets containers that are gone.
func (r *rates) keep(instances []core.Instance) {
	present := make(map[string]bool, len(instances))
	for _, i := range instances {
		present[i.ContainerID] = true
	}
	for id := range r.before {
		if !present[id] {
			delete(r.before, id)
		}
	}
}

// silent returns the apps of which an instance runs that was measured before and is not now.
func (r *rates) silent(instances []core.Instance, now []measured) map[string]bool {
	answered := make(map[string]bool, len(now))
	for _, m := range now {
		answered[m.ContainerID] = true
	}
	apps := map[string]bool{}
	for _, i := range instances {
		if _, before := r.before[i.ContainerID]; before && i.State.Running() && !answered[i.ContainerID] {
			apps[i.AppID] = true
		}
	}
	return apps
}

// sums adds up what was measured at the instances of each app. Of an app with a silent instance it knows no sum: without
// that instance it would seem to take less than it does.
func sums(samples []core.MetricSample, silent map[string]bool) []core.MetricSample {
	type key struct {
		tenantID, appID string
		metric          core.Metric
	}
	at := map[key]int{}
	var all []core.MetricSample
	for _, s := range samples {
		if silent[s.AppID] {
			continue
		}
		k := key{s.TenantID, s.AppID, s.Metric}
		i, known := at[k]
		if !known {
			i = len(all)
			at[k] = i
			all = append(all, core.MetricSample{MetricLabels: core.MetricLabels{TenantID: s.TenantID, AppID: s.AppID}, Metric: s.Metric})
		}
		all[i].Value += s.Value
	}
	return all
}

// trafficRates turns the gateway's counts of apps into rates.
type trafficRates struct {
	traffic core.Traffic
	at      time.Time
	before  map[string]core.RequestCounts // by app
}

func newTrafficRates(t core.Traffic) *trafficRates {
	return &trafficRates{traffic: t, before: map[string]core.RequestCounts{}}
}

// of returns the samples of apps: what the gateways did for them since the last call, and how many instances they have.
func (t *trafficRates) of(apps map[string]*appOf, now time.Time) []core.MetricSample {
	seconds := now.Sub(t.at).Seconds()
	before := t.before
	t.at, t.before = now, make(map[string]core.RequestCounts, len(apps))
	var samples []core.MetricSample
	for _, a := range apps {
		l := core.MetricLabels{TenantID: a.tenantID, AppID: a.id}
		counts := t.traffic.App(a.id).Total
		samples = append(samples,
			core.MetricSample{MetricLabels: l, Metric: core.MetricReady, Value: float64(a.ready)},
			core.MetricSample{MetricLabels: l, Metric: core.MetricWanted, Value: float64(a.wanted)},
			core.MetricSample{MetricLabels: l, Metric: core.MetricConcurrency, Value: float64(counts.Active)})
		t.before[a.id] = counts
		if then, known := before[a.id]; known && seconds > 0 && counts.Requests >= then.Requests {
			samples = append(samples, requestSamples(l, counts.Minus(then), seconds)...)
		}
	}
	return samples
}

func requestSamples(l core.MetricLabels, c core.RequestCounts, seconds float64) []core.MetricSample {
	samples := []core.MetricSample{
		{MetricLabels: l, Metric: core.MetricRequests, Value: float64(c.Requests) / seconds},
		{MetricLabels: l, Metric: core.MetricErrors, Value: float64(max(c.Failed, c.Classes[4])) / seconds},
	}
	if p95 := c.Latency.Quantile(0.95); p95 > 0 {
		samples = append(samples, core.MetricSample{MetricLabels: l, Metric: core.MetricLatency, Value: p95.Seconds()})
	}
	return samples
}

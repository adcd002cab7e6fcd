// Package metricstest is the suite that every core.MetricStore passes.
package metricstest

import (
	"context"
	"math"
	"testing"
	"time"

	"berth/core"
)

// Begin is when the suite begins to measure: lately, for some servers take nothing older.
var Begin = time.Now().Add(-time.Hour).Truncate(core.MetricCoarse)

// Run holds the stores that open returns, each of which is empty or shared with the others of the run, to the contract.
func Run(t *testing.T, open func(t *testing.T) core.MetricStore) {
	s := open(t)
	tenant := core.NewInstanceID() // a store that is shared has others' apps of the same name
	fill(t, s, tenant)
	for _, x := range []struct {
		name string
		test func(*testing.T, core.MetricStore, string)
	}{{"an app", anApp}, {"several metrics", several}, {"its instances", itsInstances}, {"a peak", aPeak}, {"a gap", aGap}, {"bounds", bounds}, {"a host", aHost},
		{"another tenant", anotherTenant}, {"nothing", nothing}} {
		t.Run(x.name, func(t *testing.T) { x.test(t, s, tenant) })
	}
	if err := s.Fault(); err != nil {
		t.Errorf("after all was kept: %v", err)
	}
}

// fill measures for 20 minutes, of which the tenth to the fifteenth are missing, an app of two instances: one takes a
// core, the other two, and 30 of them once in the fourth minute.
func fill(t *testing.T, s core.MetricStore, tenant string) {
	t.Helper()
	for n := range 240 {
		if n >= 120 && n < 180 {
			continue
		}
		one := 1.0
		if n == 40 {
			one = 31
		}
		app := core.MetricLabels{TenantID: tenant, AppID: "shop"}
		at := Begin.Add(time.Duration(n) * core.MetricEvery)
		if err := s.Append(context.Background(), at, []core.MetricSample{
			{MetricLabels: instance(tenant, "one"), Metric: core.MetricCPU, Value: one},
			{MetricLabels: instance(tenant, "two"), Metric: core.MetricCPU, Value: 2},
			{MetricLabels: app, Metric: core.MetricCPU, Value: one + 2},
			{MetricLabels: app, Metric: core.MetricRequests, Value: float64(n)},
			{MetricLabels: core.MetricLabels{HostID: tenant}, Metric: core.MetricHostCPU, Value: 4},
		}); err != nil {
			t.Fatal(err)
		}
	}
}

func instance(tenant, id string) core.MetricLabels {
	return core.MetricLabels{TenantID: tenant, AppID: "shop", InstanceID: id, HostID: tenant}
}

func ask(t *testing.T, s core.MetricStore, q core.MetricQuery) []core.MetricSeries {
	t.Helper()
	if q.To.IsZero() {
		q.From, q.To = Begin, Begin.Add(20*time.Minute)
	}
	if q.Step == 0 {
		q.Step = time.Minute
	}
	all, err := s.Query(context.Background(), q)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func only(t *testing.T, all []core.MetricSeries) []core.MetricPoint {
	t.Helper()
	if len(all) != 1 {
		t.Fatalf("got %+v, want one series", all)
	}
	return all[0].Points
}

func anApp(t *testing.T, s core.MetricStore, tenant string) {
	points := only(t, ask(t, s, core.MetricQuery{Metrics: []core.Metric{core.MetricCPU}, TenantID: tenant, AppID: "shop"}))
	if p := points[0]; !p.At.Equal(Begin) || p.Mean != 3 || p.Max != 3 {
		t.Errorf("the first minute is %+v, want 3 at %s", p, Begin)
	}
	points = only(t, ask(t, s, core.MetricQuery{Metrics: []core.Metric{core.MetricRequests}, TenantID: tenant, AppID: "shop"}))
	if p := points[1]; p.Mean != 17.5 || p.Max != 23 { // 12 to 23
		t.Errorf("the second minute is %+v, want a mean of 17.5 and 23 at most", p)
	}
}

// several are answered in the order in which they are asked for, those that were never measured left out.
func several(t *testing.T, s core.MetricStore, tenant string) {
	q := core.MetricQuery{Metrics: []core.Metric{core.MetricRequests, core.MetricMemory, core.MetricCPU}, TenantID: tenant, AppID: "shop"}
	all := ask(t, s, q)
	if len(all) != 2 || all[0].Metric != core.MetricRequests || all[1].Metric != core.MetricCPU || all[0].Points[1].Max != 23 || all[1].Points[3].Max != 33 {
		t.Errorf("got %+v", all)
	}
	q.PerInstance = true
	if all = ask(t, s, q); len(all) != 2 || all[0].Metric != core.MetricCPU || all[0].InstanceID != "one" || all[1].InstanceID != "two" {
		t.Errorf("by instance: %+v", all)
	}
}

func itsInstances(t *testing.T, s core.MetricStore, tenant string) {
	all := ask(t, s, core.MetricQuery{Metrics: []core.Metric{core.MetricCPU}, TenantID: tenant, AppID: "shop", PerInstance: true})
	if len(all) != 2 || all[0].InstanceID != "one" || all[1].InstanceID != "two" || all[1].Points[3].Mean != 2 {
		t.Errorf("got %+v", all)
	}
}

func aPeak(t *testing.T, s core.MetricStore, tenant string) {
	for _, step := range []time.Duration{time.Minute, core.MetricCoarse} {
		points := only(t, ask(t, s, core.MetricQuery{Metrics: []core.Metric{core.MetricCPU}, TenantID: tenant, AppID: "shop", Step: step}))
		p := points[200*time.Second/step]
		mean := 3 + 30/float64(step/core.MetricEvery)
		if p.Max != 33 || math.Abs(p.Mean-mean) > 0.01 {
			t.Errorf("in steps of %s the peak is %+v, want 33 and a mean of %v", step, p, mean)
		}
	}
}

func aGap(t *testing.T, s core.MetricStore, tenant string) {
	points := only(t, ask(t, s, core.MetricQuery{Metrics: []core.Metric{core.MetricCPU}, TenantID: tenant, AppID: "shop"}))
	if len(points) != 15 {
		t.Fatalf("there are %d minutes, want 15", len(points))
	}
	if at := Begin.Add(15 * time.Minute); !points[10].At.Equal(at) {
		t.Errorf("after the gap it goes on at %s, want %s", points[10].At, at)
	}
}

// bounds: From is included, To is not.
func bounds(t *testing.T, s core.MetricStore, tenant string) {
	points := only(t, ask(t, s, core.MetricQuery{Metrics: []core.Metric{core.MetricRequests}, TenantID: tenant, AppID: "shop",
		From: Begin.Add(2 * time.Minute), To: Begin.Add(4 * time.Minute), Step: core.MetricEvery}))
	if len(points) != 24 || points[0].Mean != 24 || points[23].Mean != 47 {
		t.Errorf("two minutes are %+v, want 24 to 47", points)
	}
}

func aHost(t *testing.T, s core.MetricStore, tenant string) {
	points := only(t, ask(t, s, core.MetricQuery{Metrics: []core.Metric{core.MetricHostCPU}, HostID: tenant}))
	if points[0].Mean != 4 {
		t.Errorf("the first minute is %+v, want 4", points[0])
	}
}

// anotherTenant does not see what was an app of that name.
func anotherTenant(t *testing.T, s core.MetricStore, _ string) {
	if all := ask(t, s, core.MetricQuery{Metrics: []core.Metric{core.MetricCPU}, TenantID: "thief", AppID: "shop"}); len(all) > 0 {
		t.Errorf("got %+v", all)
	}
}

func nothing(t *testing.T, s core.MetricStore, tenant string) {
	for _, q := range []core.MetricQuery{{Metrics: []core.Metric{core.MetricMemory}, TenantID: tenant, AppID: "shop"}, {Metrics: []core.Metric{core.MetricCPU}, TenantID: tenant, AppID: "none"}} {
		if all := ask(t, s, q); len(all) > 0 {
			t.Errorf("got %+v", all)
		}
	}
}

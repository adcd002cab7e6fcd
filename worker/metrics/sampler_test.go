package metrics

import (
	"context"
	"testing"
	"time"

	"berth/core"
)

// house is what a Sampler works with: instances, their engine, the gateway and the store of measurements.
type house struct {
	core.Store
	instances []core.Instance
	stats     map[string]core.ContainerStats
	stall     chan struct{}
	counts    map[string]core.TrafficCounts
	kept      []core.MetricSample
	away      error // why the store does not answer
}

func (h *house) Instances() core.InstanceStore { return instancesOf{house: h} }

func (h *house) App(id string) core.TrafficCounts { return h.counts[id] }

type instancesOf struct {
	core.InstanceStore
	house *house
}

func (i instancesOf) List(context.Context, string) ([]core.Instance, error) {
	return i.house.instances, i.house.away
}

type metricsOf struct {
	core.MetricStore
	house *house
}

func (m metricsOf) Append(_ context.Context, _ time.Time, s []core.MetricSample) error {
	m.house.kept = s
	return nil
}

// oneEngine is core.Engines with one engine for all hosts.
type oneEngine struct{ house *house }

func (e oneEngine) Engine(host string) (core.Engine, error) {
	return statsOf{house: e.house, host: host}, nil
}

type statsOf struct {
	core.Engine
	house *house
	host  string
}

func (e statsOf) Stats(ctx context.Context, id string) (core.ContainerStats, error) {
	if e.host == "stalled" {
		<-e.house.stall // also when ctx has ended
	}
	if id == "c-stuck" {
		<-ctx.Done()
		return core.ContainerStats{}, ctx.Err()
	}
	s, ok := e.house.stats[id]
	if !ok {
		return s, core.NotFound()
	}
	return s, nil
}

func instance(id, host string) core.Instance {
	return core.Instance{ID: id, AppID: "shop", TenantID: "t", HostID: host, ContainerID: "c-" + id, State: core.InstanceReady}
}

func newHouse() *house {
	return &house{stats: map[string]core.ContainerStats{}, counts: map[string]core.TrafficCounts{}, stall: make(chan struct{})}
}

func (h *house) sampler() *Sampler {
	return New(Options{Store: h, Engines: oneEngine{h}, Traffic: h, Metrics: metricsOf{house: h}, Every: 100 * time.Millisecond})
}

func (h *house) value(t *testing.T, m core.Metric, instance string) float64 {
	t.Helper()
	for _, s := range h.kept {
		if s.Metric == m && s.InstanceID == instance {
			return s.Value
		}
	}
	t.Errorf("%s of %q was not measured", m, instance)
	return 0
}

var begin = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func TestCountersBecomeRates(t *testing.T) {
	h := newHouse()
	h.instances = []core.Instance{instance("one", "local")}
	h.stats["c-one"] = core.ContainerStats{Memory: 5, CPUTime: time.Second, NetIn: 100, At: begin}
	h.counts["shop"] = core.TrafficCounts{Total: core.RequestCounts{Requests: 10}}
	s := h.sampler()
	if err := s.Sample(context.Background(), begin); err != nil {
		t.Fatal(err)
	}
	h.stats["c-one"] = core.ContainerStats{Memory: 7, CPUTime: 3 * time.Second, NetIn: 600, At: begin.Add(5 * time.Second)}
	h.counts["shop"] = core.TrafficCounts{Total: core.RequestCounts{Requests: 60, Failed: 5, Active: 4}}
	if err := s.Sample(context.Background(), begin.Add(5*time.Second)); err != nil {
		t.Fatal(err)
	}
	for m, want := range map[core.Metric]float64{core.MetricMemory: 7, core.MetricCPU: 0.4, core.MetricNetIn: 100} {
		if got := h.value(t, m, "one"); got != want {
			t.Errorf("%s is %v, want %v", m, got, want)
		}
	}
	for m, want := range map[core.Metric]float64{core.MetricRequests: 10, core.MetricErrors: 1, core.MetricConcurrency: 4, core.MetricReady: 1, core.MetricWanted: 1} {
		if got := h.value(t, m, ""); got != want {
			t.Errorf("%s is %v, want %v", m, got, want)
		}
	}
	if latest, at := s.Latest("shop"); len(latest) != len(h.kept) || !at.Equal(begin.Add(5*time.Second)) {
		t.Errorf("the latest are %d of %s, want %d", len(latest), at, len(h.kept))
	}
}

// A container that was started again counts from nothing: no rate goes below zero.
func TestARestartIsNoFall(t *testing.T) {
	h := newHouse()
	h.instances = []core.Instance{instance("one", "local")}
	s := h.sampler()
	for n, cpu := range []time.Duration{100 * time.Second, time.Second} {
		at := begin.Add(time.Duration(n) * 5 * time.Second)
		h.stats["c-one"] = core.ContainerStats{CPUTime: cpu, At: at}
		if err := s.Sample(context.Background(), at); err != nil {
			t.Fatal(err)
		}
	}
	for _, m := range h.kept {
		if m.Value < 0 || m.Metric == core.MetricCPU {
			t.Errorf("%+v was measured over a restart", m)
		}
	}
}

// A host that does not answer leaves the others' instances measured, and is not asked again before it has answered.
func TestAStalledEngineHoldsUpNobody(t *testing.T) {
	h := newHouse()
	h.instances = []core.Instance{instance("one", "local"), instance("two", "stalled")}
	h.stats["c-one"] = core.ContainerStats{Memory: 5, At: begin}
	s := h.sampler()
	for n := range 3 {
		if err := s.Sample(context.Background(), begin.Add(time.Duration(n)*time.Second)); err != nil {
			t.Fatal(err)
		}
		if got := h.value(t, core.MetricMemory, "one"); got != 5 {
			t.Errorf("memory is %v, want 5", got)
		}
	}
	close(h.stall)
}

// While an engine that has answered before stalls, its app's sum is not known: without it the app would seem to take less.
// What has not run yet or runs no more is no part of it.
func TestAStalledEngineLeavesNoPartOfASum(t *testing.T) {
	h := newHouse()
	h.instances = []core.Instance{instance("one", "local"), instance("two", "far"), instance("new", "local")}
	h.stats["c-one"] = core.ContainerStats{Memory: 5, At: begin}
	h.stats["c-two"] = core.ContainerStats{Memory: 7, At: begin}
	s, at := h.sampler(), begin
	sum := func() (value float64, known bool) {
		t.Helper()
		at = at.Add(time.Second)
		if err := s.Sample(t.Context(), at); err != nil {
			t.Fatal(err)
		}
		for _, k := range h.kept {
			if k.Metric == core.MetricMemory && k.InstanceID == "" {
				return k.Value, true
			}
		}
		return 0, false
	}
	if got, _ := sum(); got != 12 {
		t.Errorf("memory of the app is %v, want 12", got)
	}
	h.instances[1].HostID = "stalled"
	for range 2 {
		if got, known := sum(); known {
			t.Errorf("memory of the app is %v while an engine stalls", got)
		}
		if got := h.value(t, core.MetricMemory, "one"); got != 5 {
			t.Errorf("memory is %v, want 5", got)
		}
	}
	h.instances[1].State = core.InstanceCrashed
	if got, _ := sum(); got != 5 {
		t.Errorf("memory of the app is %v, want 5 of the instance that runs", got)
	}
	h.instances[1].State = core.InstanceReady
	close(h.stall)
	got := 0.0
	for deadline := time.Now().Add(time.Minute); got != 12 && time.Now().Before(deadline); {
		got, _ = sum()
	}
	if got != 12 {
		t.Errorf("memory of the app is %v when all answer again, want 12", got)
	}
}

// A container that its engine says nothing of leaves the others of its host measured.
func TestAStuckContainerHoldsUpNobody(t *testing.T) {
	h := newHouse()
	h.instances = []core.Instance{instance("stuck", "local"), instance("one", "local")}
	h.stats["c-one"] = core.ContainerStats{Memory: 5, At: begin}
	if err := h.sampler().Sample(context.Background(), begin); err != nil {
		t.Fatal(err)
	}
	if got := h.value(t, core.MetricMemory, "one"); got != 5 {
		t.Errorf("memory is %v, want 5", got)
	}
}

func TestAnAppIsTheSumOfItsInstances(t *testing.T) {
	h := newHouse()
	h.instances = []core.Instance{instance("one", "local"), instance("two", "local")}
	h.stats["c-one"] = core.ContainerStats{Memory: 5, Processes: 1, At: begin}
	h.stats["c-two"] = core.ContainerStats{Memory: 7, Processes: 2, At: begin}
	if err := h.sampler().Sample(context.Background(), begin); err != nil {
		t.Fatal(err)
	}
	for m, want := range map[core.Metric]float64{core.MetricMemory: 12, core.MetricProcesses: 3} {
		if got := h.value(t, m, ""); got != want {
			t.Errorf("%s of the app is %v, want %v", m, got, want)
		}
	}
}

// While the store does not answer, what it named last is measured, but not how many of an app answer.
func TestMeasuringGoesOnWithoutTheStore(t *testing.T) {
	h := newHouse()
	h.instances = []core.Instance{instance("one", "local")}
	s := h.sampler()
	for n, away := range []error{nil, core.Errorf(core.EUNAVAILABLE, "error.database_unavailable")} {
		h.away, h.stats["c-one"] = away, core.ContainerStats{Memory: core.Bytes(5 + n), CPUTime: time.Second, At: begin.Add(time.Duration(n) * time.Second)}
		if err := s.Sample(t.Context(), begin.Add(time.Duration(n)*time.Second)); err != nil {
			t.Fatal(err)
		}
		if got := h.value(t, core.MetricMemory, "one"); got != float64(5+n) {
			t.Errorf("memory is %v", got)
		}
	}
	for _, sample := range h.kept {
		if sample.Metric == core.MetricReady || sample.Metric == core.MetricWanted {
			t.Errorf("nobody can know %+v", sample)
		}
	}
}

package autoscale

import (
	"context"
	"log/slog"
	"sync"
	"testing"
	"time"

	"berth/core"
	"berth/core/service"
	"berth/core/store"
)

// house is a loop over a real store and the real use cases; what the gateways and the engines say is the test's, and so
// is the clock.
type house struct {
	*testing.T
	ctx     context.Context
	store   core.Store
	options store.Options
	loop    *Loop
	now     time.Time
	said    *said
}

// said is what the gateways counted and the engines measured.
type said struct {
	mu      sync.Mutex
	total   core.RequestCounts
	away    bool
	unknown bool // no gateway was listed yet
	samples []core.MetricSample
	at      time.Time

	before, after func() // happens once, when the counts are read
}

func (s *said) App(string) core.TrafficCounts {
	s.mu.Lock()
	defer s.mu.Unlock()
	once(&s.before)
	told := core.TrafficCounts{Total: s.total}
	once(&s.after)
	return told
}

func once(f *func()) {
	if *f != nil {
		(*f)()
		*f = nil
	}
}

func (s *said) Gateways() []core.GatewayState {
	if s.unknown {
		return nil
	}
	return []core.GatewayState{{ID: "g", Away: s.away}}
}

func (s *said) Latest(string) ([]core.MetricSample, time.Time) { return s.samples, s.at }

type nobody struct{}

func (nobody) Wake(string)                                  {}
func (nobody) Notify(core.Change)                           {}
func (nobody) Subscribe(context.Context) <-chan core.Change { return nil }

var quiet = slog.New(slog.DiscardHandler)

func newHouse(t *testing.T, scaling core.Scaling) *house {
	t.Helper()
	h := &house{T: t, ctx: core.WithActor(t.Context(), core.System()), now: time.Date(2026, 1, 7, 12, 0, 0, 0, time.UTC), said: &said{}}
	h.options = store.Options{Driver: "sqlite", Dir: t.TempDir(), Key: make([]byte, 32)}
	h.must(store.Migrate(h.ctx, h.options))
	st, err := store.Open(h.ctx, h.options)
	h.must(err)
	t.Cleanup(func() { st.Close() })
	h.store = st
	h.must(st.Tenants().Create(h.ctx, core.Tenant{ID: "acme", Name: "Acme", CreatedAt: h.now}))
	h.must(st.Hosts().Put(h.ctx, core.Host{ID: core.LocalHost, Name: "local", Status: core.HostUp, Memory: 8 * core.GiB, PortFrom: 25700, PortTo: 25799}))
	h.must(st.Apps().Create(h.ctx, core.App{ID: "shop", TenantID: "acme", Name: "Shop", CreatedAt: h.now}))
	h.release(scaling)
	h.restart()
	return h
}

// restart begins a worker anew.
func (h *house) restart() {
	services := service.New(service.Deps{Store: h.store, Waker: nobody{}, Notifier: nobody{}, Log: quiet, Now: func() time.Time { return h.now }})
	h.loop = &Loop{Store: h.store, Traffic: h.said, Metrics: h.said, Scaler: services, Notifier: nobody{}, Log: quiet,
		Now: func() time.Time { return h.now }}
}

func (h *house) must(err error) {
	h.Helper()
	if err != nil {
		h.Fatal(err)
	}
}

// release has a release live that says how the app scales.
func (h *house) release(scaling core.Scaling) {
	h.Helper()
	spec := core.ReleaseSpec{Targets: []core.Target{{VersionID: "v", Label: "1.0", Digest: "d", Weight: 100}}, Replicas: 1, Memory: 64 * core.MiB,
		CPU: 500, Port: 8080, Scaling: scaling}
	n, err := h.store.Releases().Create(h.ctx, core.Release{AppID: "shop", TenantID: "acme", Spec: spec, Status: core.ReleasePending, CreatedAt: h.now})
	h.must(err)
	h.must(h.store.Releases().UpdateStatus(h.ctx, core.Release{AppID: "shop", Number: n, Status: core.ReleaseLive}))
	a := h.app()
	a.Release, a.Serving, a.Scales = n, n, true
	h.must(h.store.Apps().UpdateSpec(h.ctx, a))
	h.must(h.store.Apps().UpdateStatus(h.ctx, a))
}

func (h *house) app() core.App {
	h.Helper()
	a, err := h.store.Apps().Get(h.ctx, "shop")
	h.must(err)
	return a
}

func (h *house) running() int {
	h.Helper()
	a := h.app()
	r, err := h.store.Releases().Get(h.ctx, "shop", a.Release)
	h.must(err)
	return a.Sized(r).Spec.Replicas
}

// follow makes as many instances ready as are in force, as the reconciler does.
func (h *house) follow() {
	h.Helper()
	have, err := h.store.Instances().List(h.ctx, "shop")
	h.must(err)
	a := h.app()
	r, err := h.store.Releases().Get(h.ctx, "shop", a.Release)
	h.must(err)
	for n := len(have); n < h.running(); n++ {
		h.must(h.store.Instances().Create(h.ctx, core.Instance{ID: core.NewInstanceID(), AppID: "shop", TenantID: "acme", Label: "1.0", Release: r.Number,
			Template: r.Spec.Template(r.Spec.Targets[0], a.Restart), Memory: r.Spec.Memory, CPU: r.Spec.CPU, HostID: core.LocalHost, HostPort: 25700 + n,
			State: core.InstanceReady, CreatedAt: h.now}))
	}
	for n := h.running(); n < len(have); n++ {
		h.must(h.store.Instances().Delete(h.ctx, have[n].ID))
	}
}

// pass lets time go by, a look a second, with so many requests a second and a processor load of all instances together.
func (h *house) pass(d time.Duration, requests int64, cores float64) {
	h.Helper()
	for range int(d / time.Second) {
		h.now = h.now.Add(time.Second)
		h.follow()
		h.said.total.Requests += requests
		if h.now.Second()%2 == 0 {
			is, err := h.store.Instances().List(h.ctx, "shop")
			h.must(err)
			h.said.samples, h.said.at = nil, h.now
			for _, i := range is {
				h.said.samples = append(h.said.samples, core.MetricSample{MetricLabels: core.MetricLabels{AppID: "shop", InstanceID: i.ID},
					Metric: core.MetricCPU, Value: cores / float64(len(is))})
			}
		}
		h.loop.wake(h.ctx)
		h.loop.Look(h.ctx, true)
	}
}

func (h *house) events(kind string) (list []core.Event) {
	h.Helper()
	all, err := h.store.Events().List(h.ctx, core.EventFilter{AppID: "shop", Limit: 100})
	h.must(err)
	for _, e := range all {
		if e.Kind == kind {
			list = append(list, e)
		}
	}
	return list
}

// until passes time until so many are in force, and returns how long that took.
func (h *house) until(n int, most time.Duration, requests int64, cores float64) time.Duration {
	h.Helper()
	for begin := h.now; h.now.Sub(begin) <= most; h.pass(time.Second, requests, cores) {
		if h.running() == n {
			return h.now.Sub(begin)
		}
	}
	h.Fatalf("%d in force after %v, want %d", h.running(), most, n)
	return 0
}

var byRequests = core.Scaling{Min: 1, Max: 6, Rules: []core.ScaleRule{{Metric: core.ScaleRequests, Target: 25}}}

func TestItGrowsAndShrinksAndSaysWhy(t *testing.T) {
	h := newHouse(t, byRequests)
	h.pass(30*time.Second, 10, 0)
	if n := h.running(); n != 1 {
		t.Fatal(n)
	}
	if took := h.until(2, time.Minute, 60, 0); took > core.DefaultScaleWindow {
		t.Errorf("a step in the load was followed after %v", took)
	}
	if took := h.until(3, time.Minute, 60, 0); took > core.DefaultScaleWindow {
		t.Errorf("and the rest after %v more", took)
	}
	h.until(1, 10*time.Minute, 10, 0)
	list := h.events("scaled")
	if len(list) < 2 {
		t.Fatalf("%+v", list)
	}
	first, last := list[len(list)-1], list[0]
	if first.Text.Args["from"] != "1" || first.Cause.Key != "scale.target.requests" || first.Cause.Args["threshold"] != "25" {
		t.Errorf("%v, %v", first.Text, first.Cause)
	}
	if last.Text.Args["to"] != "1" || last.Cause.Key != "scale.target.requests" {
		t.Errorf("%v, %v", last.Text, last.Cause)
	}
	status, err := h.store.Scalings().Get(h.ctx, "shop")
	h.must(err)
	if status.Replicas != 1 || status.Acted["requests 25"].To != 1 {
		t.Errorf("%+v", status)
	}
}

// A step in the load of the processors is followed within the window of the rule, measured every two seconds.
func TestItFollowsTheProcessors(t *testing.T) {
	h := newHouse(t, core.Scaling{Min: 1, Max: 6, Rules: []core.ScaleRule{{Metric: core.ScaleCPU, Target: 60}}})
	h.pass(time.Minute, 0, 0.1)
	if took := h.until(2, time.Minute, 0, 0.5); took > 9*time.Second {
		t.Errorf("followed after %v", took)
	}
}

// A worker that begins anew goes on from what is in force, and takes nothing away before it has seen a cool-down.
func TestAWorkerBeginsAnew(t *testing.T) {
	h := newHouse(t, byRequests)
	h.until(3, time.Minute, 60, 0)
	h.pass(4*time.Minute, 0, 0)
	h.restart()
	h.pass(4*time.Minute, 0, 0)
	if n := h.running(); n != 3 {
		t.Fatalf("%d", n)
	}
	h.until(1, 2*time.Minute, 0, 0)
}

// F8, F11: a clock that jumps changes nothing by itself; nor does a gateway whose counts are missing, or an engine that
// stalls.
func TestFaultsTakeNothingAway(t *testing.T) {
	for name, fault := range map[string]func(h *house){
		"the clock jumps ahead": func(h *house) { h.now = h.now.Add(time.Hour) },
		"the clock jumps back":  func(h *house) { h.now = h.now.Add(-time.Hour) },
		"a gateway is away":     func(h *house) { h.said.away = true },
		"counts begin anew":     func(h *house) { h.said.total = core.RequestCounts{} },
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t, byRequests)
			h.until(3, time.Minute, 60, 0)
			h.pass(4*time.Minute, 0, 0)
			fault(h)
			h.pass(30*time.Second, 0, 0)
			if name == "a gateway is away" {
				h.pass(time.Hour/6, 0, 0)
			}
			if n := h.running(); name != "counts begin anew" && n != 3 || n > 3 {
				t.Errorf("%d", n)
			}
		})
	}
	h := newHouse(t, core.Scaling{Min: 1, Max: 6, Rules: []core.ScaleRule{{Metric: core.ScaleCPU, Target: 60}}})
	h.until(2, time.Minute, 0, 0.5)
	h.loop.Metrics = &said{samples: h.said.samples, at: h.said.at}
	h.pass(20*time.Minute, 0, 0)
	if n := h.running(); n != 2 {
		t.Errorf("%d, and the engine has said nothing for 20 minutes", n)
	}
}

// What a gateway counted while its counts were missing is not of the last seconds: when it is back or read for the first
// time nothing is added, whatever moment of a look that is, nor does it wake what is asleep. The load from then on is
// followed.
func TestWhatWasCountedMeanwhile(t *testing.T) {
	const meanwhile = 60_000
	for name, missing := range map[string]func(s *said, is bool){
		"away":     func(s *said, is bool) { s.away = is },
		"not read": func(s *said, is bool) { s.unknown = is },
	} {
		for moment, at := range map[string]func(h *house, back func()){
			"before a look":              func(_ *house, back func()) { back() },
			"before counts are read":     func(h *house, back func()) { h.said.before = back },
			"when counts have been read": func(h *house, back func()) { h.said.after = back },
		} {
			t.Run(name+", back "+moment, func(t *testing.T) {
				h := newHouse(t, byRequests)
				h.pass(30*time.Second, 10, 0)
				missing(h.said, true)
				h.pass(2*time.Minute, 10, 0)
				at(h, func() {
					missing(h.said, false)
					h.said.total.Requests += meanwhile
				})
				h.pass(time.Minute, 10, 0)
				if n := len(h.events("scaled")); n > 0 || h.said.total.Requests < meanwhile {
					t.Errorf("scaled %d times, %+v", n, h.events("scaled"))
				}
				h.until(3, 2*core.DefaultScaleWindow, 60, 0)
			})
		}
		t.Run(name+", asleep", func(t *testing.T) {
			scaling := byRequests
			scaling.Idle = core.Duration(time.Minute)
			h := newHouse(t, scaling)
			h.until(0, 3*time.Minute, 0, 0)
			h.restart()
			missing(h.said, true)
			h.pass(30*time.Second, 0, 0)
			missing(h.said, false)
			h.said.total.Requests += meanwhile
			h.pass(time.Minute, 0, 0)
			if !h.app().Asleep {
				t.Error("it was woken by what was asked before")
			}
		})
	}
}

// The quota bounds it, which is said once, and given back when the load goes.
func TestTheQuotaBoundsIt(t *testing.T) {
	h := newHouse(t, byRequests)
	tenant, err := h.store.Tenants().Get(h.ctx, "acme")
	h.must(err)
	tenant.Quota = core.Amounts{core.ResourceInstances: 2}
	h.must(h.store.Tenants().Update(h.ctx, tenant))
	h.pass(time.Minute, 200, 0)
	if n := h.running(); n != 2 {
		t.Fatal(n)
	}
	blocked := h.events("scaling_blocked")
	if len(blocked) != 1 || blocked[0].Cause.Key != "scale.quota_instances" || blocked[0].Cause.Args["wanted"] != "6" || blocked[0].Cause.Args["room"] != "2" {
		t.Errorf("%+v", blocked)
	}
	used, err := h.store.Usage().Of(h.ctx, "acme", "shop")
	h.must(err)
	if used[core.ResourceInstances] != 2 {
		t.Errorf("%v", used)
	}
}

// It sleeps when nobody asks for it, wakes with the first request, and stays awake while it has a port of its own.
func TestItSleepsAndWakes(t *testing.T) {
	scaling := byRequests
	scaling.Idle = core.Duration(time.Minute)
	h := newHouse(t, scaling)
	h.until(3, time.Minute, 60, 0)
	h.until(0, 3*time.Minute, 0, 0)
	if !h.app().Asleep || len(h.events("fell_asleep")) != 1 {
		t.Fatalf("%+v", h.app())
	}
	h.restart()
	h.pass(time.Hour/12, 0, 0)
	if !h.app().Asleep {
		t.Fatal("a worker that began anew woke it")
	}
	h.said.total.Active, h.said.total.Requests = 1, h.said.total.Requests+1
	h.loop.wake(h.ctx)
	if n := h.running(); n != 1 || len(h.events("woken")) != 1 {
		t.Fatal(n)
	}
	h.said.total.Active = 0
	_, err := h.store.TCPPorts().Create(h.ctx, core.TCPPort{AppID: "shop", TenantID: "acme", Port: 30000}, core.TCPPool{From: 30000, To: 30010})
	h.must(err)
	h.pass(5*time.Minute, 0, 0)
	if h.app().Asleep {
		t.Error("it sleeps, though it has a port")
	}
}

// What a person sets by hand holds for a cool-down at least, and a release that is on its way loses nothing.
func TestByHand(t *testing.T) {
	h := newHouse(t, byRequests)
	h.pass(time.Minute, 0, 0)
	a := h.app()
	a.Replicas = 5
	h.must(h.store.Apps().UpdateSpec(h.ctx, a))
	h.pass(4*time.Minute, 0, 0)
	if n := h.running(); n != 5 {
		t.Fatal(n)
	}
	h.must(h.store.Releases().UpdateStatus(h.ctx, core.Release{AppID: "shop", Number: a.Release, Status: core.ReleasePending}))
	h.restart()
	h.pass(10*time.Minute, 0, 0)
	if n := h.running(); n != 5 {
		t.Fatalf("%d while a release is on its way", n)
	}
}

// Whoever decides on an app that has changed since changes nothing.
func TestAStaleDecisionIsRefused(t *testing.T) {
	h := newHouse(t, byRequests)
	stale := h.app()
	h.must(h.store.Apps().UpdateSpec(h.ctx, stale))
	err := h.loop.Scaler.ApplyScaling(h.ctx, stale, 1, core.ScaleStatus{AppID: "shop", Replicas: 4})
	if core.ErrorCode(err) != core.ECONFLICT || h.running() != 1 {
		t.Fatalf("%v, %d", err, h.running())
	}
}

// F2: another worker takes over from one that is frozen in the middle of a peak. What the old one still decides on what it
// read before is refused, and the number moves as if one had decided alone.
func TestTheLeaderChanges(t *testing.T) {
	h := newHouse(t, byRequests)
	h.until(3, time.Minute, 60, 0)
	frozen, stale := h.loop, h.app()
	h.restart()
	h.until(5, time.Minute, 120, 0)
	moves := len(h.events("scaled"))
	err := frozen.Scaler.ApplyScaling(h.ctx, stale, 3, core.ScaleStatus{AppID: "shop", TenantID: "acme", Release: 1, Replicas: 1})
	if core.ErrorCode(err) != core.ECONFLICT {
		t.Errorf("the frozen worker wrote: %v", err)
	}
	// Thawed, it looks once more before it learns that it leads no longer.
	frozen.Look(h.ctx, true)
	h.pass(4*time.Minute, 0, 0)
	if n := h.running(); n != 5 || len(h.events("scaled")) != moves {
		t.Errorf("%d in force, %d moves, want 5 and %d", n, len(h.events("scaled")), moves)
	}
	h.until(1, 3*time.Minute, 0, 0)
}

// Every metric of an app and its instances can rule, in its unit: above what it says, three run, and the timeline says
// of what.
func TestEveryMetricCanRule(t *testing.T) {
	above := map[core.ScaleMetric]float64{core.ScaleCPU: 70, core.ScaleMemory: 80, core.ScaleLatency: 250}
	for _, m := range core.Metrics {
		if s := core.ScaleMetric(m); !m.OfHost() && m != core.MetricReady && m != core.MetricWanted && !s.Valid() { // those are its own work
			t.Errorf("%s cannot rule", m)
		}
	}
	for _, m := range core.ScaleMetrics {
		t.Run(string(m), func(t *testing.T) {
			threshold := above[m]
			if threshold == 0 {
				threshold = 5
			}
			h := newHouse(t, core.Scaling{Min: 1, Max: 6, Rules: []core.ScaleRule{{Metric: m, Steps: []core.ScaleStep{{Above: threshold, Run: 3}}}}})
			busy := func(much bool) {
				h.now = h.now.Add(time.Second)
				h.follow()
				h.load(much)
				h.loop.wake(h.ctx)
				h.loop.Look(h.ctx, true)
			}
			for range 30 {
				busy(false)
			}
			if n := h.running(); n != 1 {
				t.Fatalf("%d run without a load", n)
			}
			for range 30 {
				busy(true)
			}
			if n := h.running(); n != 3 {
				t.Fatalf("%d run under load", n)
			}
			if list := h.events("scaled"); len(list) != 1 || list[0].Cause.Key != "scale.above."+string(m) {
				t.Errorf("%+v", list)
			}
		})
	}
}

// load has the gateways and the engines say a second of little of everything, or of much.
func (h *house) load(much bool) {
	h.Helper()
	requests, cores, bytes := int64(1), 0.1, 10*core.MiB
	slow := 0
	if much {
		requests, cores, bytes, slow = 60, 0.45, 60*core.MiB, core.LatencyBuckets-5
	}
	c := &h.said.total
	c.Requests, c.Failed, c.Active = c.Requests+requests, c.Failed+requests/6, requests
	c.Latency[slow] += requests
	instances, err := h.store.Instances().List(h.ctx, "shop")
	h.must(err)
	h.said.samples, h.said.at = nil, h.now
	for _, i := range instances {
		for _, m := range core.Metrics {
			v := float64(requests)
			switch m {
			case core.MetricCPU:
				v = cores
			case core.MetricMemory:
				v = float64(bytes)
			}
			if m.OfInstance() {
				h.said.samples = append(h.said.samples, core.MetricSample{MetricLabels: core.MetricLabels{AppID: "shop", InstanceID: i.ID}, Metric: m, Value: v})
			}
		}
	}
}

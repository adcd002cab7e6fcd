package alert

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"sync"
	"testing"
	"time"

	"berth/core"
	"berth/core/store"
)

const secret = "a secret of sixteen and more"

var loopback = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}

// house is a tenant with an app, a webhook that leads to a real receiver, and a clock that the test turns.
type house struct {
	*Loop
	t        *testing.T
	ctx      context.Context
	store    core.Store
	receiver *receiver
	tenant   string
	app      core.App
	instance core.Instance
	channel  core.AlertChannel
	measured *measured
	kept     *kept

	mu  sync.Mutex
	now time.Time
}

func newHouse(t *testing.T) *house {
	t.Helper()
	h := &house{t: t, tenant: "tea", now: time.Now().Truncate(time.Second), receiver: listen(t), measured: &measured{of: map[core.Metric]float64{}}, kept: &kept{},
		ctx: core.WithActor(context.Background(), core.System())}
	options := store.Options{Dir: t.TempDir(), Key: bytes.Repeat([]byte{7}, 32)}
	h.ok(store.Migrate(h.ctx, options))
	s, err := store.Open(h.ctx, options)
	h.ok(err)
	t.Cleanup(func() { s.Close() })
	h.store = s
	h.Loop = h.worker()
	h.ok(s.Tenants().Create(h.ctx, core.Tenant{ID: h.tenant, Name: "Tea", CreatedAt: h.now}))
	h.app = core.App{ID: "shop", TenantID: h.tenant, Name: "Shop", Release: 1, State: core.AppRunning, CreatedAt: h.now.Add(-time.Hour)}
	h.ok(s.Apps().Create(h.ctx, h.app))
	h.ok(s.Apps().UpdateStatus(h.ctx, h.app))
	h.ok(s.Hosts().Put(h.ctx, core.Host{ID: core.LocalHost, Name: "local", PortFrom: 25700, PortTo: 25799, Status: core.HostUp}))
	h.instance = core.Instance{ID: core.NewInstanceID(), AppID: h.app.ID, TenantID: h.tenant, VersionID: core.NewID(), Label: "1.0", Release: 1,
		Memory: 64 * core.MiB, HostID: core.LocalHost, HostPort: 25700, State: core.InstanceReady, CreatedAt: h.now}
	h.ok(s.Instances().Create(h.ctx, h.instance))
	h.channel = core.AlertChannel{ID: core.NewID(), TenantID: h.tenant, Name: "Hook", Kind: core.ChannelWebhook, CreatedAt: h.now}
	h.ok(s.Alerts().PutChannel(h.ctx, h.channel, &core.AlertTarget{URL: h.receiver.URL, Secret: secret}))
	return h
}

// worker is one more process on the same database.
func (h *house) worker() *Loop {
	return New(Options{Store: h.store, Metrics: h.measured, Lines: h.kept, Sender: h.sender(loopback), Now: h.clock})
}

func (h *house) sender(networks []netip.Prefix) *Sender {
	return NewSender(SenderOptions{Networks: networks, Now: h.clock, Mailer: noMail{}, Words: func(_ string, t core.Text) string { return t.String() },
		Page: func(string) string { return "https://berth.example/alerts" }})
}

func (h *house) clock() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.now
}

func (h *house) ok(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

// wait turns the clock, with a look and a delivery as often as there are.
func (h *house) wait(d time.Duration, workers ...*Loop) {
	h.t.Helper()
	if len(workers) == 0 {
		workers = []*Loop{h.Loop}
	}
	for end := h.clock().Add(d); h.clock().Before(end); {
		h.mu.Lock()
		h.now = h.now.Add(core.AlertEvery)
		h.mu.Unlock()
		for _, l := range workers {
			h.ok(l.Look(h.ctx))
			h.ok(l.Deliver(h.ctx))
		}
	}
}

// is writes how the app and its instance are.
func (h *house) is(app core.AppState, instance core.InstanceState, crashes int) {
	h.t.Helper()
	h.app.State, h.instance.State, h.instance.Crashes = app, instance, crashes
	h.instance.Reason, h.instance.RetryAt = core.Text{}, time.Time{}
	if instance == core.InstanceCrashed {
		h.instance.RetryAt = h.clock().Add(10 * time.Second)
	}
	if crashes > 0 && instance != core.InstanceReady {
		h.instance.Reason = core.T("reason.exit_code", "code", "1")
	}
	h.ok(h.store.Apps().UpdateStatus(h.ctx, h.app))
	h.ok(h.store.Instances().Update(h.ctx, h.instance))
}

func (h *house) alerts() []core.Alert {
	h.t.Helper()
	list, _, err := h.store.Alerts().List(h.ctx, core.AlertFilter{TenantID: h.tenant})
	h.ok(err)
	return list
}

// told checks what the receiver was told, in order: "firing default-health".
func (h *house) told(want ...string) {
	h.t.Helper()
	got := h.receiver.told()
	if fmt.Sprint(got) != fmt.Sprint(want) {
		h.t.Fatalf("the receiver was told %q, want %q", got, want)
	}
}

// receiver is a real one, that checks what it gets.
type receiver struct {
	*httptest.Server
	t        *testing.T
	mu       sync.Mutex
	messages []data
	answer   int
}

func listen(t *testing.T) *receiver {
	r := &receiver{t: t, answer: http.StatusNoContent}
	r.Server = httptest.NewServer(r)
	t.Cleanup(r.Close)
	return r
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	body, _ := io.ReadAll(req.Body)
	want := http.Header{}
	var sent int64
	fmt.Sscan(req.Header.Get("Berth-Timestamp"), &sent)
	if sign(want, secret, body, time.Unix(sent, 0)); want.Get("Berth-Signature") != req.Header.Get("Berth-Signature") || sent == 0 {
		r.t.Errorf("the signature %q is wrong", req.Header.Get("Berth-Signature"))
	}
	var d data
	if err := json.Unmarshal(body, &d); err != nil {
		r.t.Error(err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.answer < 300 {
		r.messages = append(r.messages, d)
	}
	w.WriteHeader(r.answer)
}

func (r *receiver) answers(status int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.answer = status
}

func (r *receiver) told() (list []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, m := range r.messages {
		for _, a := range m.Alerts {
			list = append(list, string(a.State)+" "+a.Rule)
		}
	}
	return list
}

type noMail struct{ core.Mailer }

func (noMail) Enabled() bool { return false }

// measured is what a store of measurements tells: one mean of each metric.
type measured struct {
	core.MetricStore
	of map[core.Metric]float64
}

func (m *measured) Query(_ context.Context, q core.MetricQuery) ([]core.MetricSeries, error) {
	v, known := m.of[q.Metrics[0]]
	if !known {
		return nil, nil
	}
	return []core.MetricSeries{{Points: []core.MetricPoint{{At: q.From, Mean: v}, {At: q.To, Mean: v}}}}, nil
}

// kept is what a store of lines tells: when there were lines with the words.
type kept struct {
	core.LogStore
	words string
	at    []time.Time
	away  error
}

func (k *kept) Search(_ context.Context, s core.LogSearch) (lines []core.LogRecord, more bool, err error) {
	for _, at := range k.at {
		if s.TenantID == "tea" && s.AppID == "shop" && s.Words[0] == k.words && !at.Before(s.From) && at.Before(s.To) && len(lines) < s.Limit {
			lines = append(lines, core.LogRecord{})
		}
	}
	return lines, false, k.away
}

// An app that crashes again and again is an alert once, with its cause, and over when it has run for as long.
func TestACrashLoop(t *testing.T) {
	h := newHouse(t)
	h.is(core.AppCrashing, core.InstanceCrashed, 4)
	h.wait(10 * time.Minute)
	h.told("firing default-health")
	if m := h.receiver.messages[0].Alerts[0]; m.AppName != "Shop" || m.Cause != "reason.exit_code(code=1)" || m.Severity != core.AlertCritical {
		t.Errorf("%+v", m)
	}
	h.is(core.AppRunning, core.InstanceReady, 0)
	h.wait(5 * time.Minute)
	h.told("firing default-health", "resolved default-health")
	events, err := h.store.Events().List(h.ctx, core.EventFilter{AppID: h.app.ID})
	h.ok(err)
	if len(events) != 2 || events[0].Kind != "alert_resolved" || events[1].Kind != "alert_fired" {
		t.Errorf("on the timeline: %+v", events)
	}
	if list := h.alerts(); len(list) != 1 || list[0].State != core.AlertResolved || list[0].ID != h.receiver.messages[1].Alerts[0].ID {
		t.Errorf("the history is %+v", list)
	}
}

// An instance that crashed again and again and runs for now is one still, with what ended it last, until it has been well
// for so long that this is forgotten.
func TestACrashLoopThatEnds(t *testing.T) {
	h := newHouse(t)
	h.instance.Exit, h.instance.ReadyAt = core.Exit{At: h.clock(), Why: core.T("reason.out_of_memory")}, h.clock()
	h.is(core.AppRunning, core.InstanceReady, 5)
	h.wait(core.WellFor)
	h.told("firing default-health")
	if m := h.receiver.messages[0].Alerts[0]; m.Cause != "reason.out_of_memory" {
		t.Errorf("%+v", m)
	}
	h.wait(2 * time.Minute)
	h.told("firing default-health", "resolved default-health")
}

// What heals by itself is no alert: an instance that is killed once and started again, a release that takes its time, an app
// that is stopped.
func TestHealingIsNoAlert(t *testing.T) {
	h := newHouse(t)
	for range 8 {
		h.is(core.AppFailed, core.InstanceCrashed, 1)
		h.wait(15 * time.Second)
		h.is(core.AppFailed, core.InstanceStarting, 1)
		h.wait(15 * time.Second)
		h.is(core.AppRunning, core.InstanceReady, 1)
		h.wait(15 * time.Second)
	}
	for _, state := range []core.AppState{core.AppDeploying, core.AppSwitching} {
		h.is(state, core.InstanceCrashed, 4)
		h.wait(5 * time.Minute)
	}
	h.is(core.AppFailed, core.InstanceStarting, 0) // slow to start
	h.wait(5 * time.Minute)
	h.told()
	if list := h.alerts(); len(list) > 0 {
		t.Errorf("%+v", list)
	}
}

// A release that waits for its switch may do so for days. What serves meanwhile is an alert as it is at any other time.
func TestWhatServesWhileAReleaseWaits(t *testing.T) {
	h := newHouse(t)
	a, err := h.store.Apps().Get(h.ctx, h.app.ID)
	h.ok(err)
	a.Release = 2
	h.ok(h.store.Apps().UpdateSpec(h.ctx, a))
	h.app.Serving, h.app.Reason = 1, core.T("reason.waits_for_switch", "release", "2")
	waits := h.instance
	waits.ID, waits.Release, waits.HostPort = core.NewInstanceID(), 2, 25701
	h.ok(h.store.Instances().Create(h.ctx, waits))
	h.is(core.AppSwitching, core.InstanceReady, 0)
	h.wait(5 * time.Minute)
	h.told()
	h.is(core.AppSwitching, core.InstanceCrashed, 4)
	h.wait(5 * time.Minute)
	h.told("firing default-health")
	if m := h.receiver.messages[0].Alerts[0]; m.Cause != "reason.exit_code(code=1)" {
		t.Errorf("%+v", m)
	}
	h.is(core.AppSwitching, core.InstanceCrashed, 1) // its last one, and nothing is about to answer
	h.wait(5 * time.Minute)
	h.told("firing default-health")
	h.is(core.AppSwitching, core.InstanceStarting, 1)
	h.wait(5 * time.Minute)
	h.told("firing default-health", "resolved default-health")
}

// An app of which all is on a machine that does not answer is an alert, though it was well when that was last known; one of
// which another is being made elsewhere is not.
func TestAMachineThatIsAway(t *testing.T) {
	h := newHouse(t)
	host := func(id string, status core.HostStatus) {
		h.ok(h.store.Hosts().Put(h.ctx, core.Host{ID: id, Name: "rack " + id, PortFrom: 25700, PortTo: 25799, Status: status}))
	}
	host(core.LocalHost, core.HostDown)
	h.wait(45 * time.Second) // less than the rule gives it
	host(core.LocalHost, core.HostUp)
	h.wait(5 * time.Minute)
	h.told()
	host(core.LocalHost, core.HostDown)
	h.wait(5 * time.Minute)
	h.told("firing default-health")
	if m := h.receiver.messages[0].Alerts[0]; m.Cause != "diagnosis.host.away(host=rack local)" {
		t.Errorf("%+v", m)
	}
	host("two", core.HostUp)
	other := h.instance
	other.ID, other.HostID, other.State = core.NewInstanceID(), "two", core.InstanceStarting
	h.ok(h.store.Instances().Create(h.ctx, other))
	h.wait(5 * time.Minute)
	h.told("firing default-health", "resolved default-health")
}

func TestAnAppOfWhichNothingAnswers(t *testing.T) {
	h := newHouse(t)
	h.is(core.AppFailed, core.InstanceUnhealthy, 0)
	h.wait(3 * time.Minute)
	h.told("firing default-health")
	h.app.Stopped = true
	a, err := h.store.Apps().Get(h.ctx, h.app.ID)
	h.ok(err)
	a.Stopped = true
	h.ok(h.store.Apps().UpdateSpec(h.ctx, a))
	h.wait(3 * time.Minute)
	h.told("firing default-health", "resolved default-health")
}

// What the health check's policy leaves alone is an alert, though others answer: stopped for good, or only told of.
func TestWhatIsNotHealed(t *testing.T) {
	for name, i := range map[string]core.Instance{"stop": {State: core.InstanceCrashed, Crashes: 1}, "tell": {State: core.InstanceUnhealthy}} {
		others := core.Instance{State: core.InstanceReady}
		if f := health(core.App{State: core.AppPartly}, []core.Instance{others, i}, nil, time.Now()); !f.holds {
			t.Error(name)
		}
	}
}

// Of two workers one looks and tells; the other takes over when that one is gone, without telling anything twice.
func TestOneWorkerOfTwo(t *testing.T) {
	h := newHouse(t)
	other := h.worker()
	h.is(core.AppCrashing, core.InstanceCrashed, 4)
	h.wait(3*time.Minute, h.Loop, other)
	h.told("firing default-health")
	if other.looks != 0 || h.looks == 0 {
		t.Errorf("they looked %d and %d times", h.looks, other.looks)
	}
	h.is(core.AppRunning, core.InstanceReady, 0)
	h.wait(3*time.Minute, other)
	if other.looks == 0 {
		t.Error("the other has not taken over")
	}
	h.told("firing default-health", "resolved default-health")
}

// What a receiver does not take is told again, less and less often, by a process that comes later too; and once.
func TestTheOutbox(t *testing.T) {
	h := newHouse(t)
	h.receiver.answers(http.StatusServiceUnavailable)
	h.is(core.AppCrashing, core.InstanceCrashed, 4)
	h.wait(5 * time.Minute)
	h.told()
	channels, err := h.store.Alerts().Channels(h.ctx, h.tenant)
	h.ok(err)
	if channels[0].Fault.Key != "error.channel_refused" || channels[0].Fault.Args["status"] != "503" {
		t.Errorf("the channel says %v", channels[0].Fault)
	}
	h.receiver.answers(http.StatusOK)
	restarted := h.worker()
	h.wait(15*time.Minute, restarted)
	h.told("firing default-health")
	if channels, err = h.store.Alerts().Channels(h.ctx, h.tenant); err != nil || !channels[0].Fault.IsZero() {
		t.Errorf("the channel still says %v, %v", channels[0].Fault, err)
	}
	left, err := h.store.Alerts().Notices(h.ctx, h.clock().Add(time.Hour))
	if err != nil || len(left) > 0 {
		t.Errorf("left in the outbox: %+v, %v", left, err)
	}
}

// A receiver that never answers is given up after a day, and its fault stays.
func TestGivenUp(t *testing.T) {
	h := newHouse(t)
	h.receiver.answers(http.StatusNotFound)
	h.is(core.AppCrashing, core.InstanceCrashed, 4)
	h.wait(2 * time.Minute)
	h.is(core.AppRunning, core.InstanceReady, 0)
	h.mu.Lock()
	h.now = h.now.Add(25 * time.Hour)
	h.mu.Unlock()
	h.wait(30 * time.Second)
	h.mu.Lock()
	h.now = h.now.Add(25 * time.Hour)
	h.mu.Unlock()
	h.ok(h.Deliver(h.ctx))
	left, err := h.store.Alerts().Notices(h.ctx, h.clock().Add(24*time.Hour))
	if err != nil || len(left) > 0 {
		t.Errorf("left in the outbox: %+v, %v", left, err)
	}
}

// What happens together is told as one message; what is told again comes after as long as the rule says.
func TestGroupsAndRepeats(t *testing.T) {
	h := newHouse(t)
	rule := core.AlertRule{ID: core.NewID(), TenantID: h.tenant, Kind: core.AlertMetric, Metric: core.MetricRestarts, Threshold: 2, Window: minute, For: minute,
		Repeat: 10 * minute, Severity: core.AlertWarning, CreatedAt: h.now}
	h.ok(h.store.Alerts().PutRule(h.ctx, rule))
	h.measured.of[core.MetricRestarts] = 4
	h.is(core.AppCrashing, core.InstanceCrashed, 4)
	h.wait(5 * time.Minute)
	if n := len(h.receiver.messages); n != 1 || len(h.receiver.told()) != 2 {
		t.Fatalf("%d messages: %v", n, h.receiver.told())
	}
	h.wait(8 * time.Minute)
	if got := h.receiver.told()[2:]; len(got) != 1 || got[0] != "firing "+rule.ID {
		t.Errorf("told again: %v", got)
	}
}

const minute = core.Duration(time.Minute)

// While there is a silence nobody is told; a rule that is turned off is over.
func TestSilencesAndRulesThatAreOff(t *testing.T) {
	h := newHouse(t)
	silence := core.AlertSilence{ID: core.NewID(), TenantID: h.tenant, AppID: h.app.ID, Until: h.now.Add(10 * time.Minute), CreatedAt: h.now}
	h.ok(h.store.Alerts().CreateSilence(h.ctx, silence))
	h.is(core.AppCrashing, core.InstanceCrashed, 4)
	h.wait(9 * time.Minute)
	h.told()
	h.wait(2 * time.Minute)
	h.told("firing default-health")
	off := core.DefaultAlertRules(h.tenant)[0]
	off.Off, off.CreatedAt = true, h.now
	h.ok(h.store.Alerts().PutRule(h.ctx, off))
	h.wait(time.Minute)
	h.told("firing default-health", "resolved default-health")
}

// Each default rule about figures holds at its bound and not below it.
func TestTheDefaultRulesOfFigures(t *testing.T) {
	h := newHouse(t)
	m := h.measured.of
	m[core.MetricRequests], m[core.MetricErrors], m[core.MetricMemory] = 10, 0.4, float64(50*core.MiB)
	h.wait(10 * time.Minute)
	h.told()
	m[core.MetricErrors] = 0.6
	h.wait(5 * time.Minute)
	h.told("firing default-errors")
	m[core.MetricErrors], m[core.MetricMemory] = 0, float64(60*core.MiB)
	h.wait(10 * time.Minute)
	h.told("firing default-errors", "resolved default-errors", "firing default-memory")
	m[core.MetricMemory], m[core.MetricRequests], m[core.MetricErrors] = 0, 0.001, 0.001 // one request, and that failed
	h.wait(10 * time.Minute)
	h.told("firing default-errors", "resolved default-errors", "firing default-memory", "resolved default-memory")
	delete(m, core.MetricMemory) // not known: nothing changes
	h.wait(10 * time.Minute)
	if n := len(h.receiver.told()); n != 4 {
		t.Errorf("told %d times", n)
	}
}

// So many lines with some words within the window are an alert; while the store is away nothing changes.
func TestARuleAboutLines(t *testing.T) {
	h := newHouse(t)
	rule := core.AlertRule{ID: core.NewID(), TenantID: h.tenant, Kind: core.AlertLogs, Query: "out of tea", Threshold: 2, Window: 10 * minute, For: minute,
		Severity: core.AlertWarning, CreatedAt: h.now}
	h.ok(h.store.Alerts().PutRule(h.ctx, rule))
	h.kept.words, h.kept.at = "out of tea", []time.Time{h.now}
	h.wait(3 * time.Minute)
	h.told()
	h.kept.at = append(h.kept.at, h.now)
	h.wait(3 * time.Minute)
	h.told("firing " + rule.ID)
	h.kept.away = core.Errorf(core.EUNAVAILABLE, "error.logs_unavailable")
	h.wait(10 * time.Minute)
	h.told("firing " + rule.ID)
	h.kept.away = nil
	h.wait(2 * time.Minute)
	h.told("firing "+rule.ID, "resolved "+rule.ID)
}

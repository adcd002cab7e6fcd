package reconcile

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"testing"
	"time"

	"berth/core"
	"berth/core/store"
	"berth/worker/discovery"
	"berth/worker/engine/fake"
	"berth/worker/registry/memory"
)

// fixture is a loop with a real store, registry and discovery, an engine in memory, and answers on demand.
type fixture struct {
	*testing.T
	ctx    context.Context
	store  core.Store
	engine *fake.Engine
	reg    core.Registry
	loop   *Loop
	health *answers
}

// answers is Health that says of every watched instance what the test says.
type answers struct {
	mu         sync.Mutex
	watched    map[string]bool
	failing    map[string]bool // until it is started again
	discounted map[string]bool // until it is watched again
}

func (a *answers) Watch(i core.Instance, _ core.HealthCheck) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.watched[i.ID] = true
	delete(a.discounted, i.ID)
}

func (a *answers) Discount(id string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.discounted[id] = true
}

func (a *answers) Forget(id string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.watched, id)
	delete(a.failing, id)
}

func (a *answers) fail(id string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.failing[id] = true
}

func (a *answers) Result(id string) core.HealthResult {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.failing[id] {
		return core.HealthResult{Asked: 9, Failures: 3, AliveFailures: 3, Problem: core.T("health.refused")}
	}
	return core.HealthResult{Asked: 1, Answered: a.watched[id]}
}

// engineOf is core.Engines with one engine.
type engineOf struct{ engine core.Engine }

func (e engineOf) Engine(string) (core.Engine, error) { return e.engine, nil }

// What the loop asks of other rooms and what does not matter here.
type (
	noTraffic struct{}
	noLogs    struct{ core.LogSource }
	noImages  struct{ core.ImageStore }
	noChanges struct{}
)

func (noTraffic) App(string) core.TrafficCounts                 { return core.TrafficCounts{} }
func (noImages) DeleteRepository(context.Context, string) error { return nil }
func (noChanges) Notify(core.Change)                            {}
func (noChanges) Subscribe(context.Context) <-chan core.Change  { return nil }
func (noLogs) Tail(context.Context, string, int) ([]core.LogLine, error) {
	return []core.LogLine{{Line: "last words"}}, nil
}

func newFixture(t *testing.T) *fixture {
	t.Parallel()
	f := &fixture{T: t, ctx: core.WithActor(t.Context(), core.System()), engine: fake.New(), reg: memory.New()}
	options := store.Options{Driver: "sqlite", Dir: t.TempDir(), Key: make([]byte, 32)}
	f.must(store.Migrate(f.ctx, options))
	st, err := store.Open(f.ctx, options)
	f.must(err)
	t.Cleanup(func() { st.Close() })
	f.store = st
	f.health = &answers{watched: map[string]bool{}, failing: map[string]bool{}, discounted: map[string]bool{}}
	quiet := slog.New(slog.NewTextHandler(io.Discard, nil))
	f.loop = &Loop{Store: st, Engines: engineOf{f.engine}, HostIDs: []string{core.LocalHost}, Images: noImages{},
		Health: f.health, Discovery: discovery.New(discovery.Options{Store: st, Registry: f.reg, BaseDomain: "localhost", Log: quiet}),
		Logs: noLogs{}, Traffic: noTraffic{}, Notifier: noChanges{}, Log: quiet, Ports: [2]int{25700, 25710}, Resync: time.Hour}
	f.must(st.Tenants().Create(f.ctx, core.Tenant{ID: "acme", Name: "Acme", CreatedAt: time.Now()}))
	f.must(st.Apps().Create(f.ctx, core.App{ID: "shop", TenantID: "acme", Name: "Shop", CreatedAt: time.Now()}))
	return f
}

// run starts the loop; it ends with the test.
func (f *fixture) run() {
	ctx, cancel := context.WithCancel(f.Context())
	done := make(chan struct{})
	go func() { defer close(done); f.loop.Run(ctx) }()
	f.Cleanup(func() { cancel(); <-done })
}

func (f *fixture) must(err error) {
	f.Helper()
	if err != nil {
		f.Fatal(err)
	}
}

// release writes what core/service would for a release of a version, and returns its operation.
func (f *fixture) release(label string, change func(*core.ReleaseSpec)) string {
	f.Helper()
	digest := fmt.Sprintf("sha256:%064x", label)
	f.engine.AddImage(core.ImageRef{Repository: "shop", Digest: digest}, fake.TestApp)
	v := core.Version{ID: core.NewID(), AppID: "shop", TenantID: "acme", Label: label, Digest: digest,
		Source: core.SourceUpload, Detected: core.Detected{Arch: "amd64"}, CreatedAt: time.Now()}
	if have, err := f.store.Versions().ByLabel(f.ctx, "shop", label); err == nil {
		v = have
	} else {
		f.must(f.store.Versions().Create(f.ctx, v))
	}
	spec := core.ReleaseSpec{Targets: []core.Target{{VersionID: v.ID, Label: label, Digest: digest, Weight: 100}},
		Replicas: 1, Memory: 64 * core.MiB, Port: 8080}
	if change != nil {
		change(&spec)
	}
	op := core.Operation{ID: core.NewID(), TenantID: "acme", AppID: "shop", Kind: core.OpDeploy, Status: core.OpPending,
		Steps: core.StepsOf(core.OpDeploy, time.Now()), CreatedAt: time.Now()}
	f.must(f.store.Transact(f.ctx, func(tx core.Store) error {
		n, err := tx.Releases().Create(f.ctx, core.Release{AppID: "shop", TenantID: "acme", Spec: spec,
			Status: core.ReleasePending, CreatedAt: time.Now()})
		if err != nil {
			return err
		}
		op.Release = n
		if err := f.change(tx, func(a *core.App) { a.Release = n }); err != nil {
			return err
		}
		return tx.Operations().Create(f.ctx, op)
	}))
	f.loop.Wake("shop")
	return op.ID
}

func (f *fixture) change(tx core.Store, change func(*core.App)) error {
	a, err := tx.Apps().Get(f.ctx, "shop")
	if err != nil {
		return err
	}
	change(&a)
	return tx.Apps().UpdateSpec(f.ctx, a)
}

func (f *fixture) ended(id string) core.Operation {
	f.Helper()
	var op core.Operation
	f.eventually(func() (err error) {
		if op, err = f.store.Operations().Get(f.ctx, id); err == nil && !op.Done() {
			err = fmt.Errorf("%+v", op)
		}
		return err
	})
	return op
}

func (f *fixture) app() core.App {
	f.Helper()
	a, err := f.store.Apps().Get(f.ctx, "shop")
	f.must(err)
	return a
}

func (f *fixture) instances() []core.Instance {
	f.Helper()
	is, err := f.store.Instances().List(f.ctx, "shop")
	f.must(err)
	return is
}

// settled waits until exactly n instances are there, ready and registered.
func (f *fixture) settled(n int) []core.Instance {
	f.Helper()
	var is []core.Instance
	f.eventually(func() error {
		is = f.instances()
		addresses, err := f.reg.Addresses(f.ctx)
		if err != nil || len(is) != n || len(addresses) != n {
			return fmt.Errorf("%d instances, %d registered, %v", len(is), len(addresses), err)
		}
		for _, i := range is {
			if i.State != core.InstanceReady {
				return fmt.Errorf("%s is %s", i.ID, i.State)
			}
		}
		return nil
	})
	return is
}

func (f *fixture) eventually(check func() error) {
	f.Helper()
	err := errors.New("not checked")
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		if err = check(); err == nil {
			return
		}
	}
	f.Fatal(err)
}

func TestAReleaseComesOnlineStepByStep(t *testing.T) {
	f := newFixture(t)
	f.run()
	op := f.ended(f.release("1.0", func(s *core.ReleaseSpec) { s.Replicas = 2 }))
	if op.Status != core.OpSucceeded {
		t.Fatalf("%+v", op)
	}
	for _, s := range op.Steps {
		if s.Status != core.StepSucceeded || s.Ended.IsZero() {
			t.Errorf("step %+v", s)
		}
	}
	f.settled(2)
	if a := f.app(); a.State != core.AppRunning || a.Serving != 1 {
		t.Errorf("%+v", a)
	}
	routes, err := f.reg.Routes(f.ctx)
	if err != nil || len(routes) != 1 || routes[0].Weights["1.0"] != 100 || routes[0].State != core.RouteOnline {
		t.Errorf("%+v %v", routes, err)
	}
}

func TestAReleaseThatFailsLeavesTheOldOne(t *testing.T) {
	f := newFixture(t)
	f.run()
	f.ended(f.release("1.0", nil))
	before := f.settled(1)
	op := f.ended(f.release("2.0", func(s *core.ReleaseSpec) { s.Env = []core.EnvVar{{Name: "CRASH_AT_START", Value: "7"}} }))
	if op.Status != core.OpFailed || op.Error.Key != "reason.exit_code" || len(op.LogTail) == 0 {
		t.Errorf("%+v", op)
	}
	if after := f.settled(1); after[0].ID != before[0].ID {
		t.Error("the old instance was replaced")
	}
	f.eventually(func() error {
		if a := f.app(); a.State != core.AppRunning || a.Serving != 1 || a.Reason.Key != "reason.release_failed" {
			return fmt.Errorf("%+v", a)
		}
		return nil
	})
}

func TestACrashRightAfterTheSwitchBringsTheOldOneBack(t *testing.T) {
	f := newFixture(t)
	f.run()
	f.ended(f.release("1.0", nil))
	before := f.settled(1)
	id := f.release("2.0", nil)
	f.eventually(func() error {
		if f.app().Serving != 2 {
			return errors.New("not switched")
		}
		return nil
	})
	for _, i := range f.instances() {
		if i.Label == "2.0" {
			f.engine.Crash(i.ID, 9)
		}
	}
	if op := f.ended(id); op.Status != core.OpFailed {
		t.Errorf("%+v", op)
	}
	if after := f.settled(1); after[0].ID != before[0].ID {
		t.Errorf("have %+v, want the old instance", after)
	}
}

// A network that could not be removed with its tenant goes at the next look.
func TestLeftNetworksGo(t *testing.T) {
	f := newFixture(t)
	f.must(f.engine.EnsureNetwork(f.ctx, "gone"))
	f.must(f.engine.EnsureNetwork(f.ctx, "acme"))
	f.run()
	f.eventually(func() error {
		if n := f.engine.Networks(); len(n) != 1 || n[0] != "acme" {
			return fmt.Errorf("networks of %v", n)
		}
		return nil
	})
}

func TestCrashesAndLosses(t *testing.T) {
	f := newFixture(t)
	f.run()
	f.ended(f.release("1.0", nil))
	i := f.settled(1)[0]
	for name, harm := range map[string]func(){
		"crash":  func() { f.engine.Crash(i.ID, 3) },
		"memory": func() { f.engine.OutOfMemory(i.ID) },
		"vanish": func() { f.engine.Vanish(i.ID) },
	} {
		calls := len(f.engine.Calls())
		harm()
		f.eventually(func() error {
			for _, c := range f.engine.Calls()[calls:] {
				if c == "Start" {
					return nil
				}
			}
			return fmt.Errorf("%s: not started again", name)
		})
		f.settled(1)
	}
	events, err := f.store.Events().List(f.ctx, core.EventFilter{AppID: "shop"})
	f.must(err)
	kinds := map[string]string{}
	for _, e := range events {
		kinds[e.Kind+" "+e.Cause.Key] = e.InstanceID
	}
	for _, want := range []string{"crashed reason.exit_code", "crashed reason.out_of_memory", "vanished ", "healed "} {
		if kinds[want] != i.ID {
			t.Errorf("no event %q in %v", want, kinds)
		}
	}
}

func TestOrphansGo(t *testing.T) {
	f := newFixture(t)
	f.engine.AddForeign(core.Container{ID: "foreign", Instance: "nobody", AppID: "shop", Running: true})
	f.run()
	f.eventually(func() error {
		list, err := f.engine.List(f.ctx)
		if err == nil && len(list) > 0 {
			err = fmt.Errorf("%+v", list)
		}
		return err
	})
}

func TestAPortTakenByAnotherProgramIsPassedOver(t *testing.T) {
	f := newFixture(t)
	for port := 25700; port < 25710; port++ {
		f.engine.TakePort(port)
	}
	f.run()
	if op := f.ended(f.release("1.0", nil)); op.Status != core.OpSucceeded {
		t.Fatalf("%+v", op)
	}
	if i := f.settled(1)[0]; i.HostPort != 25710 {
		t.Errorf("has port %d", i.HostPort)
	}
}

func TestStopAndDelete(t *testing.T) {
	f := newFixture(t)
	f.run()
	f.ended(f.release("1.0", nil))
	f.settled(1)
	f.must(f.change(f.store, func(a *core.App) { a.Stopped = true }))
	f.loop.Wake("shop")
	f.settled(0)
	f.eventually(func() error {
		if a := f.app(); a.State != core.AppStopped {
			return fmt.Errorf("%s", a.State)
		}
		return nil
	})
	op := core.Operation{ID: core.NewID(), TenantID: "acme", AppID: "shop", Kind: core.OpDelete, Status: core.OpPending,
		Steps: core.StepsOf(core.OpDelete, time.Now()), CreatedAt: time.Now()}
	f.must(f.store.Transact(f.ctx, func(tx core.Store) error { // in one, as people's wishes are written
		if err := f.change(tx, func(a *core.App) { a.Deleting = true }); err != nil {
			return err
		}
		return tx.Operations().Create(f.ctx, op)
	}))
	f.loop.Wake("shop")
	if op := f.ended(op.ID); op.Status != core.OpSucceeded {
		t.Errorf("%+v", op)
	}
	f.eventually(func() error {
		routes, err := f.reg.Routes(f.ctx)
		if err == nil && len(routes)+len(f.engine.Networks()) > 0 {
			err = fmt.Errorf("%v %v", routes, f.engine.Networks())
		}
		return err
	})
	ports, err := f.store.Hosts().Ports(f.ctx, core.LocalHost)
	if err != nil || len(ports) > 0 {
		t.Errorf("ports %v %v", ports, err)
	}
}

// While an engine is silent what runs there is asked on, since it may well answer. That is not counted.
func TestWhatIsOnASilentHostIsAskedOn(t *testing.T) {
	f := newFixture(t)
	f.run()
	f.ended(f.release("1.0", nil))
	i := f.settled(1)[0]
	asked := func(discounted bool) func() error {
		return func() error {
			f.loop.Wake("shop")
			f.health.mu.Lock()
			defer f.health.mu.Unlock()
			if !f.health.watched[i.ID] || f.health.discounted[i.ID] != discounted {
				return fmt.Errorf("watched %t, discounted %t", f.health.watched[i.ID], f.health.discounted[i.ID])
			}
			return nil
		}
	}
	f.engine.SetDown(true, true)
	f.eventually(asked(true))
	f.engine.SetDown(false, true)
	f.eventually(asked(false))
	if again := f.settled(1)[0]; again.ID != i.ID || again.Crashes != 0 {
		t.Errorf("%+v", again)
	}
}

func TestTheEngineGoesAndComesBack(t *testing.T) {
	f := newFixture(t)
	f.run()
	f.ended(f.release("1.0", nil))
	i := f.settled(1)[0]
	f.engine.SetDown(true, false)
	f.eventually(func() error {
		h, err := f.store.Hosts().Get(f.ctx, core.LocalHost)
		if err == nil && h.Status != core.HostDown {
			err = fmt.Errorf("host is %s", h.Status)
		}
		return err
	})
	f.engine.SetDown(false, false)
	f.eventually(func() error {
		c, err := f.engine.Inspect(f.ctx, f.instances()[0].ContainerID)
		if err == nil && !c.Running {
			err = errors.New("not running")
		}
		return err
	})
	if again := f.settled(1)[0]; again.ID != i.ID || again.Crashes != 0 {
		t.Errorf("%+v", again)
	}
}

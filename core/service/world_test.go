package service

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"berth/core"
	"berth/core/catalog"
	"berth/core/store"
	"berth/e2e/testenv"
	"berth/worker/image"
)

// world is a Service on a real database and a real image registry.
type world struct {
	*Service
	t      *testing.T
	waker  *waker
	clock  *clock
	images *image.Store
	deps   Deps
}

const (
	bootstrap    = "bootstrap-token-of-at-least-32-characters"
	workerSecret = "the secret of the workers of this Berth"
)

func newWorld(t *testing.T) *world {
	t.Helper()
	ctx := context.Background()
	options := store.Options{Dir: t.TempDir(), Key: bytes.Repeat([]byte{7}, 32)}
	if err := store.Migrate(ctx, options); err != nil {
		t.Fatal(err)
	}
	db, err := store.Open(ctx, options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	images, err := image.New(image.Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { images.Close() })
	w := &world{t: t, waker: &waker{}, clock: &clock{at: time.Now()}, images: images}
	w.deps = Deps{Store: db, Images: images, Catalog: localCatalog(t), Waker: w.waker, Notifier: NewNotifier(),
		WorkerSecret: workerSecret, BootstrapToken: bootstrap, PortalURL: "http://localhost:8080", BaseDomain: "localhost",
		GatewayURL: "http://localhost:8000", TempDir: t.TempDir(), Now: w.clock.now}
	w.Service = New(w.deps)
	return w
}

// localCatalog offers "cache", which has storage, and "broken", whose image is not there.
func localCatalog(t *testing.T) core.Catalog {
	t.Helper()
	archive := testenv.Archive(t, testenv.ImageOptions{Version: "7"})
	text := fmt.Sprintf(`
- name: cache
  title: Cache
  versions: [{version: "7.4", image: "docker-archive:%s"}]
  port: 6379
  plans: [{name: small, memory: 32MiB, cpu: "0.5"}, {name: large, memory: 64MiB}]
  credentials: [{name: user, value: app}, {name: password, secret: true, length: 64}]
  volume: /data
  health: {kind: tcp, grace: 90s}
  uri: "cache://{{.user}}:{{.password}}@{{.host}}:{{.port}}"
  binding_env: {CACHE_URL: "cache://{{.user}}:{{.password}}@{{.host}}:{{.port}}", CACHE_PASSWORD: "{{.password}}"}
- name: broken
  title: Broken
  versions: [{version: "1", image: "docker-archive:%s"}]
  port: 1
  plans: [{name: small, memory: 32MiB}]
  uri: "broken://{{.host}}"
`, archive, filepath.Join(t.TempDir(), "absent.tar"))
	path := filepath.Join(t.TempDir(), "catalog.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := catalog.Load(path)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// waker remembers what was woken.
type waker struct {
	mu   sync.Mutex
	apps []string
}

func (w *waker) Wake(appID string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.apps = append(w.apps, appID)
}

func (w *waker) woken(appID string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, a := range w.apps {
		if a == appID {
			return true
		}
	}
	return false
}

// clock goes only when it is told to.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// operator acts everywhere.
func (w *world) operator() context.Context {
	return core.WithActor(context.Background(), core.Actor{Kind: core.ActorUser, ID: "op", Name: "Boss", Operator: true})
}

// member makes the tenant when it is new and acts as somebody of it.
func (w *world) member(tenant string, role core.Role) context.Context {
	w.t.Helper()
	_, err := w.store.Tenants().Get(w.operator(), tenant)
	if core.ErrorCode(err) == core.ENOTFOUND {
		err = w.store.Tenants().Create(w.operator(), core.Tenant{ID: tenant, Name: tenant, CreatedAt: w.now()})
	}
	w.must(err)
	return core.WithActor(context.Background(), core.Actor{Kind: core.ActorUser, ID: "u-" + tenant, UserID: "u-" + tenant,
		Name: "Tina", Roles: map[string]core.Role{tenant: role}})
}

func (w *world) app(ctx context.Context, tenant, name string) core.App {
	w.t.Helper()
	app, _, err := w.CreateApp(ctx, core.NewApp{TenantID: tenant, Name: name})
	w.must(err)
	return app
}

// archive opens an archive of the test app.
func (w *world) archive(o testenv.ImageOptions) *os.File {
	w.t.Helper()
	f, err := os.Open(testenv.Archive(w.t, o))
	w.must(err)
	w.t.Cleanup(func() { f.Close() })
	return f
}

func (w *world) version(ctx context.Context, appID, label string) core.Version {
	w.t.Helper()
	v, err := w.ImportVersion(ctx, appID, label, -1, w.archive(testenv.ImageOptions{Version: "1.0"}))
	w.must(err)
	return v
}

// released is an app with version 1.0 released, as a developer of the tenant.
func (w *world) released(tenant, name string) (context.Context, core.App) {
	w.t.Helper()
	ctx := w.member(tenant, core.RoleDeveloper)
	app := w.app(ctx, tenant, name)
	w.version(ctx, app.ID, "1.0")
	_, _, err := w.Release(ctx, app.ID, core.NewRelease{Version: "1.0"})
	w.must(err)
	app, err = w.App(ctx, app.ID)
	w.must(err)
	return ctx, app
}

// run runs the loop that fetches images until the test ends, or until stop is called.
func (w *world) run() (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	var loop sync.WaitGroup
	loop.Go(func() { _ = w.RunFetches(ctx) })
	stop = func() { cancel(); loop.Wait() }
	w.t.Cleanup(stop)
	return stop
}

// ended waits until an operation has.
func (w *world) ended(id string) core.Operation {
	w.t.Helper()
	var op core.Operation
	w.eventually(func() bool {
		var err error
		op, err = w.Operation(w.operator(), id)
		w.must(err)
		return op.Done()
	})
	return op
}

func (w *world) eventually(ok func() bool) {
	w.t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for !ok() {
		if time.Now().After(deadline) {
			w.t.Fatal("it did not come true")
		}
		time.Sleep(5 * time.Millisecond)
	}
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// refused checks the code of an error, and that each field is named.
func (w *world) refused(err error, code core.Code, fields ...string) {
	w.t.Helper()
	if core.ErrorCode(err) != code {
		w.t.Errorf("want %s, got %v", code, err)
		return
	}
	for _, f := range fields {
		if !hasField(err, f) {
			w.t.Errorf("want a fault at %q, got %v", f, err)
		}
	}
}

func hasField(err error, field string) bool {
	e, ok := err.(*core.Error)
	if !ok {
		return false
	}
	for _, f := range e.Fields {
		if f.Field == field {
			return true
		}
	}
	return false
}

// events returns the kinds of an app's events, newest first.
func (w *world) events(appID string) []string {
	w.t.Helper()
	events, err := w.Events(w.operator(), core.EventFilter{AppID: appID, Limit: 100})
	w.must(err)
	var kinds []string
	for _, e := range events {
		kinds = append(kinds, e.Kind)
	}
	return kinds
}

package service

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	"berth/core"
	"berth/e2e/testenv"
)

func (w *world) service(ctx context.Context, tenant, name, entry string) (core.App, core.Operation) {
	w.t.Helper()
	app, op, err := w.CreateApp(ctx, core.NewApp{TenantID: tenant, Name: name, Service: entry})
	w.must(err)
	return app, op
}

// serving waits until a service's first release is recorded.
func (w *world) serving(appID string) core.Release {
	w.t.Helper()
	w.eventually(func() bool {
		app, err := w.App(w.operator(), appID)
		w.must(err)
		return app.Release > 0
	})
	r, err := w.CurrentRelease(w.operator(), appID)
	w.must(err)
	return r
}

func TestServiceFromTheCatalogue(t *testing.T) {
	w := newWorld(t)
	w.run()
	ctx := w.member("tea", core.RoleDeveloper)
	app, op := w.service(ctx, "tea", "Shop cache", "cache")
	if op.Kind != core.OpDeploy || op.Release != 1 || op.Steps[1].Name != core.StepFetched || len(op.Steps) != 8 ||
		*app.Service != (core.ServiceSpec{Entry: "cache", Version: "7.4", Plan: "small"}) {
		t.Errorf("%+v %+v", app, op)
	}
	r := w.serving(app.ID)
	s := r.Spec
	if r.Number != 1 || s.Replicas != 1 || s.Memory != 32*core.MiB || s.CPU != 500 || s.Port != 6379 || s.Labels() != "7.4" ||
		s.Volume == nil || s.Volume.Path != "/data" || !strings.HasPrefix(s.Volume.Name, "berth-shop-cache-") || r.Author != "Tina" {
		t.Errorf("%+v", r)
	}
	w.eventually(func() bool { return w.waker.woken(app.ID) })
	got, err := w.Operation(ctx, op.ID)
	w.must(err)
	if got.Status != core.OpRunning || got.Steps[1].Status != core.StepSucceeded || got.Steps[2].Status != core.StepPending {
		t.Errorf("%+v", got)
	}
	if v := mustVersion(w, app.ID, "7.4"); v.Source != core.SourceCatalog || v.Author != "Tina" {
		t.Errorf("%+v", v)
	}

	c, err := w.Connection(ctx, app.ID)
	w.must(err)
	password := c.Values["password"]
	uri := "cache://app:" + password + "@shop-cache:6379"
	if len(password) != 64 || c.URI != uri || c.Host != "shop-cache" || c.Port != 6379 || c.Env["CACHE_URL"] != uri {
		t.Errorf("%+v", c)
	}
	_, err = w.Connection(w.member("tea", core.RoleViewer), app.ID)
	w.refused(err, core.EFORBIDDEN)
	plain := w.app(ctx, "tea", "Plain")
	_, err = w.Connection(ctx, plain.ID)
	w.refused(err, core.ENOTFOUND)
	other, _ := w.service(ctx, "tea", "Second", "cache")
	second, err := w.Connection(ctx, other.ID)
	w.must(err)
	if second.Values["password"] == password {
		t.Error("two services share a password")
	}
	w.serving(other.ID)
}

func TestServiceInput(t *testing.T) {
	w := newWorld(t)
	ctx := w.member("tea", core.RoleDeveloper)
	_, _, err := w.CreateApp(ctx, core.NewApp{TenantID: "tea", Name: "<b>", Service: "oracle"})
	w.refused(err, core.EINVALID, "name", "service")
	_, _, err = w.CreateApp(ctx, core.NewApp{TenantID: "tea", Name: "<b>", Service: "cache", Version: "1", Plan: "huge"})
	w.refused(err, core.EINVALID, "name", "version", "plan")
	w.service(ctx, "tea", "Cache", "cache")
	_, _, err = w.CreateApp(ctx, core.NewApp{TenantID: "tea", Name: "Cache", Service: "cache"})
	w.refused(err, core.ECONFLICT, "name")
	if n := len(w.fetches.queue); n != 1 {
		t.Errorf("%d wait", n)
	}
	entries, err := w.Catalog(ctx)
	w.must(err)
	if len(entries) != 8 {
		t.Error(len(entries))
	}
}

func TestServiceRules(t *testing.T) {
	w := newWorld(t)
	ctx := w.member("tea", core.RoleDeveloper)
	cache, _ := w.service(ctx, "tea", "Cache", "cache")
	_, _, err := w.Scale(ctx, cache.ID, 1)
	w.refused(err, core.ECONFLICT) // its image is not there yet
	w.run()
	w.serving(cache.ID)
	_, _, err = w.Scale(ctx, cache.ID, 2)
	w.refused(err, core.EINVALID, "replicas")
	w.version(ctx, cache.ID, "7.5")
	_, _, err = w.Release(ctx, cache.ID, core.NewRelease{Weights: map[string]int{"7.4": 50, "7.5": 50}})
	w.refused(err, core.EINVALID, "weights")
	r, _, err := w.Release(ctx, cache.ID, core.NewRelease{Version: "7.5", Memory: ptr(64 * core.MiB)})
	w.must(err)
	if r.Spec.Volume == nil || r.Spec.Port != 6379 {
		t.Errorf("%+v", r)
	}
	w.refused(w.Allow(ctx, cache.ID, core.AccessPush), core.EFORBIDDEN)
	w.must(w.Allow(ctx, cache.ID, core.AccessPull))
}

func TestBindings(t *testing.T) {
	w := newWorld(t)
	w.run()
	ctx, app := w.released("tea", "Shop")
	cache, _ := w.service(ctx, "tea", "Cache", "cache")
	foreign, _ := w.service(w.member("bank", core.RoleDeveloper), "bank", "Vault", "cache")
	plain := w.app(ctx, "tea", "Plain")
	for _, id := range []string{foreign.ID, plain.ID, "absent", "../"} {
		_, _, err := w.Release(ctx, app.ID, core.NewRelease{Bindings: &[]string{id}})
		w.refused(err, core.EINVALID, "bindings")
		_, _, err = w.Release(w.operator(), app.ID, core.NewRelease{Bindings: &[]string{id}})
		w.refused(err, core.EINVALID, "bindings")
	}
	r, _, err := w.Release(ctx, app.ID, core.NewRelease{Bindings: &[]string{cache.ID, cache.ID}})
	w.must(err)
	if !slices.Equal(r.Spec.Bindings, []string{cache.ID}) {
		t.Error(r.Spec.Bindings)
	}
	users, err := w.UsedBy(ctx, cache.ID)
	w.must(err)
	if len(users) != 1 || users[0].ID != app.ID {
		t.Error(users)
	}
	_, err = w.DeleteApp(ctx, cache.ID, cache.ID, false)
	w.must(err)
	r, _, err = w.Scale(ctx, app.ID, 2)
	w.must(err)
	if len(r.Spec.Bindings) != 0 {
		t.Error("what is being deleted is still bound")
	}
	w.must(w.store.Apps().Delete(w.operator(), cache.ID))
	_, _, err = w.Rollback(ctx, app.ID, 2)
	w.refused(err, core.EINVALID, "release")
	w.service(w.member("bank", core.RoleDeveloper), "bank", "Cache", "cache") // takes the free id
	_, _, err = w.Rollback(w.operator(), app.ID, 2)
	w.refused(err, core.EINVALID, "release")
}

func TestServiceWhoseImageIsNotThere(t *testing.T) {
	w := newWorld(t)
	w.run()
	ctx := w.member("tea", core.RoleDeveloper)
	app, op := w.service(ctx, "tea", "Broken", "broken")
	for range 2 {
		ended := w.ended(op.ID)
		if ended.Status != core.OpFailed || ended.Error.Key != "error.image_file_missing" || ended.Steps[1].Status != core.StepFailed {
			t.Errorf("%+v", ended)
		}
		got, err := w.App(ctx, app.ID)
		w.must(err)
		if got.State != core.AppFailed || got.Reason.Key != "error.image_file_missing" {
			t.Errorf("%+v", got)
		}
		again, err := w.StartApp(ctx, app.ID)
		w.must(err)
		if again.ID == op.ID {
			t.Fatal("the failed operation was returned")
		}
		op = again
	}
	w.ended(op.ID)
	if kinds := w.events(app.ID); kinds[0] != "fetch_failed" {
		t.Error(kinds)
	}
}

func TestImageNamesAreRefused(t *testing.T) {
	w := newWorld(t)
	_, bank := w.released("bank", "Bank")
	ctx := w.member("tea", core.RoleDeveloper)
	app := w.app(ctx, "tea", "Shop")
	for _, ref := range []string{"", "x;id", "-v", "UPPER", "a/UPPER", strings.Repeat("a", 300), "169.254.169.254/latest/meta-data",
		"[fe80::1]:5000/x", "0.0.0.0:5000/x", "[::ffff:169.254.1.1]/x", "a b", "a\nb", "a:b:c", "http://evil/x", "../x", "a//b",
		"docker-archive:/etc/passwd", "docker-daemon:redis:local", "a@sha256:xyz", "224.0.0.1/x"} {
		_, err := w.FetchVersion(ctx, app.ID, "1.0", core.ImageSource{Ref: ref, Trusted: true})
		w.refused(err, core.EINVALID, "image")
	}
	for _, ref := range []string{"localhost:8080/" + bank.ID + ":1.0", "127.0.0.1:8080/" + bank.ID + ":1.0", "[::1]:8080/absent:1.0",
		"LOCALHOST:8080/staging/x:1"} {
		_, err := w.FetchVersion(ctx, app.ID, "1.0", core.ImageSource{Ref: ref})
		w.refused(err, core.ENOTFOUND)
	}
	_, err := w.FetchVersion(ctx, app.ID, "-v", core.ImageSource{Ref: "nginx"})
	w.refused(err, core.EINVALID, "label")
	w.version(ctx, app.ID, "1.0")
	_, err = w.FetchVersion(ctx, app.ID, "1.0", core.ImageSource{Ref: "nginx"})
	w.refused(err, core.ECONFLICT, "label")
	if len(w.fetches.queue) != 0 {
		t.Error(w.fetches.queue)
	}
}

func TestImageNamesAreRead(t *testing.T) {
	for ref, want := range map[string]imageName{
		"nginx":                               {"", "nginx", ""},
		"nginx:1.27":                          {"", "nginx", "1.27"},
		"library/redis:7":                     {"", "library/redis", "7"},
		"ghcr.io/acme/shop_x/y-z:1.4":         {"ghcr.io", "acme/shop_x/y-z", "1.4"},
		"registry:5000/shop":                  {"registry:5000", "shop", ""},
		"localhost/shop":                      {"localhost", "shop", ""},
		"10.0.0.1:5000/shop:v1":               {"10.0.0.1:5000", "shop", "v1"},
		"a@sha256:" + strings.Repeat("a", 64): {"", "a", ""},
	} {
		if got, err := parseImageName(ref); err != nil || got != want {
			t.Errorf("%s: %+v %v", ref, got, err)
		}
	}
}

func TestImageOfAnotherOwnApp(t *testing.T) {
	w := newWorld(t)
	ctx, shop := w.released("tea", "Shop")
	copyTo := w.app(ctx, "tea", "Copy")
	op, err := w.FetchVersion(ctx, copyTo.ID, "", core.ImageSource{Ref: "localhost:8080/shop:1.0"})
	w.must(err)
	if op = w.ended(op.ID); op.Status != core.OpSucceeded {
		t.Errorf("%+v", op)
	}
	v, from := mustVersion(w, copyTo.ID, "1.0"), mustVersion(w, shop.ID, "1.0")
	if v.Digest != from.Digest || v.Origin != "shop:1.0" || v.Source != core.SourceImage {
		t.Errorf("%+v", v)
	}
	if _, err := w.images.Inspect(ctx, copyTo.ID, v.Digest); err != nil {
		t.Error(err)
	}
	_, err = w.FetchVersion(w.member("tea", core.RoleViewer), copyTo.ID, "2", core.ImageSource{Ref: "localhost:8080/shop:1.0"})
	w.refused(err, core.EFORBIDDEN)
}

// remote stands for a registry elsewhere: Copy imports an archive once it is let go.
type remote struct {
	core.ImageStore
	t      *testing.T
	mu     sync.Mutex
	gate   chan struct{}
	seen   []core.ImageSource
	failed error
}

func (r *remote) Copy(ctx context.Context, repo string, src core.ImageSource, progress func(done, total core.Bytes)) (core.Artifact, error) {
	r.mu.Lock()
	r.seen = append(r.seen, src)
	r.mu.Unlock()
	progress(10*core.MiB, 40*core.MiB)
	select {
	case <-r.gate:
	case <-ctx.Done():
		return core.Artifact{}, ctx.Err()
	}
	if r.failed != nil {
		return core.Artifact{}, r.failed
	}
	w := world{t: r.t}
	return r.ImageStore.Import(ctx, repo, w.archive(testenv.ImageOptions{}))
}

func withRemote(t *testing.T) (*world, *remote) {
	w := newWorld(t)
	r := &remote{ImageStore: w.images, t: t, gate: make(chan struct{})}
	w.deps.Images = r
	w.Service = New(w.deps)
	return w, r
}

func TestFetchVersion(t *testing.T) {
	w, r := withRemote(t)
	w.run()
	ctx := w.member("tea", core.RoleDeveloper)
	app := w.app(ctx, "tea", "Shop")
	src := core.ImageSource{Ref: " ghcr.io/acme/shop:1.4 ", User: "tina", Password: "hunter2hunter2"}
	op, err := w.FetchVersion(ctx, app.ID, "", src)
	w.must(err)
	w.eventually(func() bool {
		got, err := w.Operation(ctx, op.ID)
		w.must(err)
		return got.Steps[1].Text.Key == "step.fetching_progress"
	})
	got, err := w.Operation(ctx, op.ID)
	w.must(err)
	if args := got.Steps[1].Text.Args; args["done"] != "10 MB" || args["total"] != "40 MB" || got.Status != core.OpRunning {
		t.Errorf("%+v", got)
	}
	close(r.gate)
	if op = w.ended(op.ID); op.Status != core.OpSucceeded {
		t.Fatalf("%+v", op)
	}
	v := mustVersion(w, app.ID, "1.4")
	if v.Source != core.SourceImage || v.Origin != "ghcr.io/acme/shop:1.4" || v.Author != "Tina" || r.seen[0].Password != src.Password || r.seen[0].Trusted {
		t.Errorf("%+v", v)
	}
	events, err := w.Events(ctx, core.EventFilter{AppID: app.ID})
	w.must(err)
	if text := fmt.Sprintf("%+v %+v %+v", op, v, events); strings.Contains(text, "hunter2") {
		t.Error("the password is shown:", text)
	}
}

func TestFetchThatFails(t *testing.T) {
	w, r := withRemote(t)
	w.run()
	close(r.gate)
	r.failed = core.Errorf(core.EUNREACHABLE, "error.image_registry_unreachable", "registry", "ghcr.io")
	ctx := w.member("tea", core.RoleDeveloper)
	app := w.app(ctx, "tea", "Shop")
	op, err := w.FetchVersion(ctx, app.ID, "", core.ImageSource{Ref: "ghcr.io/acme/shop"})
	w.must(err)
	op = w.ended(op.ID)
	if op.Status != core.OpFailed || op.Error.String() != r.failed.(*core.Error).Message.String() || op.Steps[1].Status != core.StepFailed {
		t.Errorf("%+v", op)
	}
	if kinds := w.events(app.ID); kinds[0] != "fetch_failed" {
		t.Error(kinds)
	}
}

func TestFetchesAfterARestart(t *testing.T) {
	w, r := withRemote(t)
	stop := w.run()
	ctx := w.member("tea", core.RoleDeveloper)
	app := w.app(ctx, "tea", "Shop")
	sources := map[string]core.ImageSource{"open": {Ref: "ghcr.io/acme/shop:1"},
		"private": {Ref: "ghcr.io/acme/shop:2", User: "tina", Password: "x"}, "waiting": {Ref: "ghcr.io/acme/shop:3"}}
	ops := map[string]core.Operation{}
	for _, name := range slices.Sorted(maps.Keys(sources)) {
		op, err := w.FetchVersion(ctx, app.ID, "", sources[name])
		w.must(err)
		ops[name] = op
	}
	cache, deploy := w.service(ctx, "tea", "Cache", "cache")
	w.eventually(func() bool { r.mu.Lock(); defer r.mu.Unlock(); return len(r.seen) == fetchers })
	stop()

	close(r.gate)
	w.Service = New(w.deps)
	w.run()
	for name, op := range ops {
		got := w.ended(op.ID)
		want := core.OpSucceeded
		if name == "private" {
			want = core.OpFailed
		}
		if got.Status != want || want == core.OpFailed && got.Error.Key != "error.fetch_interrupted" {
			t.Errorf("%s: %+v", name, got)
		}
	}
	if w.serving(cache.ID).Number != 1 || w.open(cache.ID, core.OpDeploy).ID != deploy.ID {
		t.Error("the service did not go on")
	}
}

func TestDeletingEndsAFetch(t *testing.T) {
	w, r := withRemote(t)
	w.run()
	ctx := w.member("tea", core.RoleDeveloper)
	app, op := w.service(ctx, "tea", "Cache", "cache")
	w.eventually(func() bool { r.mu.Lock(); defer r.mu.Unlock(); return len(r.seen) == 1 })
	_, err := w.DeleteApp(ctx, app.ID, app.ID, false)
	w.must(err)
	if got := w.ended(op.ID); got.Status != core.OpFailed || got.Error.Key != "error.overtaken_delete" {
		t.Errorf("%+v", got)
	}
	w.eventually(func() bool { return !w.fetches.has(op.ID) })
	if slices.Contains(w.events(app.ID), "fetch_failed") {
		t.Error("the end of the fetch counts as a failure")
	}
}

func TestFetchQueueIsBounded(t *testing.T) {
	f := newFetches()
	for i := range maxFetches {
		if !f.add(fetchJob{op: core.Operation{ID: fmt.Sprint(i)}}) {
			t.Fatal("full too early")
		}
	}
	if f.add(fetchJob{}) {
		t.Error("never full")
	}
	f.remove("0")
	if !f.add(fetchJob{}) || f.has("0") {
		t.Error("no room after one left")
	}
}

package service

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"sync"
	"testing"

	"berth/core"
	"berth/core/store"
	"berth/e2e/testenv"
)

// limit gives a tenant limits of its own.
func (w *world) limit(tenant string, limits core.Amounts) {
	w.t.Helper()
	t, err := w.store.Tenants().Get(w.operator(), tenant)
	w.must(err)
	t.Quota = limits
	w.must(w.store.Tenants().Update(w.operator(), t))
}

func (w *world) uses(tenant string, want core.Amounts) {
	w.t.Helper()
	got, err := w.store.Usage().Sum(w.operator(), tenant)
	w.must(err)
	if off := got.Minus(want); len(off) > 0 {
		w.t.Errorf("used are %v, want %v", got, want)
	}
}

// blocked checks that a refusal names the resource at a field, and whose use would free some.
func (w *world) blocked(err error, code core.Code, field string, r core.Resource, app string) {
	w.t.Helper()
	w.refused(err, code, field)
	q, ok := errors.AsType[*core.QuotaError](err)
	if !ok || q.Resource != r {
		w.t.Errorf("want %s to be what does not suffice, got %v", r, err)
	}
	if got := core.ErrorMessage(err).Args["app"]; got != app {
		w.t.Errorf("want %q to be named, got %q", app, got)
	}
}

const mib = int64(core.MiB)

func TestQuotaOfApps(t *testing.T) {
	w := newWorld(t)
	ctx := w.member("tea", core.RoleDeveloper)
	w.limit("tea", core.Amounts{core.ResourceApps: 1, core.ResourceServices: 1, core.ResourceVolumes: 0})
	w.app(ctx, "tea", "First")
	_, _, err := w.CreateApp(ctx, core.NewApp{TenantID: "tea", Name: "Second"})
	w.blocked(err, core.ECONFLICT, "name", core.ResourceApps, "First")
	if _, err := w.App(ctx, "second"); core.ErrorCode(err) != core.ENOTFOUND {
		t.Error("a refused app is there", err)
	}
	w.uses("tea", core.Amounts{core.ResourceApps: 1})

	cache, _, err := w.CreateApp(ctx, core.NewApp{TenantID: "tea", Name: "Cache", Service: "cache"})
	w.must(err)
	service := core.Amounts{core.ResourceApps: 1, core.ResourceServices: 1, core.ResourceMemory: 32 * mib, core.ResourceCPU: 500,
		core.ResourceInstances: 1}
	w.uses("tea", service)
	_, _, err = w.CreateApp(ctx, core.NewApp{TenantID: "tea", Name: "Another", Service: "cache"})
	w.blocked(err, core.ECONFLICT, "name", core.ResourceServices, "Cache")

	w.run()
	w.eventually(func() bool {
		cache, err = w.App(ctx, cache.ID)
		w.must(err)
		return cache.Release == 1
	})
	w.uses("tea", service) // from the wish to the release nothing changes
	w.must(w.store.Apps().Delete(w.operator(), cache.ID))
	w.uses("tea", core.Amounts{core.ResourceApps: 1})
}

func TestQuotaOfRunning(t *testing.T) {
	w := newWorld(t)
	ctx, shop := w.released("tea", "Shop")
	size, err := w.store.Versions().Size(ctx, shop.ID)
	w.must(err)
	still := core.Amounts{core.ResourceApps: 1, core.ResourceImages: int64(size)}
	small := core.Amounts{core.ResourceMemory: 256 * mib, core.ResourceCPU: 250, core.ResourceInstances: 1}
	w.uses("tea", still.Plus(small))

	w.limit("tea", core.Amounts{core.ResourceMemory: 512 * mib})
	_, _, err = w.Scale(ctx, shop.ID, 3)
	w.blocked(err, core.ECONFLICT, "memory", core.ResourceMemory, "")
	if current, err := w.CurrentRelease(ctx, shop.ID); err != nil || current.Number != 1 {
		t.Error("a refused release is there", current.Number, err)
	}
	_, _, err = w.Scale(ctx, shop.ID, 2)
	w.must(err)
	w.uses("tea", still.Plus(small).Plus(small))

	other := w.app(ctx, "tea", "Other")
	w.version(ctx, other.ID, "1.0")
	_, _, err = w.Release(ctx, other.ID, core.NewRelease{Version: "1.0"})
	w.blocked(err, core.ECONFLICT, "memory", core.ResourceMemory, "Shop")

	_, err = w.StopApp(ctx, shop.ID) // nothing of it has been started yet
	w.must(err)
	_, _, err = w.Release(ctx, other.ID, core.NewRelease{Version: "1.0"})
	w.must(err)
	_, err = w.StartApp(ctx, shop.ID)
	w.blocked(err, core.ECONFLICT, "memory", core.ResourceMemory, "Other")
}

// TestQuotaOfSwitch: what still runs of the release before is counted beside the new one until it is gone.
func TestQuotaOfSwitch(t *testing.T) {
	w := newWorld(t)
	ctx, shop := w.released("tea", "Shop")
	first, err := w.store.Releases().Get(ctx, shop.ID, 1)
	w.must(err)
	host := core.Host{ID: "local", Name: "local", PortFrom: 20000, PortTo: 20010}
	w.must(w.store.Hosts().Put(w.operator(), host))
	old := core.Instance{ID: core.NewInstanceID(), AppID: shop.ID, TenantID: "tea", HostID: "local", HostPort: 20001, Release: 1,
		Template: first.Spec.Template(first.Spec.Targets[0], 0), Memory: first.Spec.Memory, CPU: first.Spec.CPU, State: core.InstanceReady}
	w.must(w.store.Instances().Create(w.operator(), old))
	first.Status = core.ReleaseLive
	w.must(w.store.Releases().UpdateStatus(w.operator(), first))

	w.limit("tea", core.Amounts{core.ResourceInstances: 1})
	_, err = w.RestartApp(ctx, shop.ID)
	w.blocked(err, core.ECONFLICT, "replicas", core.ResourceInstances, "")
	port := 9090
	_, _, err = w.Release(ctx, shop.ID, core.NewRelease{Port: &port})
	w.blocked(err, core.ECONFLICT, "replicas", core.ResourceInstances, "")
	w.limit("tea", core.Amounts{core.ResourceInstances: 2})
	_, _, err = w.Release(ctx, shop.ID, core.NewRelease{Port: &port})
	w.must(err)
	sum, err := w.store.Usage().Sum(ctx, "tea")
	w.must(err)
	if sum[core.ResourceInstances] != 2 || sum[core.ResourceMemory] != 512*mib {
		t.Error("the switch is not reserved:", sum)
	}
}

func TestBudget(t *testing.T) {
	w := newWorld(t)
	ctx, shop := w.released("tea", "Shop")
	shop.Budget = core.Amounts{core.ResourceMemory: 300 * mib}
	w.must(w.store.Apps().UpdateSpec(ctx, shop))
	_, _, err := w.Scale(ctx, shop.ID, 2)
	w.refused(err, core.ECONFLICT, "memory")
	if key := core.ErrorMessage(err).Key; key != "error.budget_memory" {
		t.Error(key)
	}
	memory := 64 * core.MiB
	two := 2
	_, _, err = w.Release(ctx, shop.ID, core.NewRelease{Replicas: &two, Memory: &memory})
	w.must(err)
}

func TestQuotaOfImages(t *testing.T) {
	w := newWorld(t)
	ctx := w.member("tea", core.RoleDeveloper)
	shop := w.app(ctx, "tea", "Shop")
	archive := w.archive(testenv.ImageOptions{Version: "1.0"})
	info, err := archive.Stat()
	w.must(err)

	w.limit("tea", core.Amounts{core.ResourceImages: info.Size() - 1})
	_, err = w.ImportVersion(ctx, shop.ID, "1.0", info.Size(), unread{t})
	w.blocked(err, core.ETOOLARGE, "image", core.ResourceImages, "")
	_, err = w.BeginUpload(ctx, core.Upload{AppID: shop.ID, FileName: "shop.tar", Size: core.Bytes(info.Size())})
	w.blocked(err, core.ETOOLARGE, "image", core.ResourceImages, "")
	_, err = w.ImportVersion(ctx, shop.ID, "1.0", -1, archive) // says nothing of its size: cut off when there is no more room
	w.blocked(err, core.ETOOLARGE, "image", core.ResourceImages, "")
	w.uses("tea", core.Amounts{core.ResourceApps: 1})

	w.limit("tea", core.Amounts{core.ResourceImages: info.Size()})
	u, err := w.BeginUpload(ctx, core.Upload{AppID: shop.ID, FileName: "shop.tar", Size: core.Bytes(info.Size())})
	w.must(err)
	w.uses("tea", core.Amounts{core.ResourceApps: 1, core.ResourceImages: info.Size()})
	_, err = w.BeginUpload(ctx, core.Upload{AppID: shop.ID, FileName: "shop.tar", Size: 1})
	w.blocked(err, core.ETOOLARGE, "image", core.ResourceImages, "")
	_, err = archive.Seek(0, 0)
	w.must(err)
	u, err = w.FinishUpload(ctx, u.ID, archive)
	w.must(err)
	w.uses("tea", core.Amounts{core.ResourceApps: 1, core.ResourceImages: int64(u.ImageSize)})
	v, err := w.UseUpload(ctx, u.ID, shop.ID, "1.0")
	w.must(err)
	w.uses("tea", core.Amounts{core.ResourceApps: 1, core.ResourceImages: int64(v.Size)})
	w.must(w.DeleteVersion(ctx, shop.ID, "1.0"))
	w.uses("tea", core.Amounts{core.ResourceApps: 1})

	u, err = w.BeginUpload(ctx, core.Upload{TenantID: "tea", FileName: "x.tar", Size: 10})
	w.must(err)
	if _, err = w.FinishUpload(ctx, u.ID, strings.NewReader("not an archive")); err == nil {
		t.Error("rubbish was taken")
	}
	w.uses("tea", core.Amounts{core.ResourceApps: 1})
	u, err = w.BeginUpload(ctx, core.Upload{TenantID: "tea", FileName: "x.tar", Size: 10})
	w.must(err)
	w.must(w.CancelUpload(ctx, u.ID))
	w.uses("tea", core.Amounts{core.ResourceApps: 1})
}

// TestLastUnit is F13 through the whole service: 50 at a barrier, half of them through each of two processes' handles
// on one database, want the last app of a quota, and then the last memory.
func TestLastUnit(t *testing.T) {
	t.Run("SQLite", func(t *testing.T) {
		t.Parallel()
		testLastUnit(t, store.Options{Driver: "sqlite", Dir: t.TempDir(), Key: bytes.Repeat([]byte{7}, 32)})
	})
	t.Run("MySQL", func(t *testing.T) {
		t.Parallel()
		dsn := testenv.StartMariaDB(t).DSN("quota")
		testLastUnit(t, store.Options{Driver: "mysql", DSN: dsn, Key: bytes.Repeat([]byte{7}, 32)})
	})
}

func testLastUnit(t *testing.T, o store.Options) {
	if err := store.Migrate(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	var handles [2]*world
	for i := range handles {
		db, err := store.Open(t.Context(), o)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { db.Close() })
		w := &world{t: t, waker: &waker{}, clock: &clock{}}
		w.deps = Deps{Store: db, Waker: w.waker, Notifier: NewNotifier(), PortalURL: "http://localhost:8080"}
		w.Service = New(w.deps)
		handles[i] = w
	}
	w := handles[0]
	ctx := w.member("tea", core.RoleDeveloper)
	w.limit("tea", core.Amounts{core.ResourceApps: 1})
	onlyOne(t, atOnce(50, func(i int) error {
		name := "Shop " + core.NewInstanceID()
		_, _, err := handles[i%2].CreateApp(ctx, core.NewApp{TenantID: "tea", Name: name})
		return err
	}))
	w.uses("tea", core.Amounts{core.ResourceApps: 1})

	const apps = 5
	w.limit("tea", core.Amounts{core.ResourceApps: 1 + apps})
	ids := make([]string, apps)
	for i := range ids {
		ids[i] = w.app(ctx, "tea", "Racer "+string(rune('a'+i))).ID
		w.must(w.store.Versions().Create(ctx, core.Version{ID: core.NewID(), AppID: ids[i], TenantID: "tea", Label: "1.0",
			Digest: "sha256:x", Detected: core.Detected{Port: 80}}))
	}
	w.limit("tea", core.Amounts{core.ResourceMemory: 400 * mib})
	errs := atOnce(50, func(i int) error {
		_, _, err := handles[i%2].Release(ctx, ids[i%apps], core.NewRelease{Version: "1.0"})
		return err
	})
	won := 0
	for _, err := range errs {
		if err == nil {
			won++
		} else if core.ErrorCode(err) != core.ECONFLICT {
			t.Error(err)
		}
	}
	// Whoever asks again for the app that has it changes nothing of its use, so more than one may be told yes.
	if won == 0 || won > 50/apps {
		t.Errorf("%d won", won)
	}
	w.uses("tea", core.Amounts{core.ResourceApps: 6, core.ResourceMemory: 256 * mib, core.ResourceCPU: 250, core.ResourceInstances: 1})
}

func atOnce(n int, f func(i int) error) []error {
	var ready, done sync.WaitGroup
	start := make(chan struct{})
	errs := make([]error, n)
	ready.Add(n)
	for i := range n {
		done.Go(func() {
			ready.Done()
			<-start
			errs[i] = f(i)
		})
	}
	ready.Wait()
	close(start)
	done.Wait()
	return errs
}

func onlyOne(t *testing.T, errs []error) {
	t.Helper()
	won := 0
	for _, err := range errs {
		if err == nil {
			won++
		} else if core.ErrorCode(err) != core.ECONFLICT {
			t.Errorf("want conflict, got %v", err)
		}
	}
	if won != 1 {
		t.Errorf("%d of %d won", won, len(errs))
	}
}

// TestQuotaRights: who may not is refused, and told nothing of another tenant's.
func TestQuotaRights(t *testing.T) {
	w := newWorld(t)
	admin := w.member("tea", core.RoleAdmin)
	app := w.app(admin, "tea", "Shop")
	w.limit("tea", core.Amounts{core.ResourceMemory: 100})
	request, err := w.AskQuota(admin, "tea", core.ResourceMemory, 200, "a sale")
	w.must(err)
	for name, try := range map[string]func(ctx context.Context) error{
		"SetBudget": func(ctx context.Context) error { return w.SetBudget(ctx, app.ID, nil) },
		"AskQuota": func(ctx context.Context) error {
			_, err := w.AskQuota(ctx, "tea", core.ResourceMemory, 200, "")
			return err
		},
		"WithdrawQuota":  func(ctx context.Context) error { _, err := w.WithdrawQuota(ctx, request.ID); return err },
		"DecideQuota":    func(ctx context.Context) error { _, err := w.DecideQuota(ctx, request.ID, true, ""); return err },
		"Plans":          func(ctx context.Context) error { _, _, err := w.Plans(ctx); return err },
		"PutPlan":        func(ctx context.Context) error { _, err := w.PutPlan(ctx, "mine", nil, true); return err },
		"DeletePlan":     func(ctx context.Context) error { return w.DeletePlan(ctx, "starter") },
		"SetTenantQuota": func(ctx context.Context) error { return w.SetTenantQuota(ctx, "tea", nil) },
		"QuotaRequests":  func(ctx context.Context) error { _, err := w.QuotaRequests(ctx); return err },
	} {
		if code := core.ErrorCode(try(w.member("tea", core.RoleDeveloper))); code != core.EFORBIDDEN {
			t.Errorf("%s as a developer: %s", name, code)
		}
		code := core.ErrorCode(try(w.member("bank", core.RoleAdmin)))
		if platform := code == core.EFORBIDDEN; !platform && code != core.ENOTFOUND {
			t.Errorf("%s as a stranger: %s", name, code)
		}
		if code := core.ErrorCode(try(nobody)); code != core.EUNAUTHORIZED {
			t.Errorf("%s as nobody: %s", name, code)
		}
	}
	_, err = w.Quota(w.member("bank", core.RoleAdmin), "tea")
	w.refused(err, core.ENOTFOUND)
	_, err = w.DecideQuota(w.operator(), request.ID, true, "yes")
	w.must(err)
	_, err = w.WithdrawQuota(admin, request.ID)
	w.refused(err, core.ECONFLICT)
	v, err := w.Quota(w.member("tea", core.RoleViewer), "tea")
	w.must(err)
	if v.Limits[core.ResourceMemory] != 200 || len(v.Apps) != 1 || v.Requests[0].Answer != "yes" {
		t.Errorf("%+v", v)
	}
}

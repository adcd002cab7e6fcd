package service

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"berth/core"
)

func TestAppNamesAreRefused(t *testing.T) {
	w := newWorld(t)
	ctx := w.member("tea", core.RoleDeveloper)
	for _, name := range []string{"a;id", "$(id)", "`id`", "a\nb", "a\x00b", strings.Repeat("a", 64), "-a", "a", "", "www",
		"api", "<img onerror>", "../x", "Admin"} {
		_, _, err := w.CreateApp(ctx, core.NewApp{TenantID: "tea", Name: name})
		w.refused(err, core.EINVALID, "name")
		_, _, err = w.CreateApp(ctx, core.NewApp{TenantID: "tea", Name: "Good", ID: name + "!"})
		w.refused(err, core.EINVALID, "id")
	}
	_, _, err := w.CreateApp(ctx, core.NewApp{TenantID: "tea", Name: "<b>", ID: "-a", Plan: "huge"})
	w.refused(err, core.EINVALID, "name", "id", "plan")
	page, _, err := w.Apps(ctx, core.AppFilter{})
	w.must(err)
	if len(page) != 0 {
		t.Error(page)
	}
}

func TestCreateApp(t *testing.T) {
	w := newWorld(t)
	ctx := w.member("tea", core.RoleDeveloper)
	app, op, err := w.CreateApp(ctx, core.NewApp{TenantID: "tea", Name: "Tea shop", Plan: "large"})
	w.must(err)
	if app.ID != "tea-shop" || op.ID != "" || w.URL(app.ID) != "http://tea-shop.localhost:8000" {
		t.Errorf("%+v %s", app, w.URL(app.ID))
	}
	got, err := w.App(ctx, app.ID)
	w.must(err)
	if got.Plan != "large" || got.State != core.AppNew || got.Name != "Tea shop" {
		t.Errorf("%+v", got)
	}
	if kinds := w.events(app.ID); !slices.Equal(kinds, []string{"app_created"}) {
		t.Error(kinds)
	}
	chinese := w.app(ctx, "tea", "茶店")
	if core.ValidateSlug("id", chinese.ID) != nil {
		t.Error(chinese.ID)
	}

	w.member("bank", core.RoleDeveloper)
	_, _, err = w.CreateApp(w.member("bank", core.RoleDeveloper), core.NewApp{TenantID: "bank", Name: "Tea shop"})
	w.refused(err, core.ECONFLICT, "name")
	_, _, err = w.CreateApp(ctx, core.NewApp{TenantID: "tea", Name: "Other", ID: "tea-shop"})
	w.refused(err, core.ECONFLICT, "id")
	ids, err := w.SuggestIDs(ctx, "tea-shop")
	w.must(err)
	if !slices.Equal(ids, []string{"tea-shop-2", "tea-shop-3", "tea-shop-4"}) {
		t.Error(ids)
	}
	for near, want := range map[string]string{"www": "www-app", "a": "a-app", "茶": "my", "": "my", strings.Repeat("a", 70): strings.Repeat("a", 50) + "-app"} {
		ids, err = w.SuggestIDs(ctx, near)
		w.must(err)
		if len(ids) != 3 || ids[0] != want {
			t.Error(near, ids)
		}
	}

	_, _, err = w.CreateApp(nobody, core.NewApp{TenantID: "tea", Name: "Mine"})
	w.refused(err, core.EUNAUTHORIZED)
	_, _, err = w.CreateApp(w.member("tea", core.RoleViewer), core.NewApp{TenantID: "tea", Name: "Mine"})
	w.refused(err, core.EFORBIDDEN)
	for _, tenant := range []string{"bank", "absent", "", "../", "0", "-1"} {
		_, _, err = w.CreateApp(ctx, core.NewApp{TenantID: tenant, Name: "Mine"})
		w.refused(err, core.ENOTFOUND)
	}
	_, _, err = w.CreateApp(w.operator(), core.NewApp{TenantID: "absent", Name: "Mine"})
	w.refused(err, core.ENOTFOUND)
}

func TestSameNameFromManyAtOnce(t *testing.T) {
	w := newWorld(t)
	ctx := w.member("tea", core.RoleDeveloper)
	errs := make([]error, 50)
	var all sync.WaitGroup
	begin := make(chan struct{})
	for i := range errs {
		all.Go(func() {
			<-begin
			_, _, errs[i] = w.CreateApp(ctx, core.NewApp{TenantID: "tea", Name: "Shop"})
		})
	}
	close(begin)
	all.Wait()
	won := 0
	for _, err := range errs {
		if err == nil {
			won++
			continue
		}
		w.refused(err, core.ECONFLICT, "name")
	}
	if won != 1 {
		t.Errorf("%d won", won)
	}
}

// TestOthersIDsAreLikeAbsentOnes asks every method with another tenant's id and with ids that cannot be.
func TestOthersIDsAreLikeAbsentOnes(t *testing.T) {
	w := newWorld(t)
	_, bank := w.released("bank", "Bank")
	ctx := w.member("tea", core.RoleAdmin)
	three := 3
	for _, id := range []string{bank.ID, "absent", "0", "-1", "../", "9223372036854775808", "staging/x", ""} {
		calls := map[string]func() error{
			"App":            func() error { _, err := w.App(ctx, id); return err },
			"RenameApp":      func() error { return w.RenameApp(ctx, id, "Mine") },
			"StopApp":        func() error { _, err := w.StopApp(ctx, id); return err },
			"StartApp":       func() error { _, err := w.StartApp(ctx, id); return err },
			"RestartApp":     func() error { _, err := w.RestartApp(ctx, id); return err },
			"DeleteApp":      func() error { _, err := w.DeleteApp(ctx, id, id, false); return err },
			"Instances":      func() error { _, err := w.Instances(ctx, id); return err },
			"Traffic":        func() error { _, err := w.Traffic(ctx, id); return err },
			"Versions":       func() error { _, err := w.Versions(ctx, id); return err },
			"Version":        func() error { _, err := w.Version(ctx, id, "1.0"); return err },
			"ImportVersion":  func() error { _, err := w.ImportVersion(ctx, id, "2.0", -1, unread{t}); return err },
			"FetchVersion":   func() error { _, err := w.FetchVersion(ctx, id, "", core.ImageSource{Ref: "x;id"}); return err },
			"DeleteVersion":  func() error { return w.DeleteVersion(ctx, id, "1.0") },
			"Release":        func() error { _, _, err := w.Release(ctx, id, core.NewRelease{Replicas: &three}); return err },
			"Rollback":       func() error { _, _, err := w.Rollback(ctx, id, 1); return err },
			"Scale":          func() error { _, _, err := w.Scale(ctx, id, 3); return err },
			"Releases":       func() error { _, err := w.Releases(ctx, id, 0, 10); return err },
			"CurrentRelease": func() error { _, err := w.CurrentRelease(ctx, id); return err },
			"Operations":     func() error { _, err := w.Operations(ctx, id, 10); return err },
			"Connection":     func() error { _, err := w.Connection(ctx, id); return err },
			"UsedBy":         func() error { _, err := w.UsedBy(ctx, id); return err },
			"StreamLogs":     func() error { return w.StreamLogs(ctx, core.LogView{AppID: id, Tail: 10}, nil) },
			"Allow pull":     func() error { return w.Allow(ctx, id, core.AccessPull) },
			"Allow push":     func() error { return w.Allow(ctx, id, core.AccessPush) },
			"Pushed":         func() error { return w.Pushed(ctx, id, "1.0", core.Artifact{}) },
			"Operation":      func() error { _, err := w.Operation(ctx, id); return err },
			"Upload":         func() error { _, err := w.Upload(ctx, id); return err },
			"Progress":       func() error { return w.UploadProgress(ctx, id, 1) },
			"FinishUpload":   func() error { _, err := w.FinishUpload(ctx, id, unread{t}); return err },
			"CancelUpload":   func() error { return w.CancelUpload(ctx, id) },
			"UseUpload":      func() error { _, err := w.UseUpload(ctx, id, id, ""); return err },
		}
		for name, call := range calls {
			if err := call(); err == nil || err.Error() != core.NotFound().Error() {
				if e, ok := err.(*core.Error); !ok || e.Code != core.ENOTFOUND || e.Message.String() != "error.not_found" || e.Fields != nil {
					t.Errorf("%s of %q: %v", name, id, err)
				}
			}
		}
	}
	if kinds := w.events(bank.ID); !slices.Equal(kinds, []string{"release_requested", "version_added", "app_created"}) {
		t.Error(kinds)
	}
}

// unread is a body that must not be read.
type unread struct{ t *testing.T }

func (u unread) Read([]byte) (int, error) {
	u.t.Error("the body was read")
	return 0, fmt.Errorf("read")
}

func TestNobodyAndViewersAreRefused(t *testing.T) {
	w := newWorld(t)
	_, app := w.released("tea", "Shop")
	for _, x := range []struct {
		ctx  func() error
		code core.Code
	}{
		{func() error { _, err := w.App(nobody, app.ID); return err }, core.EUNAUTHORIZED},
		{func() error { _, err := w.ImportVersion(nobody, app.ID, "", -1, unread{t}); return err }, core.EUNAUTHORIZED},
		{func() error { _, _, err := w.Apps(nobody, core.AppFilter{}); return err }, core.EUNAUTHORIZED},
		{func() error { _, err := w.Events(nobody, core.EventFilter{}); return err }, core.EUNAUTHORIZED},
		{func() error { _, err := w.Operation(nobody, "x"); return err }, core.EUNAUTHORIZED},
		{func() error { _, err := w.Upload(nobody, "x"); return err }, core.EUNAUTHORIZED},
		{func() error { _, err := w.Catalog(nobody); return err }, core.EUNAUTHORIZED},
		{func() error { _, err := w.SuggestIDs(nobody, "x"); return err }, core.EUNAUTHORIZED},
		{func() error { _, err := w.Hosts(nobody); return err }, core.EUNAUTHORIZED},
		{func() error { return w.Allow(nobody, app.ID, core.AccessPull) }, core.EUNAUTHORIZED},
	} {
		w.refused(x.ctx(), x.code)
	}
	viewer := w.member("tea", core.RoleViewer)
	_, err := w.App(viewer, app.ID)
	w.must(err)
	for name, err := range map[string]error{
		"stop":   second(w.StopApp(viewer, app.ID)),
		"import": second(w.ImportVersion(viewer, app.ID, "", -1, unread{t})),
		"delete": second(w.DeleteApp(viewer, app.ID, app.ID, false)),
		"push":   w.Allow(viewer, app.ID, core.AccessPush),
		"rename": w.RenameApp(viewer, app.ID, "Mine"),
		"begin":  second(w.BeginUpload(viewer, core.Upload{AppID: app.ID})),
		"hosts":  second(w.Hosts(viewer)),
		"sweep":  second(w.CollectGarbage(viewer)),
	} {
		if core.ErrorCode(err) != core.EFORBIDDEN {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func second[T any](_ T, err error) error { return err }

func TestNarrowedTokenSeesItsAppsOnly(t *testing.T) {
	w := newWorld(t)
	ctx := w.member("tea", core.RoleDeveloper)
	w.app(ctx, "tea", "Shop")
	w.app(ctx, "tea", "Cellar")
	actor := core.ActorFrom(ctx)
	actor.Apps = []string{"shop"}
	narrow := core.WithActor(nobody, actor)
	_, err := w.App(narrow, "cellar")
	w.refused(err, core.ENOTFOUND)
	page, _, err := w.Apps(narrow, core.AppFilter{})
	w.must(err)
	if len(page) != 1 || page[0].App.ID != "shop" {
		t.Error(page)
	}
	_, _, err = w.CreateApp(narrow, core.NewApp{TenantID: "tea", Name: "Attic"})
	w.refused(err, core.EFORBIDDEN)
}

func TestRenameApp(t *testing.T) {
	w := newWorld(t)
	ctx := w.member("tea", core.RoleDeveloper)
	app := w.app(ctx, "tea", "Shop")
	w.must(w.RenameApp(ctx, app.ID, "Tea shop"))
	w.refused(w.RenameApp(ctx, app.ID, "<b>"), core.EINVALID, "name")
	app, err := w.App(ctx, app.ID)
	w.must(err)
	if app.Name != "Tea shop" || app.ID != "shop" {
		t.Errorf("%+v", app)
	}
}

// counting counts how often the store is asked for a noun.
type counting struct {
	core.Store
	asked int
}

func (c *counting) Apps() core.AppStore           { c.asked++; return c.Store.Apps() }
func (c *counting) Instances() core.InstanceStore { c.asked++; return c.Store.Instances() }
func (c *counting) Events() core.EventStore       { c.asked++; return c.Store.Events() }
func (c *counting) Releases() core.ReleaseStore   { c.asked++; return c.Store.Releases() }
func (c *counting) Versions() core.VersionStore   { c.asked++; return c.Store.Versions() }

func TestAppsCostsTheSameForAnyPage(t *testing.T) {
	w := newWorld(t)
	ctx, app := w.released("tea", "Shop")
	app.Serving, app.State = 1, core.AppRunning
	w.must(w.store.Apps().UpdateStatus(w.operator(), app))
	for i := range 30 {
		w.app(ctx, "tea", fmt.Sprintf("App %02d", i))
	}
	counted := &counting{Store: w.store}
	w.Service.store = counted
	page, next, err := w.Apps(ctx, core.AppFilter{TenantID: "tea", Limit: 20})
	w.must(err)
	if len(page) != 20 || next == "" || counted.asked > 4 {
		t.Errorf("%d apps, %d questions", len(page), counted.asked)
	}
	rest, _, err := w.Apps(ctx, core.AppFilter{TenantID: "tea", Limit: 1e9, Cursor: next})
	w.must(err)
	shop := rest[len(rest)-1]
	if len(rest) != 11 || shop.Version != "1.0" || shop.URL == "" || shop.Event.Kind != "release_requested" {
		t.Errorf("%d %+v", len(rest), shop)
	}
	_, _, err = w.Apps(ctx, core.AppFilter{TenantID: "bank"})
	w.refused(err, core.ENOTFOUND)
}

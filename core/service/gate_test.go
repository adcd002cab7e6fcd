package service

import (
	"context"
	"testing"
	"time"

	"berth/core"
)

func TestLogin(t *testing.T) {
	w := newWorld(t)
	admin := w.member("tea", core.RoleAdmin)
	app := w.app(admin, "tea", "Shop")
	_, secret, err := w.CreateToken(admin, core.Token{TenantID: "tea", Name: "CI", Scope: core.ScopeDeploy})
	w.must(err)
	actor, err := w.Login(nobody, "anybody", secret)
	w.must(err)
	w.must(w.Allow(core.WithActor(nobody, actor), app.ID, core.AccessPush))
	actor, err = w.Login(nobody, "", workerSecret)
	w.must(err)
	w.must(w.Allow(core.WithActor(nobody, actor), app.ID, core.AccessPull))
	for _, wrong := range []string{"", "x", secret + "x"} {
		_, err = w.Login(nobody, "tina", wrong)
		w.refused(err, core.EUNAUTHORIZED)
	}
	w.deps.WorkerSecret = ""
	_, err = New(w.deps).Login(nobody, "", "")
	w.refused(err, core.EUNAUTHORIZED)
}

func TestAllow(t *testing.T) {
	w := newWorld(t)
	ctx := w.member("tea", core.RoleDeveloper)
	app := w.app(ctx, "tea", "Shop")
	u := w.ready(ctx, core.Upload{TenantID: "tea"})
	bank := w.app(w.member("bank", core.RoleDeveloper), "bank", "Bank")
	viewer := w.member("tea", core.RoleViewer)
	w.must(w.Allow(viewer, app.ID, core.AccessPull))
	w.refused(w.Allow(viewer, app.ID, core.AccessPush), core.EFORBIDDEN)
	for _, repo := range []string{bank.ID, core.StagingRepository(u.ID), "staging", "a/b", "..%2fbank", ""} {
		w.refused(w.Allow(ctx, repo, core.AccessPull), core.ENOTFOUND)
		w.refused(w.Allow(ctx, repo, core.AccessPush), core.ENOTFOUND)
	}
	w.refused(w.Allow(asSystem(nobody), core.StagingRepository(u.ID), core.AccessPull), core.ENOTFOUND)
}

func TestPushed(t *testing.T) {
	w := newWorld(t)
	ctx, app := w.released("tea", "Shop")
	changes := w.Subscribe(ctx)
	a := core.Artifact{Digest: "sha256:aa", Size: 7, Detected: core.Detected{OS: "linux", Arch: "amd64", Port: 80}}
	w.must(w.Pushed(ctx, app.ID, "2.0", a))
	v := mustVersion(w, app.ID, "2.0")
	if v.Source != core.SourcePush || v.Author != "Tina" || v.Digest != a.Digest || v.Size != 7 || v.Detected.Port != 80 {
		t.Errorf("%+v", v)
	}
	if c := <-changes; c.Kind != "version" || c.AppID != app.ID {
		t.Error(c)
	}
	w.must(w.Pushed(ctx, app.ID, "2.0", a)) // the same again
	w.must(w.Pushed(ctx, app.ID, "", a))    // a part of an index
	b := a
	b.Digest = "sha256:bb"
	w.refused(w.Pushed(ctx, app.ID, "2.0", b), core.ECONFLICT, "label")
	w.refused(w.Pushed(ctx, app.ID, "-x", b), core.EINVALID, "label")
	b.Detected.Arch = "s390x"
	w.refused(w.Pushed(ctx, app.ID, "3.0", b), core.EINVALID, "image")
	w.refused(w.Pushed(w.member("tea", core.RoleViewer), app.ID, "3.0", a), core.EFORBIDDEN)
	w.refused(w.Pushed(nobody, app.ID, "3.0", a), core.EUNAUTHORIZED)
	versions, err := w.Versions(ctx, app.ID)
	w.must(err)
	if len(versions) != 2 {
		t.Error(versions)
	}
}

func TestSubscribeShowsOwnChangesOnly(t *testing.T) {
	w := newWorld(t)
	ctx, cancel := context.WithCancel(w.member("tea", core.RoleViewer))
	own, all, none := w.Subscribe(ctx), w.Subscribe(w.operator()), w.Subscribe(nobody)
	for _, c := range []core.Change{{TenantID: "bank", AppID: "bank"}, {Kind: "host"}, {TenantID: "tea", AppID: "shop"}} {
		w.notifier.Notify(c)
	}
	if c := <-own; c.AppID != "shop" {
		t.Error(c)
	}
	for range 3 {
		<-all
	}
	select {
	case c := <-none:
		t.Error(c)
	default:
	}
	for range 10 * subscriberRoom { // nobody reads: nothing blocks
		w.notifier.Notify(core.Change{TenantID: "tea", AppID: "shop"})
	}
	cancel()
	ended := make(chan struct{})
	go func() {
		for range own {
		}
		close(ended)
	}()
	select {
	case <-ended:
	case <-time.After(10 * time.Second):
		t.Fatal("the channel stays open")
	}
}

func TestHosts(t *testing.T) {
	w := newWorld(t)
	w.must(w.store.Hosts().Put(w.operator(), core.Host{ID: core.LocalHost, Name: "local", Arch: "amd64", Memory: core.GiB, Status: core.HostUp}))
	hosts, err := w.Hosts(w.operator())
	w.must(err)
	if len(hosts) != 1 || hosts[0].Host.Name != "local" {
		t.Error(hosts)
	}
}

func TestLimitsOfLists(t *testing.T) {
	w := newWorld(t)
	ctx, app := w.released("tea", "Shop")
	for range 3 {
		_, _, err := w.Scale(ctx, app.ID, 2)
		w.must(err)
	}
	for _, limit := range []int{-1, 0, 1e9} {
		ops, err := w.Operations(ctx, app.ID, limit)
		w.must(err)
		releases, err := w.Releases(ctx, app.ID, 0, limit)
		w.must(err)
		events, err := w.Events(ctx, core.EventFilter{AppID: app.ID, Limit: limit})
		w.must(err)
		if len(ops) != 4 || len(releases) != 4 || len(events) != 6 {
			t.Error(limit, len(ops), len(releases), len(events))
		}
	}
	_, err := w.Events(ctx, core.EventFilter{TenantID: "bank"})
	w.refused(err, core.ENOTFOUND)
}

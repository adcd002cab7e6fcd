package storetest

import (
	"time"

	"berth/core"
)

func testVersions(w *world) {
	first := w.newVersion("1.0")
	second := w.newVersion("1.1")
	second.CreatedAt = time.Now()
	check(w, first)(w.Versions().Get(w.alice, first.ID))
	check(w, first)(w.Versions().ByLabel(w.alice, w.app.ID, "1.0"))
	list, err := w.Versions().List(w.alice, w.app.ID)
	w.ok(err)
	same(w, []string{list[0].Label, list[1].Label}, []string{"1.1", "1.0"})

	twin := first
	twin.ID = core.NewID()
	w.fails(w.Versions().Create(w.alice, twin), core.ECONFLICT, "label")
	twin.Label = "1.0-RC"
	w.ok(w.Versions().Create(w.alice, twin))
	twin.ID, twin.Label = core.NewID(), "1.0-rc" // labels differ by their case
	w.ok(w.Versions().Create(w.alice, twin))
	elsewhere := first
	elsewhere.ID, elsewhere.AppID = core.NewID(), w.newApp(w.tenant, "Elsewhere").ID
	w.ok(w.Versions().Create(w.alice, elsewhere))

	w.ok(w.Versions().Delete(w.alice, first.ID))
	w.fails(w.Versions().Delete(w.alice, first.ID), core.ENOTFOUND)
	_, err = w.Versions().ByLabel(w.alice, w.app.ID, "1.0")
	w.fails(err, core.ENOTFOUND)
}

func testReleases(w *world) {
	v := w.newVersion("1.0")
	first, second, third := w.newRelease(v), w.newRelease(v), w.newRelease(v)
	same(w, []int{first.Number, second.Number, third.Number}, []int{1, 2, 3})
	check(w, first)(w.Releases().Get(w.alice, w.app.ID, 1))
	check(w, []core.Release{third, second, first})(w.Releases().List(w.alice, w.app.ID, 0, 0))
	check(w, []core.Release{third, second})(w.Releases().List(w.alice, w.app.ID, 0, 2))
	check(w, []core.Release{first})(w.Releases().List(w.alice, w.app.ID, 2, 100))

	status := second
	status.Status, status.Served, status.Failed, status.OnlineAt = core.ReleaseLive, 4182, 1, time.Now()
	attempt := status
	attempt.Author, attempt.Spec.Memory = "Mallory", core.GiB // a release does not change
	w.ok(w.Releases().UpdateStatus(w.system, attempt))
	check(w, status)(w.Releases().Get(w.alice, w.app.ID, 2))

	bare := core.Release{AppID: w.app.ID, TenantID: w.tenant.ID, CreatedAt: time.Now()}
	check(w, 4)(w.Releases().Create(w.alice, bare))
	bare.Number = 4
	check(w, bare)(w.Releases().Get(w.alice, w.app.ID, 4))
	got, err := w.Releases().Get(w.alice, w.app.ID, 4)
	w.ok(err)
	if got.Spec.Command != nil {
		w.Fatal("no command became an empty one")
	}

	w.fails(w.Releases().UpdateStatus(w.system, core.Release{AppID: w.app.ID, Number: 9}), core.ENOTFOUND)
	_, err = w.Releases().Get(w.alice, w.app.ID, 9)
	w.fails(err, core.ENOTFOUND)
	_, err = w.Releases().Create(w.alice, core.Release{AppID: "nothing", TenantID: w.tenant.ID})
	w.fails(err, core.ENOTFOUND)
	bare.AppID = w.newApp(w.tenant, "Own numbers").ID
	check(w, 1)(w.Releases().Create(w.alice, bare))
}

func testReleasePick(w *world) {
	v := w.newVersion("1.0")
	w.newRelease(v)
	second := w.newRelease(v)
	bare := w.newApp(w.tenant, "Bare")
	want := map[string]core.Release{w.app.ID: second}
	numbers := map[string]int{w.app.ID: 2, bare.ID: 1, "nothing": 1}
	check(w, want)(w.Releases().Pick(w.alice, numbers))
	empty(w)(w.Releases().Pick(w.bob, numbers))
	empty(w)(w.Releases().Pick(w.alice, nil))
	for range 100 {
		numbers["a"+core.NewInstanceID()] = 1
	}
	check(w, want)(w.Releases().Pick(w.alice, numbers))
}

func testReleaseUse(w *world) {
	old, current := w.newVersion("1.0"), w.newVersion("1.1")
	r := w.newRelease(old)
	for status, want := range map[core.ReleaseStatus]bool{core.ReleasePending: true, core.ReleaseLive: true,
		core.ReleaseSuperseded: false, core.ReleaseFailed: false} {
		r.Status = status
		w.ok(w.Releases().UpdateStatus(w.system, r))
		check(w, want)(w.Releases().UsesVersion(w.alice, w.app.ID, old.ID))
		check(w, false)(w.Releases().UsesVersion(w.alice, w.app.ID, current.ID))
	}
}

func testCredentials(w *world) {
	c := core.Credentials{AppID: w.app.ID, CreatedAt: time.Now(),
		Values: map[string]string{"user": "shop", "password": "hunter2"}}
	w.ok(w.Credentials().Put(w.alice, c))
	check(w, c)(w.Credentials().Get(w.alice, w.app.ID))
	c.Values = map[string]string{"password": "correct horse"}
	w.ok(w.Credentials().Put(w.alice, c))
	check(w, c)(w.Credentials().Get(w.alice, w.app.ID))

	_, err := w.Credentials().Get(w.alice, w.newApp(w.tenant, "Bare").ID)
	w.fails(err, core.ENOTFOUND)
	w.fails(w.Credentials().Put(w.system, core.Credentials{AppID: "nothing"}), core.ENOTFOUND)
}

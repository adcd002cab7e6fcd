package storetest

import (
	"errors"
	"maps"
	"slices"
	"time"

	"berth/core"
)

func testPlans(w *world) {
	seeded, _, err := w.Plans().List(w.system)
	w.ok(err)
	for _, name := range []string{core.UnlimitedPlan, "starter", "standard"} {
		if !slices.ContainsFunc(seeded, func(p core.QuotaPlan) bool { return p.Name == name }) {
			w.Errorf("there is no plan %q: %v", name, seeded)
		}
	}
	starter, err := w.Plans().Get(w.system, "starter")
	w.ok(err)
	same(w, starter.Quota[core.ResourceMemory], int64(2*core.GiB))

	p := core.QuotaPlan{Name: "p" + core.NewInstanceID(), Quota: core.Amounts{core.ResourceApps: 3}, CreatedAt: time.Now()}
	w.ok(w.Plans().Put(w.system, p))
	check(w, p)(w.Plans().Get(w.system, p.Name))
	p.Quota = core.Amounts{core.ResourceApps: 4, core.ResourceMemory: 0}
	w.ok(w.Plans().Put(w.system, p))
	check(w, p)(w.Plans().Get(w.system, p.Name))

	w.tenant.Plan = p.Name
	w.ok(w.Tenants().Update(w.system, w.tenant))
	_, used, err := w.Plans().List(w.system)
	w.ok(err)
	same(w, used[p.Name], 1)
	w.fails(w.Plans().Delete(w.system, p.Name), core.ECONFLICT)
	w.tenant.Plan = "starter"
	w.ok(w.Tenants().Update(w.system, w.tenant))
	w.ok(w.Plans().Delete(w.system, p.Name))
	w.fails(w.Plans().Delete(w.system, p.Name), core.ENOTFOUND)
	_, err = w.Plans().Get(w.system, p.Name)
	w.fails(err, core.ENOTFOUND)
}

func testUsage(w *world) {
	id, app := w.tenant.ID, w.app.ID
	limits := core.Amounts{core.ResourceMemory: 100, core.ResourceApps: 2}
	set := func(holder string, a core.Amounts, want core.Amounts) {
		w.Helper()
		before, err := w.Usage().Set(w.alice, id, holder, a, limits)
		w.ok(err)
		same(w, before, want)
	}
	set(app, core.Amounts{core.ResourceMemory: 60, core.ResourceApps: 1, core.ResourceCPU: 500}, nil)
	set("other", core.Amounts{core.ResourceMemory: 40, core.ResourceApps: 1}, nil)
	set(app, core.Amounts{core.ResourceMemory: 60, core.ResourceApps: 1, core.ResourceCPU: 700},
		core.Amounts{core.ResourceMemory: 60, core.ResourceApps: 1, core.ResourceCPU: 500})
	sum := core.Amounts{core.ResourceMemory: 100, core.ResourceApps: 2, core.ResourceCPU: 700}
	check(w, sum)(w.Usage().Sum(w.alice, id))

	// All or nothing: more memory does not fit, so the processors are not taken either.
	_, err := w.Usage().Set(w.alice, id, "other", core.Amounts{core.ResourceCPU: 900, core.ResourceMemory: 41}, limits)
	w.fails(err, core.ECONFLICT)
	cause, ok := errors.AsType[*core.QuotaError](err)
	same(w, ok, true)
	same(w, *cause, core.QuotaError{Resource: core.ResourceMemory, Needs: 1, Left: 0, Limit: 100})
	check(w, sum)(w.Usage().Sum(w.alice, id))
	check(w, core.Amounts{core.ResourceMemory: 40, core.ResourceApps: 1})(w.Usage().Of(w.alice, id, "other"))

	limits = core.Amounts{core.ResourceMemory: 1} // lowered under what is used: shrinking is never refused
	set("other", core.Amounts{core.ResourceMemory: 39}, core.Amounts{core.ResourceMemory: 40, core.ResourceApps: 1})
	check(w, map[string]core.Amounts{app: {core.ResourceMemory: 60, core.ResourceApps: 1, core.ResourceCPU: 700},
		"other": {core.ResourceMemory: 39}})(w.Usage().Holders(w.alice, id))
	set("other", nil, core.Amounts{core.ResourceMemory: 39})
	empty(w)(w.Usage().Of(w.alice, id, "other"))
}

// testUsageGivenBack: with an app, or an upload, goes what it held.
func testUsageGivenBack(w *world) {
	id := w.tenant.ID
	free, own := w.newUpload(), w.newUpload()
	w.ok(w.Uploads().Delete(w.alice, own.ID))
	own.AppID = w.app.ID
	w.ok(w.Uploads().Create(w.alice, own))
	for _, holder := range []string{w.app.ID, core.UploadHolder(free.ID), core.UploadHolder(own.ID)} {
		_, err := w.Usage().Set(w.alice, id, holder, core.Amounts{core.ResourceImages: 5}, nil)
		w.ok(err)
	}
	w.ok(w.Apps().Delete(w.system, w.app.ID))
	check(w, map[string]core.Amounts{core.UploadHolder(free.ID): {core.ResourceImages: 5}})(w.Usage().Holders(w.alice, id))
	w.ok(w.Uploads().Delete(w.alice, free.ID))
	w.ok(w.Uploads().Delete(w.alice, free.ID))
	empty(w)(w.Usage().Sum(w.alice, id))
}

func testUsageIsolation(w *world) {
	_, err := w.Usage().Set(w.alice, w.tenant.ID, w.app.ID, core.Amounts{core.ResourceApps: 1}, nil)
	w.ok(err)
	for _, ctx := range []func() error{
		func() error { _, err := w.Usage().Set(w.bob, w.tenant.ID, w.app.ID, nil, nil); return err },
		func() error { _, err := w.Usage().Of(w.bob, w.tenant.ID, w.app.ID); return err },
		func() error { _, err := w.Usage().Of(w.nobody, w.tenant.ID, w.app.ID); return err },
	} {
		w.fails(ctx(), core.ENOTFOUND)
	}
	empty(w)(w.Usage().Sum(w.bob, w.tenant.ID))
	empty(w)(w.Usage().Holders(w.bob, w.tenant.ID))
	empty(w)(w.Usage().Samples(w.bob, w.tenant.ID, time.Time{}))
	check(w, core.Amounts{core.ResourceApps: 1})(w.Usage().Sum(w.alice, w.tenant.ID))
}

// testUsageRecount: sums that are wrong, by whatever fault, become those of the holders, and what stands for nothing
// goes.
func testUsageRecount(w *world) {
	id := w.tenant.ID
	_, err := w.Usage().Set(w.alice, id, w.app.ID, core.Amounts{core.ResourceMemory: 7}, nil)
	w.ok(err)
	drift, err := w.Usage().Recount(w.system)
	w.ok(err)
	same(w, drift[id], nil)
	upload := w.newUpload()
	for _, holder := range []string{"gone", core.UploadHolder("gone"), core.UploadHolder(upload.ID)} {
		_, err = w.Usage().Set(w.system, id, holder, core.Amounts{core.ResourceImages: 2}, nil)
		w.ok(err)
	}
	drift, err = w.Usage().Recount(w.system)
	w.ok(err)
	same(w, drift[id], core.Amounts{core.ResourceImages: 4})
	check(w, core.Amounts{core.ResourceMemory: 7, core.ResourceImages: 2})(w.Usage().Sum(w.alice, id))
}

func testUsageSamples(w *world) {
	id := w.tenant.ID
	hour := time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC)
	set := func(n int64) {
		_, err := w.Usage().Set(w.alice, id, w.app.ID, core.Amounts{core.ResourceMemory: n}, nil)
		w.ok(err)
	}
	set(9)
	set(4)
	w.ok(w.Usage().Sample(w.system, hour.Add(10*time.Minute)))
	set(5)
	w.ok(w.Usage().Sample(w.system, hour.Add(50*time.Minute)))
	w.ok(w.Usage().Sample(w.system, hour.Add(70*time.Minute)))
	want := []core.UsageSample{{Hour: hour, Peaks: core.Amounts{core.ResourceMemory: 9}},
		{Hour: hour.Add(time.Hour), Peaks: core.Amounts{core.ResourceMemory: 5}}}
	check(w, want)(w.Usage().Samples(w.alice, id, hour))
	check(w, want[1:])(w.Usage().Samples(w.alice, id, hour.Add(time.Minute)))
	w.ok(w.Usage().PruneSamples(w.system, hour.Add(time.Minute)))
	check(w, want[1:])(w.Usage().Samples(w.alice, id, hour))
}

// raceLastUnit: of many that want the last unit of a quota, exactly one gets it, and the sums say so.
func raceLastUnit(w *world, other core.Store) {
	limits := core.Amounts{core.ResourceApps: 1, core.ResourceMemory: 100}
	w.oneWins(atOnce(w.Store, other, func(s core.Store, i int) error {
		return s.Transact(w.alice, func(tx core.Store) error {
			a := core.App{ID: "q" + core.NewInstanceID(), TenantID: w.tenant.ID, Name: "Race"}
			if err := tx.Apps().Create(w.alice, a); err != nil {
				return err
			}
			_, err := tx.Usage().Set(w.alice, w.tenant.ID, a.ID, core.Amounts{core.ResourceApps: 1, core.ResourceMemory: 60}, limits)
			return err
		})
	}), core.ECONFLICT)
	check(w, core.Amounts{core.ResourceApps: 1, core.ResourceMemory: 60})(w.Usage().Sum(w.alice, w.tenant.ID))
	holders, err := w.Usage().Holders(w.alice, w.tenant.ID)
	w.ok(err)
	same(w, len(slices.Collect(maps.Keys(holders))), 1)
}

// raceUsage: what many take and give back at once adds up.
func raceUsage(w *world, other core.Store) {
	w.allWin(atOnce(w.Store, other, func(s core.Store, i int) error {
		holder := []string{"one", "two", "three"}[i%3]
		_, err := s.Usage().Set(w.alice, w.tenant.ID, holder, core.Amounts{core.ResourceMemory: int64(i)}, nil)
		return err
	}))
	holders, err := w.Usage().Holders(w.alice, w.tenant.ID)
	w.ok(err)
	sum := core.Amounts{}
	for _, a := range holders {
		sum = sum.Plus(a)
	}
	check(w, sum)(w.Usage().Sum(w.alice, w.tenant.ID))
}

// testMeasured reads what an app's use is made of.
func testMeasured(w *world) {
	v := w.newVersion("1.0")
	fromCatalog := v
	fromCatalog.ID, fromCatalog.Label, fromCatalog.Source = core.NewID(), "7", core.SourceCatalog
	w.ok(w.Versions().Create(w.alice, fromCatalog))
	check(w, v.Size)(w.Versions().Size(w.alice, w.app.ID))
	check(w, core.Bytes(0))(w.Versions().Size(w.bob, w.app.ID))

	first, second := w.newRelease(v), w.newRelease(v)
	empty := core.Release{}
	check(w, empty)(w.Releases().Live(w.alice, w.app.ID, 2))
	for _, r := range []*core.Release{&first, &second} {
		r.Status = core.ReleaseLive
		w.ok(w.Releases().UpdateStatus(w.system, *r))
	}
	check(w, second)(w.Releases().Live(w.alice, w.app.ID, 2))
	check(w, first)(w.Releases().Live(w.alice, w.app.ID, 1))
	check(w, empty)(w.Releases().Live(w.bob, w.app.ID, 2))

	w.app.Budget = core.Amounts{core.ResourceMemory: 5}
	w.ok(w.Apps().UpdateSpec(w.alice, w.app))
	got, err := w.Apps().Get(w.alice, w.app.ID)
	w.ok(err)
	same(w, got.Budget, w.app.Budget)
}

func (w *world) newRequest(r core.Resource) core.QuotaRequest {
	return core.QuotaRequest{ID: core.NewID(), TenantID: w.tenant.ID, Resource: r, Amount: 7, Reason: "a sale",
		Status: core.RequestOpen, Author: "Alice", UserID: "u", CreatedAt: time.Now()}
}

func testQuotaRequests(w *world) {
	r := w.newRequest(core.ResourceMemory)
	w.ok(w.QuotaRequests().Create(w.alice, r))
	w.fails(w.QuotaRequests().Create(w.alice, w.newRequest(core.ResourceMemory)), core.ECONFLICT)
	w.fails(w.QuotaRequests().Create(w.bob, w.newRequest(core.ResourceCPU)), core.ENOTFOUND)
	check(w, r)(w.QuotaRequests().Get(w.alice, r.ID))
	_, err := w.QuotaRequests().Get(w.bob, r.ID)
	w.fails(err, core.ENOTFOUND)
	check(w, []core.QuotaRequest{r})(w.QuotaRequests().List(w.alice, ""))
	empty(w)(w.QuotaRequests().List(w.bob, w.tenant.ID))

	r.Status, r.Answer, r.Decider, r.DecidedAt = core.RequestApproved, "yes", "Boss", time.Now()
	w.fails(w.QuotaRequests().Decide(w.bob, r), core.ENOTFOUND)
	w.ok(w.QuotaRequests().Decide(w.system, r))
	w.fails(w.QuotaRequests().Decide(w.system, r), core.ECONFLICT)
	check(w, []core.QuotaRequest{r})(w.QuotaRequests().List(w.alice, w.tenant.ID))
	empty(w)(w.QuotaRequests().List(w.alice, ""))
	w.ok(w.QuotaRequests().Create(w.alice, w.newRequest(core.ResourceMemory)))
}

// raceQuotaRequests: one wish for a resource is open at a time.
func raceQuotaRequests(w *world, other core.Store) {
	w.oneWins(atOnce(w.Store, other, func(s core.Store, i int) error {
		return s.QuotaRequests().Create(w.alice, w.newRequest(core.ResourceMemory))
	}), core.ECONFLICT)
}

package storetest

import (
	"slices"
	"time"

	"berth/core"
)

func testScalings(w *world) {
	_, err := w.Scalings().Get(w.alice, w.app.ID)
	w.fails(err, core.ENOTFOUND)
	s := core.ScaleStatus{AppID: w.app.ID, TenantID: w.app.TenantID, Release: 2, Replicas: 3, Wanted: 5, Rule: "cpu 60",
		Why: core.T("scale.because_cpu", "value", "82%"), Limit: core.T("scale.quota"), At: noon,
		Acted: map[string]core.ScaleMove{"cpu 60": {From: 2, To: 3, At: noon.Add(-time.Hour)}}}
	w.ok(w.Scalings().Put(w.system, s))
	check(w, s)(w.Scalings().Get(w.alice, w.app.ID))
	s.Replicas = 4
	w.ok(w.Scalings().Put(w.system, s))
	check(w, s)(w.Scalings().Get(w.alice, w.app.ID))

	on := func() bool { // other tests' apps are there too
		ids, err := w.Scalings().On(w.system)
		w.ok(err)
		return slices.Contains(ids, w.app.ID)
	}
	same(w.T, on(), false)
	app, err := w.Apps().Get(w.system, w.app.ID)
	w.ok(err)
	app.Scales, app.Replicas, app.Asleep = true, 3, true
	w.ok(w.Apps().UpdateSpec(w.system, app))
	app.Revision++
	check(w, app)(w.Apps().Get(w.alice, app.ID))
	same(w.T, on(), true)
	app.Stopped = true
	w.ok(w.Apps().UpdateSpec(w.system, app))
	same(w.T, on(), false)
}

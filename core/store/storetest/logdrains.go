package storetest

import (
	"time"

	"berth/core"
)

func (w *world) newLogDrain(name string) core.LogDrain {
	w.Helper()
	d := core.LogDrain{TenantID: w.tenant.ID, ID: core.NewID(), Name: name, Kind: core.DrainHTTP, Author: "Alice", CreatedAt: time.Now()}
	t := core.DrainTarget{URL: "https://logs.example.com/in", Header: "X-Key", Secret: "s3cret"}
	w.ok(w.LogDrains().Create(w.system, d, t))
	d.Shows, d.Revision = "https://logs.example.com/…", 1
	return d
}

func testLogDrains(w *world) {
	b, a := w.newLogDrain("B"), w.newLogDrain("A")
	check(w, []core.LogDrain{a, b})(w.LogDrains().List(w.alice, w.tenant.ID))
	check(w, a)(w.LogDrains().Get(w.alice, w.tenant.ID, a.ID))
	check(w, core.DrainTarget{URL: "https://logs.example.com/in", Header: "X-Key", Secret: "s3cret"})(w.LogDrains().Open(w.alice, w.tenant.ID, a.ID))

	a.Name, a.Kind = "AA", core.DrainSyslog
	target := core.DrainTarget{URL: "tls://logs.example.com:6514"}
	w.ok(w.LogDrains().Update(w.alice, a, target))
	a.Shows, a.Revision = target.URL, 2
	check(w, a)(w.LogDrains().Get(w.alice, w.tenant.ID, a.ID))
	check(w, target)(w.LogDrains().Open(w.alice, w.tenant.ID, a.ID))

	at := time.Now()
	w.ok(w.LogDrains().Report(w.system, w.tenant.ID, a.ID, core.DrainReport{Sent: 7, SentAt: at, Lost: 2, LostFor: core.T("drain.refused", "status", "400")}))
	w.ok(w.LogDrains().Report(w.system, w.tenant.ID, a.ID, core.DrainReport{Sent: 3, SentAt: at, Fault: core.T("drain.away"), FaultAt: at}))
	w.ok(w.LogDrains().Report(w.system, w.tenant.ID, "gone", core.DrainReport{Sent: 1}))
	a.DrainReport = core.DrainReport{Sent: 10, SentAt: at, Lost: 2, LostFor: core.T("drain.refused", "status", "400"), Fault: core.T("drain.away"), FaultAt: at}
	check(w, a)(w.LogDrains().Get(w.alice, w.tenant.ID, a.ID))
	w.ok(w.LogDrains().Report(w.system, w.tenant.ID, a.ID, core.DrainReport{}))
	a.Fault, a.FaultAt = core.Text{}, time.Time{}
	check(w, a)(w.LogDrains().Get(w.alice, w.tenant.ID, a.ID))

	for range core.MaxLogDrains - 2 {
		w.newLogDrain("More")
	}
	w.fails(w.LogDrains().Create(w.alice, core.LogDrain{TenantID: w.tenant.ID, ID: core.NewID(), Name: "One more"}, target), core.ECONFLICT)

	w.fails(w.LogDrains().Delete(w.bob, w.tenant.ID, b.ID), core.ENOTFOUND)
	w.ok(w.LogDrains().Delete(w.alice, w.tenant.ID, b.ID))
	w.fails(w.LogDrains().Delete(w.alice, w.tenant.ID, b.ID), core.ENOTFOUND)
	_, err := w.LogDrains().Get(w.alice, w.tenant.ID, b.ID)
	w.fails(err, core.ENOTFOUND)
}

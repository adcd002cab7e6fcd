package storetest

import (
	"time"

	"berth/core"
)

func testDrafts(w *world) {
	_, err := w.Drafts().Get(w.alice, w.app.ID)
	w.fails(err, core.ENOTFOUND)
	r := w.newRelease(w.newVersion("1.0"))
	d := core.Draft{TenantID: w.app.TenantID, AppID: w.app.ID, Base: r.Number, Spec: r.Spec, CreatedAt: time.Now(),
		Edits: []core.Edit{{What: "env", Name: "PASSWORD", Author: "Alice", At: time.Now()}}}
	d.Spec.Rules.Deny = []string{"192.0.2.7"}
	w.ok(w.Drafts().Put(w.alice, d))
	w.fails(w.Drafts().Put(w.alice, d), core.ECONFLICT) // two people staged the first change at once

	d.Revision = 1
	check(w, d)(w.Drafts().Get(w.alice, w.app.ID))
	d.Base, d.Spec.Memory, d.Edits = 2, core.GiB, append(d.Edits, core.Edit{What: "memory", Author: "Bob", At: time.Now()})
	w.ok(w.Drafts().Put(w.alice, d))
	w.fails(w.Drafts().Put(w.alice, d), core.ECONFLICT, "draft") // what it was read from is not there any more
	d.Revision = 2
	check(w, d)(w.Drafts().Get(w.alice, w.app.ID))

	w.ok(w.Drafts().Delete(w.alice, w.app.ID))
	w.fails(w.Drafts().Delete(w.alice, w.app.ID), core.ENOTFOUND)
	w.fails(w.Drafts().Put(w.alice, d), core.ECONFLICT)
}

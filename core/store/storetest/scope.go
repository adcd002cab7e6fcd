package storetest

import (
	"context"
	"slices"

	"berth/core"
)

// testIsolationOfWrites: no row can be hung on another tenant's app by naming one's own tenant, nor be carried over.
func testIsolationOfWrites(w *world) {
	foreign := w.newEstate()
	forged := w.app
	forged.TenantID = w.other.ID
	version, release, instance, operation := foreign.version, foreign.release, foreign.instance, foreign.operation
	version.TenantID, release.TenantID, operation.TenantID = w.other.ID, w.other.ID, w.other.ID
	version.ID, version.Label, operation.ID = core.NewID(), "9.9", core.NewID()
	instance.TenantID, instance.ID, instance.HostPort = w.other.ID, core.NewInstanceID(), 25760
	upload := foreign.upload
	upload.ID, upload.TenantID, upload.AppID = core.NewID(), w.other.ID, w.app.ID
	event := core.NewEvent(forged, core.LevelBad, "forged")

	_, err := w.Releases().Create(w.bob, release)
	w.fails(err, core.ENOTFOUND)
	w.fails(w.Versions().Create(w.bob, version), core.ENOTFOUND)
	w.fails(w.Instances().Create(w.bob, instance), core.ENOTFOUND)
	w.fails(w.Operations().Create(w.bob, operation), core.ENOTFOUND)
	w.fails(w.Uploads().Create(w.bob, upload), core.ENOTFOUND)
	w.fails(w.Events().Create(w.bob, event), core.ENOTFOUND)

	both := w.member(w.tenant, w.other) // may see both, and still not move what is the one's to the other
	moved := foreign.upload
	moved.TenantID = w.other.ID
	w.ok(w.Uploads().Update(both, moved))
	check(w, foreign.upload)(w.Uploads().Get(w.alice, moved.ID))
	forged.Revision = w.app.Revision
	w.ok(w.Apps().UpdateSpec(both, forged))
	got, err := w.Apps().Get(w.alice, w.app.ID)
	w.ok(err)
	same(w, got.TenantID, w.tenant.ID)
	w.sees(w.alice, foreign, true)
}

// testNarrowedToken: a token for one app sees that one only, of its tenant as of an operator's.
func testNarrowedToken(w *world) {
	e := w.newEstate()
	mine := w.newApp(w.tenant, "Mine")
	narrowed := core.Actor{Kind: core.ActorToken, Apps: []string{mine.ID},
		Roles: map[string]core.Role{w.tenant.ID: core.RoleDeveloper}}
	operator := core.Actor{Kind: core.ActorToken, Apps: []string{mine.ID}, Operator: true}
	ofTenant := []string{"get tenant", "add upload", "add member", "add token", "delete token",
		"add invitation", "get invitation", "set invitation", "get member", "remove member", "update tenant", "delete tenant"}
	for _, actor := range []core.Actor{narrowed, operator} {
		ctx := core.WithActor(w.Context(), actor)
		for name, act := range w.acts(e) {
			if err := act(ctx); !slices.Contains(ofTenant, name) && core.ErrorCode(err) != core.ENOTFOUND {
				w.Errorf("%s: got %v, want not_found", name, err)
			}
		}
		check(w, []string{mine.ID})(w.Apps().IDs(ctx))
		check(w, mine)(w.Apps().Get(ctx, mine.ID))
		empty(w)(w.Instances().List(ctx, ""))
		empty(w)(w.Events().List(ctx, core.EventFilter{TenantID: w.tenant.ID}))
		_, err := w.Uploads().Get(ctx, e.upload.ID) // of no app yet, so not of this one
		w.fails(err, core.ENOTFOUND)
	}
}

// testUnscoped: an operator and Berth itself see every tenant, and what makes an actor needs none.
func testUnscoped(w *world) {
	e := w.newEstate()
	operator := core.WithActor(w.Context(), core.Actor{Kind: core.ActorUser, Operator: true})
	for _, ctx := range []context.Context{operator, w.system} {
		w.sees(ctx, e, true)
		check(w, w.app)(w.Apps().Get(ctx, w.app.ID))
		check(w, w.other)(w.Tenants().Get(ctx, w.other.ID))
	}
	check(w, e.token)(w.Tokens().BySecretHash(w.nobody, e.token.SecretHash))
}

package service

import (
	"testing"

	"berth/core"
)

func TestPathsLeadWithinTheTenant(t *testing.T) {
	w := newWorld(t)
	_, foreign := w.released("foreign", "Foreign")
	ctx, app := w.released("tea", "Shop")
	other := w.app(ctx, "tea", "Other")
	lead := func(ids ...string) *core.Rules {
		r := &core.Rules{}
		for _, id := range ids {
			r.Paths = append(r.Paths, core.PathRule{Prefix: "/" + id, AppID: id})
		}
		return r
	}
	for _, id := range []string{foreign.ID, app.ID, "absent"} {
		_, _, err := w.Release(ctx, app.ID, core.NewRelease{Rules: lead(other.ID, id)})
		w.refused(err, core.EINVALID, "rules.paths")
	}
	r, _, err := w.Release(ctx, app.ID, core.NewRelease{Rules: lead(other.ID)})
	w.must(err)
	if len(r.Spec.Rules.Paths) != 1 {
		t.Fatalf("paths: %+v", r.Spec.Rules.Paths)
	}
	w.must(w.deps.Store.Apps().Delete(core.WithActor(ctx, core.System()), other.ID))
	next, _, err := w.Release(ctx, app.ID, core.NewRelease{Replicas: ptr(2)})
	w.must(err)
	if len(next.Spec.Rules.Paths) != 0 {
		t.Errorf("a path to a deleted app is kept: %+v", next.Spec.Rules.Paths)
	}
	_, _, err = w.Rollback(ctx, app.ID, r.Number)
	w.refused(err, core.EINVALID, "release")
}

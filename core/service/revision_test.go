package service

import (
	"testing"

	"berth/core"
)

func TestRevisionsSayWhatTheyChanged(t *testing.T) {
	w := newWorld(t)
	ctx, app := w.released("tea", "Shop")
	env := func(value string) *[]core.EnvVar { return &[]core.EnvVar{{Name: "KEY", Value: value, Secret: true}} }
	for _, in := range []core.NewRelease{{Memory: ptr(64 * core.MiB)}, {Env: env("one")}, {Env: env("two")}} {
		_, _, err := w.Release(ctx, app.ID, in)
		w.must(err)
	}
	list, err := w.Revisions(ctx, app.ID, 0, 3)
	w.must(err)
	if len(list) != 3 || list[0].Number != 4 {
		t.Fatalf("%+v", list)
	}
	for i, want := range []core.Difference{
		{What: "env", Name: "KEY", Kind: core.DiffChanged, Secret: true},
		{What: "env", Name: "KEY", Kind: core.DiffAdded, Secret: true},
		{What: "memory", Kind: core.DiffChanged, Before: "256 MB", After: "64 MB"},
	} {
		if r := list[i]; len(r.Changes) != 1 || r.Changes[0] != want || r.Operation.Release != r.Number {
			t.Errorf("release %d: %+v", r.Number, r)
		}
	}
	if v := list[0].Spec.Env[0].Value; v != "" {
		t.Errorf("the secret is shown: %q", v)
	}
	rest, err := w.Revisions(ctx, app.ID, 2, 3)
	w.must(err)
	if len(rest) != 1 || rest[0].Number != 1 || rest[0].Changes != nil {
		t.Errorf("%+v", rest)
	}
}

func TestCompareAnyTwoReleases(t *testing.T) {
	w := newWorld(t)
	ctx, app := w.released("tea", "Shop")
	for _, n := range []int{2, 3} {
		_, _, err := w.Scale(ctx, app.ID, n)
		w.must(err)
	}
	r, err := w.Compare(ctx, app.ID, 1, 3)
	w.must(err)
	if len(r.Changes) != 1 || r.Changes[0] != (core.Difference{What: "replicas", Kind: core.DiffChanged, Before: "3", After: "1"}) {
		t.Errorf("%+v", r.Changes)
	}
	r, err = w.Compare(ctx, app.ID, 3, 0)
	w.must(err)
	if len(r.Changes) != 1 || r.Changes[0].Before != "2" {
		t.Errorf("%+v", r.Changes)
	}
	_, err = w.Compare(ctx, app.ID, 3, 9)
	w.refused(err, core.ENOTFOUND)
	_, err = w.Compare(w.member("other", core.RoleAdmin), app.ID, 3, 1)
	w.refused(err, core.ENOTFOUND)
	_, err = w.Revisions(w.member("other", core.RoleAdmin), app.ID, 0, 3)
	w.refused(err, core.ENOTFOUND)
}

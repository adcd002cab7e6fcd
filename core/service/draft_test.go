package service

import (
	"strings"
	"testing"

	"berth/core"
)

func changesOf(v core.DraftView) string {
	var lines []string
	for _, c := range v.Changes {
		lines = append(lines, strings.Join(strings.Fields(c.What+" "+c.Name+" "+c.Before+">"+c.After), " "))
	}
	return strings.Join(lines, ", ")
}

func TestStagedChangesAreReleasedTogether(t *testing.T) {
	w := newWorld(t)
	ctx, app := w.released("tea", "Shop")
	_, err := w.Draft(ctx, app.ID)
	w.refused(err, core.ENOTFOUND)
	_, err = w.Stage(ctx, app.ID, core.NewRelease{Memory: ptr(64 * core.MiB)}, false)
	w.must(err)
	view, err := w.Stage(ctx, app.ID, core.NewRelease{Env: &[]core.EnvVar{{Name: "KEY", Value: "hidden", Secret: true}, {Name: "MODE", Value: "a"}}}, false)
	w.must(err)
	if got := changesOf(view); got != "memory 256 MB>64 MB, env KEY >, env MODE >a" {
		t.Error(got)
	}
	if view.Changes[0].Author != "Tina" || view.Changes[0].At.IsZero() || view.On != 1 || view.Spec.Env[0].Value != "" {
		t.Errorf("%+v", view)
	}
	if r, err := w.CurrentRelease(ctx, app.ID); err != nil || r.Number != 1 {
		t.Errorf("staging released something: %d, %v", r.Number, err)
	}
	r, op, err := w.ReleaseDraft(ctx, app.ID, view.On, core.NewRelease{})
	w.must(err)
	if r.Number != 2 || op.Release != 2 || r.Spec.Memory != 64*core.MiB || len(r.Spec.Env) != 2 {
		t.Errorf("%+v", r)
	}
	stored, err := w.store.Releases().Get(ctx, app.ID, 2)
	w.must(err)
	if stored.Spec.Env[0].Value != "hidden" {
		t.Errorf("the secret came out as %q", stored.Spec.Env[0].Value)
	}
	_, err = w.Draft(ctx, app.ID)
	w.refused(err, core.ENOTFOUND)
	_, _, err = w.ReleaseDraft(ctx, app.ID, 0, core.NewRelease{})
	w.refused(err, core.ENOTFOUND)
}

// What somebody releases meanwhile stays, unless the draft says otherwise of the same thing, which is told.
func TestADraftIsPutOverWhatRunsMeanwhile(t *testing.T) {
	w := newWorld(t)
	ctx, app := w.released("tea", "Shop")
	_, err := w.Stage(ctx, app.ID, core.NewRelease{Memory: ptr(64 * core.MiB), Port: ptr(9000), Env: &[]core.EnvVar{{Name: "MODE", Value: "a"}}}, false)
	w.must(err)
	_, _, err = w.Release(ctx, app.ID, core.NewRelease{Memory: ptr(128 * core.MiB), Replicas: ptr(2), Env: &[]core.EnvVar{{Name: "LEVEL", Value: "debug"}}})
	w.must(err)
	view, err := w.Draft(ctx, app.ID)
	w.must(err)
	if got := changesOf(view); got != "memory 128 MB>64 MB, port 8080>9000, env MODE >a" || view.On != 2 {
		t.Errorf("on %d: %s", view.On, got)
	}
	if len(view.Conflicts) != 1 || view.Conflicts[0].What != "memory" || view.Conflicts[0].Before != "128 MB" {
		t.Errorf("%+v", view.Conflicts)
	}
	_, _, err = w.ReleaseDraft(ctx, app.ID, 1, core.NewRelease{})
	w.refused(err, core.ECONFLICT) // the person saw another difference
	r, _, err := w.ReleaseDraft(ctx, app.ID, 2, core.NewRelease{})
	w.must(err)
	if r.Spec.Replicas != 2 || r.Spec.Memory != 64*core.MiB || len(r.Spec.Env) != 2 {
		t.Errorf("%+v", r.Spec)
	}
}

// A form says all that it shows, most of it as it runs; that is no wish to have what others staged taken back.
func TestStagingKeepsWhatIsStaged(t *testing.T) {
	w := newWorld(t)
	ctx, app := w.released("tea", "Shop")
	stage := func(in core.NewRelease, afresh bool, want string) {
		t.Helper()
		view, err := w.Stage(ctx, app.ID, in, afresh)
		w.must(err)
		if got := changesOf(view); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	stage(core.NewRelease{Env: &[]core.EnvVar{{Name: "MODE", Value: "a"}}, Replicas: ptr(3)}, false, "replicas 1>3, env MODE >a")
	stage(core.NewRelease{Env: &[]core.EnvVar{}, Memory: ptr(64 * core.MiB), Replicas: ptr(1)}, false, "replicas 1>3, memory 256 MB>64 MB, env MODE >a")
	w.must(w.Unstage(ctx, app.ID, "env", "MODE"))
	w.must(w.Unstage(ctx, app.ID, "replicas", ""))
	view, err := w.Draft(ctx, app.ID)
	w.must(err)
	if got := changesOf(view); got != "memory 256 MB>64 MB" {
		t.Error(got)
	}
	stage(core.NewRelease{Port: ptr(9000)}, true, "port 8080>9000")
	w.must(w.Unstage(ctx, app.ID, "port", ""))
	_, err = w.Draft(ctx, app.ID)
	w.refused(err, core.ENOTFOUND) // nothing is left of it
	w.refused(w.Unstage(ctx, app.ID, "port", ""), core.ENOTFOUND)
	w.refused(w.DiscardDraft(ctx, app.ID), core.ENOTFOUND)
}

func TestWhoMayStage(t *testing.T) {
	w := newWorld(t)
	ctx, app := w.released("tea", "Shop")
	fresh := w.app(ctx, "tea", "Fresh")
	_, err := w.Stage(ctx, fresh.ID, core.NewRelease{Replicas: ptr(2)}, false)
	w.refused(err, core.ECONFLICT)
	_, err = w.Stage(ctx, app.ID, core.NewRelease{Memory: ptr(core.Bytes(1))}, false)
	w.refused(err, core.EINVALID, "memory")
	viewer, stranger := w.member("tea", core.RoleViewer), w.member("other", core.RoleAdmin)
	_, err = w.Stage(viewer, app.ID, core.NewRelease{Replicas: ptr(2)}, false)
	w.refused(err, core.EFORBIDDEN)
	_, err = w.Stage(stranger, app.ID, core.NewRelease{Replicas: ptr(2)}, false)
	w.refused(err, core.ENOTFOUND)
	_, err = w.Stage(ctx, app.ID, core.NewRelease{Replicas: ptr(2)}, false)
	w.must(err)
	_, err = w.Draft(viewer, app.ID)
	w.must(err)
	_, err = w.Draft(stranger, app.ID)
	w.refused(err, core.ENOTFOUND)
	w.refused(w.DiscardDraft(viewer, app.ID), core.EFORBIDDEN)
	_, _, err = w.ReleaseDraft(viewer, app.ID, 0, core.NewRelease{})
	w.refused(err, core.EFORBIDDEN)
}

// A version that is deleted after it was staged is named when the draft is to be released.
func TestAStagedVersionThatIsGone(t *testing.T) {
	w := newWorld(t)
	ctx, app := w.released("tea", "Shop")
	w.version(ctx, app.ID, "1.1")
	_, err := w.Stage(ctx, app.ID, core.NewRelease{Version: "1.1"}, false)
	w.must(err)
	w.must(w.DeleteVersion(ctx, app.ID, "1.1"))
	_, _, err = w.ReleaseDraft(ctx, app.ID, 0, core.NewRelease{})
	w.refused(err, core.EINVALID, "version")
	_, err = w.CheckDraft(ctx, app.ID)
	w.must(err)
}

package service

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"

	"berth/core"
	"berth/e2e/testenv"
)

func ptr[T any](v T) *T { return &v }

func TestFirstReleaseTakesDefaults(t *testing.T) {
	w := newWorld(t)
	ctx := w.member("tea", core.RoleDeveloper)
	app, _, err := w.CreateApp(ctx, core.NewApp{TenantID: "tea", Name: "Shop", Plan: "medium"})
	w.must(err)
	_, err = w.CurrentRelease(ctx, app.ID)
	w.refused(err, core.ENOTFOUND)
	v := w.version(ctx, app.ID, "1.0")
	r, op, err := w.Release(ctx, app.ID, core.NewRelease{Version: "1.0"})
	w.must(err)
	want := core.Target{VersionID: v.ID, Label: "1.0", Digest: v.Digest, Weight: 100}
	s := r.Spec
	if r.Number != 1 || s.Replicas != 1 || s.Memory != 512*core.MiB || s.CPU != 500 || s.Port != 8080 || !slices.Equal(s.Targets, []core.Target{want}) {
		t.Errorf("%+v", r)
	}
	if op.Kind != core.OpDeploy || op.Release != 1 || op.Status != core.OpPending || len(op.Steps) != 8 || r.Author != "Tina" {
		t.Errorf("%+v", op)
	}
	if r.Reason.String() != "reason.first_release(version=1.0)" || !w.waker.woken(app.ID) {
		t.Error(r.Reason)
	}
	got, err := w.Operation(ctx, op.ID)
	w.must(err)
	if got.Release != 1 {
		t.Errorf("%+v", got)
	}
	app, err = w.App(ctx, app.ID)
	w.must(err)
	if app.Release != 1 {
		t.Errorf("%+v", app)
	}
}

func TestReleaseKeepsWhatIsNotSaid(t *testing.T) {
	w := newWorld(t)
	ctx, app := w.released("tea", "Shop")
	w.version(ctx, app.ID, "1.1")
	release := func(in core.NewRelease) core.Release {
		t.Helper()
		r, _, err := w.Release(ctx, app.ID, in)
		w.must(err)
		return r
	}
	for _, x := range []struct {
		in     core.NewRelease
		reason string
	}{
		{core.NewRelease{Replicas: ptr(3)}, "reason.scaled(from=1, to=3)"},
		{core.NewRelease{Memory: ptr(64 * core.MiB), Env: &[]core.EnvVar{{Name: "MODE", Value: "a"}}}, "reason.settings_changed(settings=memory, MODE)"},
		{core.NewRelease{Version: "1.1"}, "reason.version(from=1.0, to=1.1)"},
		{core.NewRelease{Weights: map[string]int{"1.0": 90, "1.1": 10}}, "reason.version(from=1.1, to=1.0 90%, 1.1 10%)"},
		{core.NewRelease{Command: &[]string{"serve", "--all"}, Health: &core.HealthCheck{Path: "/up"}}, "reason.settings_changed(settings=command, health)"},
		{core.NewRelease{Version: "1.0", CPU: ptr(core.MilliCPU(100))}, "reason.version_and_settings(from=1.0 90%, 1.1 10%, to=1.0)"},
		{core.NewRelease{}, "reason.same_again"},
		{core.NewRelease{Replicas: ptr(1), Port: ptr(9000)}, "reason.settings_changed(settings=replicas, port)"},
		{core.NewRelease{Reason: core.T("reason.mine")}, "reason.mine"},
	} {
		if r := release(x.in); r.Reason.String() != x.reason {
			t.Errorf("%s instead of %s", r.Reason, x.reason)
		}
	}
	r, err := w.CurrentRelease(ctx, app.ID)
	w.must(err)
	s := r.Spec
	if s.Replicas != 1 || s.Memory != 64*core.MiB || s.CPU != 100 || s.Port != 9000 || s.Health.Path != "/up" ||
		!slices.Equal(s.Command, []string{"serve", "--all"}) || len(s.Env) != 1 || s.Labels() != "1.0" || r.Number != 10 {
		t.Errorf("%+v", r)
	}
	all, err := w.Releases(ctx, app.ID, 5, 2)
	w.must(err)
	if len(all) != 2 || all[0].Number != 4 || all[1].Number != 3 {
		t.Error(all)
	}
}

func TestReleaseInputIsRefused(t *testing.T) {
	w := newWorld(t)
	ctx, app := w.released("tea", "Shop")
	env := func(names ...string) *[]core.EnvVar {
		var vars []core.EnvVar
		for _, n := range names {
			vars = append(vars, core.EnvVar{Name: n, Value: "x"})
		}
		return &vars
	}
	many := make([]string, 1001)
	for i := range many {
		many[i] = fmt.Sprintf("V%d", i)
	}
	for _, x := range []struct {
		in    core.NewRelease
		field string
	}{
		{core.NewRelease{Replicas: ptr(-1)}, "replicas"},
		{core.NewRelease{Replicas: ptr(1_000_000)}, "replicas"},
		{core.NewRelease{Memory: ptr(core.Bytes(1))}, "memory"},
		{core.NewRelease{Memory: ptr(core.Bytes(0))}, "memory"},
		{core.NewRelease{Memory: ptr(core.Bytes(math.MaxInt64))}, "memory"},
		{core.NewRelease{CPU: ptr(core.MilliCPU(-1))}, "cpu"},
		{core.NewRelease{CPU: ptr(core.MilliCPU(1_000_000_000))}, "cpu"},
		{core.NewRelease{Port: ptr(0)}, "port"},
		{core.NewRelease{Port: ptr(-1)}, "port"},
		{core.NewRelease{Port: ptr(65536)}, "port"},
		{core.NewRelease{Version: "9.9"}, "version"},
		{core.NewRelease{Version: "../1.0"}, "version"},
		{core.NewRelease{Version: "1.0", Weights: map[string]int{"1.0": 100}}, "version"},
		{core.NewRelease{Weights: map[string]int{}}, "version"},
		{core.NewRelease{Weights: map[string]int{"1.0": 90}}, "weights"},
		{core.NewRelease{Weights: map[string]int{"1.0": 90, "9.9": 10}}, "weights.9.9"},
		{core.NewRelease{Weights: map[string]int{"1.0": 1000}}, "weights.1.0"},
		{core.NewRelease{Env: env("A=B")}, "env.A=B"},
		{core.NewRelease{Env: env("A B")}, "env.A B"},
		{core.NewRelease{Env: env("")}, "env."},
		{core.NewRelease{Env: env("A\nB")}, "env.A\nB"},
		{core.NewRelease{Env: env("A", "A")}, "env.A"},
		{core.NewRelease{Env: env(many...)}, "env"},
		{core.NewRelease{Command: &[]string{"a\x00b"}}, "command"},
		{core.NewRelease{Health: &core.HealthCheck{Path: "//evil"}}, "health.path"},
		{core.NewRelease{Health: &core.HealthCheck{Path: "http://evil/"}}, "health.path"},
		{core.NewRelease{Health: &core.HealthCheck{Path: "/a\r\nb"}}, "health.path"},
		{core.NewRelease{Bindings: &[]string{"absent"}}, "bindings"},
		{core.NewRelease{Bindings: &[]string{app.ID}}, "bindings"},
	} {
		_, _, err := w.Release(ctx, app.ID, x.in)
		w.refused(err, core.EINVALID, x.field)
	}
	_, _, err := w.Release(ctx, app.ID, core.NewRelease{Env: &[]core.EnvVar{{Name: "A", Value: strings.Repeat("x", 1<<20)}}})
	w.refused(err, core.ETOOLARGE, "env")
	_, _, err = w.Release(ctx, app.ID, core.NewRelease{Version: "9.9", Replicas: ptr(-1), Memory: ptr(core.Bytes(1)), Port: ptr(0)})
	w.refused(err, core.EINVALID, "version", "replicas", "memory", "port")
	if now, _ := w.App(ctx, app.ID); now.Release != 1 {
		t.Error("something changed")
	}
}

func TestPortMustBeKnown(t *testing.T) {
	w := newWorld(t)
	ctx := w.member("tea", core.RoleDeveloper)
	app := w.app(ctx, "tea", "Shop")
	for label, port := range map[string]int{"none": -1, "a": 8080, "b": 9090} {
		_, err := w.ImportVersion(ctx, app.ID, label, -1, w.archive(testenv.ImageOptions{Port: port}))
		w.must(err)
	}
	_, _, err := w.Release(ctx, app.ID, core.NewRelease{Version: "none"})
	w.refused(err, core.EINVALID, "port")
	for _, x := range []struct {
		in   core.NewRelease
		want int
	}{
		{core.NewRelease{Version: "none", Port: ptr(7000)}, 7000},
		{core.NewRelease{Version: "a"}, 7000}, // somebody chose it
		{core.NewRelease{Port: ptr(8080)}, 8080},
		{core.NewRelease{Version: "b"}, 9090}, // nobody chose it: it was the version's own
		{core.NewRelease{Version: "none"}, 9090},
	} {
		r, _, err := w.Release(ctx, app.ID, x.in)
		w.must(err)
		if r.Spec.Port != x.want {
			t.Errorf("%+v: %d instead of %d", x.in, r.Spec.Port, x.want)
		}
	}
}

func TestSecretsAreKeptAndNeverShown(t *testing.T) {
	w := newWorld(t)
	ctx, app := w.released("tea", "Shop")
	const value = "s3cret\n$\"quoted\" ünïcode\xff"
	r, op, err := w.Release(ctx, app.ID, core.NewRelease{Env: &[]core.EnvVar{
		{Name: "TOKEN", Value: value, Secret: true}, {Name: "MODE", Value: "a\n$b \"c\" 茶"}}})
	w.must(err)
	shown := []any{r, op}
	r, _, err = w.Release(ctx, app.ID, core.NewRelease{Env: &r.Spec.Env})
	w.must(err)
	shown = append(shown, r)
	stored, err := w.store.Releases().Get(w.operator(), app.ID, 3)
	w.must(err)
	if stored.Spec.Env[1].Value != value || stored.Spec.Env[0].Value != "a\n$b \"c\" 茶" {
		t.Errorf("%#v", stored.Spec.Env)
	}
	current, err := w.CurrentRelease(ctx, app.ID)
	w.must(err)
	releases, err := w.Releases(ctx, app.ID, 0, 10)
	w.must(err)
	events, err := w.Events(ctx, core.EventFilter{AppID: app.ID})
	w.must(err)
	operations, err := w.Operations(ctx, app.ID, 10)
	w.must(err)
	rolled, _, err := w.Rollback(ctx, app.ID, 2)
	w.must(err)
	for _, x := range append(shown, current, releases, events, operations, rolled) {
		if strings.Contains(fmt.Sprintf("%+v", x), "s3cret") {
			t.Errorf("a secret is shown: %+v", x)
		}
	}
	if current.Spec.Env[1].Name != "TOKEN" || !current.Spec.Env[1].Secret {
		t.Errorf("%+v", current.Spec.Env)
	}
	_, _, err = w.Release(ctx, app.ID, core.NewRelease{Env: &[]core.EnvVar{{Name: "TOKEN", Value: value + "\x00", Secret: true}}})
	if err == nil || strings.Contains(err.Error(), "s3cret") {
		t.Error(err)
	}
}

func TestRollback(t *testing.T) {
	w := newWorld(t)
	ctx, app := w.released("tea", "Shop")
	w.version(ctx, app.ID, "2.0")
	_, _, err := w.Release(ctx, app.ID, core.NewRelease{Version: "2.0", Replicas: ptr(4), Memory: ptr(64 * core.MiB),
		Env: &[]core.EnvVar{{Name: "A", Value: "x", Secret: true}}})
	w.must(err)
	r, op, err := w.Rollback(ctx, app.ID, 1)
	w.must(err)
	if r.Number != 3 || r.Spec.Labels() != "1.0" || r.Spec.Replicas != 1 || len(r.Spec.Env) != 0 || op.Release != 3 ||
		r.Reason.String() != "reason.rollback(release=1)" {
		t.Errorf("%+v", r)
	}
	r, _, err = w.Rollback(ctx, app.ID, 2)
	w.must(err)
	if r.Spec.Labels() != "2.0" || r.Spec.Replicas != 4 || len(r.Spec.Env) != 1 {
		t.Errorf("%+v", r)
	}
	for _, n := range []int{0, -1, 99, math.MaxInt} {
		_, _, err = w.Rollback(ctx, app.ID, n)
		w.refused(err, core.ENOTFOUND)
	}
	for n := 1; n <= 4; n++ { // as the worker leaves releases that were replaced
		w.must(w.store.Releases().UpdateStatus(w.operator(), core.Release{AppID: app.ID, Number: n, Status: core.ReleaseSuperseded}))
	}
	w.must(w.DeleteVersion(ctx, app.ID, "1.0"))
	_, _, err = w.Rollback(ctx, app.ID, 1)
	w.refused(err, core.EINVALID, "release")
	w.must(w.DeleteVersion(ctx, app.ID, "2.0"))
	_, _, err = w.Scale(ctx, app.ID, 2)
	w.refused(err, core.EINVALID, "version")
}

func TestNewReleaseOvertakesTheOneOnItsWay(t *testing.T) {
	w := newWorld(t)
	ctx, app := w.released("tea", "Shop")
	first := w.open(app.ID, core.OpDeploy)
	_, second, err := w.Scale(ctx, app.ID, 2)
	w.must(err)
	op := w.ended(first.ID)
	if op.Status != core.OpFailed || op.Error.String() != "error.overtaken_deploy(release=2)" || op.EndedAt.IsZero() {
		t.Errorf("%+v", op)
	}
	if w.open(app.ID, core.OpDeploy).ID != second.ID {
		t.Error("the new one is not open")
	}
	old, err := w.store.Releases().Get(ctx, app.ID, 1)
	w.must(err)
	if old.Status != core.ReleaseSuperseded {
		t.Error(old.Status)
	}
}

func TestReleasesAtOnceAreNumberedInOrder(t *testing.T) {
	w := newWorld(t)
	ctx, app := w.released("tea", "Shop")
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			if _, _, err := w.Scale(ctx, app.ID, 2); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	app, err := w.App(ctx, app.ID)
	w.must(err)
	if app.Release != 21 {
		t.Error(app.Release)
	}
	w.open(app.ID, core.OpDeploy)
}

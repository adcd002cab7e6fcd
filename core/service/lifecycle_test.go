package service

import (
	"testing"

	"berth/core"
)

func TestStopStartRestart(t *testing.T) {
	w := newWorld(t)
	ctx, app := w.released("tea", "Shop")
	deploy := w.open(app.ID, core.OpDeploy)

	stop, err := w.StopApp(ctx, app.ID)
	w.must(err)
	if op := w.ended(deploy.ID); op.Status != core.OpFailed || op.Error.Key != "error.overtaken_stop" {
		t.Errorf("%+v", op)
	}
	again, err := w.StopApp(ctx, app.ID)
	w.must(err)
	if again.ID != stop.ID || !w.waker.woken(app.ID) {
		t.Error("stopping twice is not stopping once")
	}
	_, err = w.RestartApp(ctx, app.ID)
	w.refused(err, core.ECONFLICT)

	_, err = w.StartApp(ctx, app.ID)
	w.must(err)
	if op := w.ended(stop.ID); op.Status != core.OpFailed || op.Error.Key != "error.overtaken_start" {
		t.Errorf("%+v", op)
	}
	restart, err := w.RestartApp(ctx, app.ID)
	w.must(err)
	app, err = w.App(ctx, app.ID)
	w.must(err)
	if app.Stopped || app.Restart != 1 || restart.Author != "Tina" || restart.Steps[0].Status != core.StepSucceeded {
		t.Errorf("%+v %+v", app, restart)
	}
}

func TestNothingToStop(t *testing.T) {
	w := newWorld(t)
	ctx := w.member("tea", core.RoleDeveloper)
	app := w.app(ctx, "tea", "Shop")
	for _, err := range []error{second(w.StopApp(ctx, app.ID)), second(w.StartApp(ctx, app.ID)), second(w.RestartApp(ctx, app.ID))} {
		w.refused(err, core.ECONFLICT)
	}
	ctx, app = w.released("tea", "Cellar")
	_, err := w.StartApp(ctx, app.ID)
	w.refused(err, core.ECONFLICT)
}

func TestStoppedAppStartsWithARelease(t *testing.T) {
	w := newWorld(t)
	ctx, app := w.released("tea", "Shop")
	stop, err := w.StopApp(ctx, app.ID)
	w.must(err)
	_, _, err = w.Scale(ctx, app.ID, 2)
	w.must(err)
	app, err = w.App(ctx, app.ID)
	w.must(err)
	if app.Stopped || w.ended(stop.ID).Error.Key != "error.overtaken_deploy" {
		t.Errorf("%+v", app)
	}
}

func TestDeleteAsksForTheName(t *testing.T) {
	w := newWorld(t)
	ctx, app := w.released("tea", "Tea shop")
	deploy := w.open(app.ID, core.OpDeploy)
	for _, typed := range []string{"", "tea shop", "shop"} {
		_, err := w.DeleteApp(ctx, app.ID, typed, false)
		w.refused(err, core.EINVALID, "name")
	}
	op, err := w.DeleteApp(ctx, app.ID, "Tea shop", true)
	w.must(err)
	if w.ended(deploy.ID).Error.Key != "error.overtaken_delete" {
		t.Error(w.ended(deploy.ID))
	}
	again, err := w.DeleteApp(ctx, app.ID, app.ID, false)
	w.must(err)
	app, err = w.App(ctx, app.ID)
	w.must(err)
	if again.ID != op.ID || !app.Deleting || !app.KeepData {
		t.Errorf("%+v %+v", again, app)
	}
	for name, err := range map[string]error{
		"stop":    second(w.StopApp(ctx, app.ID)),
		"start":   second(w.StartApp(ctx, app.ID)),
		"restart": second(w.RestartApp(ctx, app.ID)),
		"rename":  w.RenameApp(ctx, app.ID, "Mine"),
		"import":  second(w.ImportVersion(ctx, app.ID, "2.0", -1, unread{t})),
		"remove":  w.DeleteVersion(ctx, app.ID, "1.0"),
		"begin":   second(w.BeginUpload(ctx, core.Upload{AppID: app.ID})),
	} {
		if core.ErrorCode(err) != core.ECONFLICT {
			t.Errorf("%s: %v", name, err)
		}
	}
	_, _, err = w.Scale(ctx, app.ID, 2)
	w.refused(err, core.ECONFLICT)
	w.refused(w.Allow(ctx, app.ID, core.AccessPush), core.EFORBIDDEN)
}

// open returns the one open operation of a kind.
func (w *world) open(appID string, kind core.OperationKind) core.Operation {
	w.t.Helper()
	open, err := w.store.Operations().Open(w.operator(), appID)
	w.must(err)
	var found []core.Operation
	for _, op := range open {
		if op.Kind == kind {
			found = append(found, op)
		}
	}
	if len(found) != 1 {
		w.t.Fatalf("%d open operations of kind %s", len(found), kind)
	}
	return found[0]
}

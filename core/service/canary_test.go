package service

import (
	"context"
	"testing"

	"berth/core"
)

// online has a release be what serves, as the worker does.
func (w *world) online(appID string, number int) {
	w.t.Helper()
	ctx := asSystem(context.Background())
	r, err := w.store.Releases().Get(ctx, appID, number)
	w.must(err)
	before, err := w.store.Releases().Before(ctx, appID, number)
	w.must(err)
	if before.Number > 0 {
		before.Status = core.ReleaseSuperseded
		w.must(w.store.Releases().UpdateStatus(ctx, before))
	}
	r.Status, r.OnlineAt = core.ReleaseLive, w.now()
	w.must(w.store.Releases().UpdateStatus(ctx, r))
	app, err := w.store.Apps().Get(ctx, appID)
	w.must(err)
	app.Serving = number
	w.must(w.store.Apps().UpdateStatus(ctx, app))
}

// TestTrialFromStartToAbort: each change of the share is a release, and the end is all that was in the beginning.
func TestTrialFromStartToAbort(t *testing.T) {
	w := newWorld(t)
	ctx, app := w.released("acme", "shop")
	w.version(ctx, app.ID, "1.1")
	_, _, _, err := w.StartCanary(ctx, app.ID, core.NewCanary{Version: "1.1"})
	w.refused(err, core.ECONFLICT) // the release is on its way
	rules := core.Rules{Auth: []core.BasicUser{{Name: "guest"}}}
	first, _, err := w.Release(ctx, app.ID, core.NewRelease{Env: &[]core.EnvVar{{Name: "KEY", Value: "hush", Secret: true}}, Rules: &rules,
		Passwords: map[string]string{"guest": "open sesame"}, Strategy: &core.Strategy{Kind: core.StrategyRolling}})
	w.must(err)
	if first.Spec.Strategy.Surge != "1" || first.Spec.Rules.Auth[0].Hash != "" {
		t.Errorf("%+v", first.Spec)
	}
	w.online(app.ID, first.Number)

	_, _, _, err = w.StartCanary(ctx, app.ID, core.NewCanary{Version: "1.0"})
	w.refused(err, core.EINVALID, "version")
	_, _, _, err = w.StartCanary(ctx, app.ID, core.NewCanary{Version: "1.1", Share: 100, Errors: 101})
	w.refused(err, core.EINVALID, "share", "abort.errors")
	c, r, _, err := w.StartCanary(ctx, app.ID, core.NewCanary{Version: "1.1", Steps: []core.CanaryStep{{Share: 5, For: core.Duration(60e9)}, {Share: 100}}})
	w.must(err)
	if c.Share != 5 || c.Limits.MinRequests != core.DefaultMinRequests || r.Spec.Targets[0].Weight != 95 || r.Spec.Targets[1].Weight != 5 {
		t.Errorf("%+v %+v", c, r.Spec.Targets)
	}
	_, _, _, err = w.StartCanary(ctx, app.ID, core.NewCanary{Version: "1.1"})
	w.refused(err, core.ECONFLICT)
	w.online(app.ID, r.Number)

	r, _, err = w.SetCanaryShare(ctx, app.ID, 40)
	w.must(err)
	w.refused(w.StepCanary(asSystem(ctx), c, 100), core.ECONFLICT) // decided on before somebody changed it
	if view, err := w.Canary(ctx, app.ID); err != nil || view.Status != core.CanaryHeld || view.Share != 40 || view.Release != r.Number {
		t.Errorf("%+v %v", view.Canary, err)
	}
	_, err = w.ResumeCanary(ctx, app.ID)
	w.must(err)
	view, err := w.Canary(ctx, app.ID)
	w.must(err)
	why := core.T("reason.canary_crashing", "version", "1.1")
	w.must(w.EndCanary(asSystem(ctx), view.Canary, why))
	_, _, err = w.AbortCanary(ctx, app.ID)
	w.refused(err, core.ENOTFOUND)

	back, err := w.store.Releases().Get(ctx, app.ID, r.Number+1)
	w.must(err)
	before, err := w.store.Releases().Get(ctx, app.ID, first.Number)
	w.must(err)
	if d := core.Diff(before.Spec, back.Spec); len(d) > 0 || back.Spec.Env[0].Value != "hush" || back.Spec.Rules.Auth[0].Hash == "" {
		t.Errorf("not all came back: %+v", d)
	}
	if back.Author != core.System().Name || back.Reason.String() != why.String() {
		t.Errorf("by %q because of %s", back.Author, back.Reason)
	}
}

// TestAnotherReleaseEndsATrial, unless it leaves the shares as they are.
func TestAnotherReleaseEndsATrial(t *testing.T) {
	w := newWorld(t)
	ctx, app := w.released("acme", "shop")
	w.version(ctx, app.ID, "1.1")
	w.online(app.ID, 1)
	_, _, _, err := w.StartCanary(ctx, app.ID, core.NewCanary{Version: "1.1"})
	w.must(err)
	_, _, err = w.Scale(ctx, app.ID, 3)
	w.must(err)
	if c, err := w.Canary(ctx, app.ID); err != nil || c.Status != core.CanaryRunning {
		t.Errorf("%s %v", c.Status, err)
	}
	_, _, err = w.Release(ctx, app.ID, core.NewRelease{Version: "1.0"})
	w.must(err)
	if c, err := w.Canary(ctx, app.ID); err != nil || c.Status != core.CanaryReplaced {
		t.Errorf("%s %v", c.Status, err)
	}
}

func TestSwitchAndBack(t *testing.T) {
	w := newWorld(t)
	ctx, app := w.released("acme", "shop")
	w.online(app.ID, 1)
	_, err := w.SwitchRelease(ctx, app.ID, 1)
	w.refused(err, core.ECONFLICT)
	r, op, err := w.Release(ctx, app.ID, core.NewRelease{Replicas: ptr(2), Strategy: &core.Strategy{Kind: core.StrategyBlueGreen}})
	w.must(err)
	same, err := w.SwitchRelease(ctx, app.ID, r.Number)
	w.must(err)
	allowed, err := w.store.Releases().SwitchAllowed(ctx, app.ID, r.Number)
	w.must(err)
	if same.ID != op.ID || !allowed {
		t.Errorf("operation %s, want %s; allowed %v", same.ID, op.ID, allowed)
	}
	w.online(app.ID, r.Number)
	back, _, err := w.SwitchBack(ctx, app.ID, r.Number)
	w.must(err)
	if back.Spec.Replicas != 1 || back.Number != r.Number+1 {
		t.Errorf("%+v", back)
	}
	_, _, err = w.SwitchBack(ctx, app.ID, r.Number)
	w.refused(err, core.ECONFLICT)
}

package service

import (
	"testing"

	"berth/core"
)

// When the newest release has failed, the scaling of the one before is what is in force, and shown.
func TestScalingAfterAFailedRelease(t *testing.T) {
	w := newWorld(t)
	ctx, app := w.released("tea", "Shop")
	system := core.WithActor(ctx, core.System())
	scaled := func(most int, status core.ReleaseStatus) {
		t.Helper()
		r, _, err := w.SetScaling(ctx, app.ID, core.Scaling{Min: 1, Max: most, Rules: []core.ScaleRule{{Metric: core.ScaleCPU, Target: 70}}})
		w.must(err)
		w.must(w.store.Releases().UpdateStatus(system, core.Release{AppID: app.ID, Number: r.Number, Status: status}))
	}
	scaled(4, core.ReleaseLive)
	scaled(8, core.ReleaseFailed)
	v, err := w.Scaling(ctx, app.ID)
	w.must(err)
	if v.Max != 4 || v.Runs != 2 || v.Release != 3 {
		t.Errorf("at most %d by release %d, the newest is %d", v.Max, v.Runs, v.Release)
	}
}

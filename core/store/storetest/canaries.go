package storetest

import (
	"time"

	"berth/core"
)

func (w *world) newCanary() core.Canary {
	target := func(label string) core.Target {
		return core.Target{VersionID: core.NewID(), Label: label, Digest: "sha256:x"}
	}
	return core.Canary{ID: core.NewID(), TenantID: w.app.TenantID, AppID: w.app.ID, Stable: target("1.0"), Candidate: target("1.1"),
		Before: 1, Release: 2, Share: 10, Steps: []core.CanaryStep{{Share: 10, For: core.Duration(time.Minute)}, {Share: 100}},
		Limits: core.CanaryLimits{Errors: 1.5, Compare: core.CompareStable, MinRequests: 7}, Status: core.CanaryRunning,
		Author: "Alice", CreatedAt: time.Now()}
}

func testCanaries(w *world) {
	_, err := w.Canaries().Latest(w.alice, w.app.ID)
	w.fails(err, core.ENOTFOUND)
	c := w.newCanary()
	w.ok(w.Canaries().Create(w.alice, c))
	w.fails(w.Canaries().Create(w.alice, w.newCanary()), core.ECONFLICT)
	check(w, c)(w.Canaries().Latest(w.alice, w.app.ID))

	counted := c
	counted.StepAt, counted.Share, counted.Author = time.Now(), 99, "Mallory"
	counted.Base.Candidate.Requests, counted.Last.Stable.Classes[4], counted.Carried.Candidate.Latency[3] = 1, 2, 3
	w.ok(w.Canaries().UpdateStatus(w.system, counted))
	counted.Share, counted.Author = c.Share, c.Author // no status
	check(w, counted)(w.Canaries().Latest(w.alice, w.app.ID))

	c = counted
	c.Status, c.Reason = core.CanaryHeld, core.T("reason.held")
	w.ok(w.Canaries().Update(w.alice, c))
	w.fails(w.Canaries().Update(w.alice, c), core.ECONFLICT) // the revision is a former one
	c.Revision++
	check(w, c)(w.Canaries().Latest(w.alice, w.app.ID)) // its counts stay
	c.Release, c.Share, c.Status = 3, 100, core.CanaryPromoted
	w.ok(w.Canaries().Update(w.alice, c))
	c.Revision++
	w.fails(w.Canaries().UpdateStatus(w.system, counted), core.ENOTFOUND) // of a former release
	c.StepAt, c.Base, c.Last, c.Carried = time.Time{}, core.CanaryCounts{}, core.CanaryCounts{}, core.CanaryCounts{}
	check(w, c)(w.Canaries().Latest(w.alice, w.app.ID))

	next := w.newCanary()
	w.ok(w.Canaries().Create(w.alice, next)) // the one before has ended
	check(w, next)(w.Canaries().Latest(w.alice, w.app.ID))
	check(w, []core.Canary{next})(w.Canaries().Open(w.alice))
	w.ok(w.Apps().Delete(w.system, w.app.ID))
	_, err = w.Canaries().Latest(w.system, w.app.ID)
	w.fails(err, core.ENOTFOUND)
}

func testSwitches(w *world) {
	first := w.newRelease(w.newVersion("1.0"))
	second := w.newRelease(w.newVersion("1.1"))
	check(w, core.Release{})(w.Releases().Before(w.alice, w.app.ID, second.Number))
	first.Status, first.OnlineAt = core.ReleaseSuperseded, time.Now()
	w.ok(w.Releases().UpdateStatus(w.system, first))
	check(w, first)(w.Releases().Before(w.alice, w.app.ID, second.Number))
	check(w, core.Release{})(w.Releases().Before(w.bob, w.app.ID, second.Number))

	check(w, false)(w.Releases().SwitchAllowed(w.alice, w.app.ID, second.Number))
	s := core.Switch{TenantID: w.app.TenantID, AppID: w.app.ID, Release: second.Number, Author: "Alice", CreatedAt: time.Now()}
	w.ok(w.Releases().AllowSwitch(w.alice, s))
	w.ok(w.Releases().AllowSwitch(w.alice, s))
	check(w, true)(w.Releases().SwitchAllowed(w.alice, w.app.ID, second.Number))
	check(w, false)(w.Releases().SwitchAllowed(w.alice, w.app.ID, first.Number))
	check(w, false)(w.Releases().SwitchAllowed(w.bob, w.app.ID, second.Number))
}

// raceCanaries: one trial of an app is open at a time.
func raceCanaries(w *world, other core.Store) {
	w.oneWins(atOnce(w.Store, other, func(s core.Store, i int) error {
		return s.Canaries().Create(w.alice, w.newCanary())
	}), core.ECONFLICT)
}

package reconcile

import (
	"errors"
	"testing"

	"berth/core"
)

// As many instances run as the scaling has in force; none when it is asleep, and it is shown as that. A release on its
// way is never asleep, so that it is tried before it counts as online.
func TestTheNumberInForceRuns(t *testing.T) {
	f := newFixture(t)
	f.run()
	scaling := func(s *core.ReleaseSpec) { s.Replicas, s.Scaling = 1, core.Scaling{Min: 1, Max: 4} }
	f.ended(f.release("1.0", scaling))
	f.settled(1)
	set := func(replicas int, asleep bool) {
		f.must(f.change(f.store, func(a *core.App) { a.Replicas, a.Asleep = replicas, asleep }))
		f.loop.Wake("shop")
	}
	set(3, false)
	f.settled(3)
	set(9, false) // beyond what the release allows
	f.settled(4)
	set(2, false)
	f.settled(2)
	set(0, true)
	f.settled(0)
	f.eventually(func() error {
		if f.app().State != core.AppAsleep {
			return errors.New(string(f.app().State))
		}
		return nil
	})
	if op := f.ended(f.release("2.0", scaling)); op.Status != core.OpSucceeded {
		t.Fatalf("%+v", op)
	}
	f.settled(0)
	set(1, false)
	if got := f.settled(1); got[0].Label != "2.0" {
		t.Fatal(got[0].Label)
	}
}

package logs

import (
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"
)

// The clock is set back by an hour. Until it has come to where it was, the engine stamps lines with times that were
// before: a collector that is restarted in that hour, or when it is over, leaves none out and takes none twice.
func TestCollectorWhileTheClockIsSetBack(t *testing.T) {
	h := newHouse(t)
	begun := time.Now()
	var passed atomic.Int64 // since the test began, as the clock has it
	now := func() time.Time { return begun.Add(time.Duration(passed.Load())) }
	set := func(d time.Duration) { passed.Store(int64(d)) }
	h.engine.SetClock(now)
	s := &shaky{}
	o := CollectorOptions{Lines: s, Path: filepath.Join(t.TempDir(), "positions"), Now: now}
	a := h.instance()
	h.write(a, 0, 50)
	_, stop := h.collectWith(o)
	h.awaitKept(s, a, 50)

	set(-time.Hour)
	h.write(a, 50, 100)
	h.awaitKept(s, a, 100)
	h.awaitNoted(o.Path, a.ID)
	stop()
	set(-59 * time.Minute)
	h.write(a, 100, 150)
	_, stop = h.collectWith(o)
	h.awaitKept(s, a, 150)
	stop()
	set(-58 * time.Minute)
	h.write(a, 150, 200)
	set(time.Minute)
	h.write(a, 200, 210)
	h.collectWith(o)
	h.awaitKept(s, a, 210)
}

// machineClock is what a collector takes for the machine's clock.
type machineClock struct{ passed, set atomic.Int64 }

func (m *machineClock) pass(d time.Duration) { m.passed.Add(int64(d)) }

func (m *machineClock) setBack(d time.Duration) { m.set.Add(-int64(d)) }

func (m *machineClock) elapsed() time.Duration { return sinceBoot() + time.Duration(m.passed.Load()) }

func (m *machineClock) now() time.Time {
	return time.Now().Add(time.Duration(m.passed.Load() + m.set.Load()))
}

// The collector is down from before the clock is set back until it has come to where it was: no time of a line tells that
// there are some from in between, which an engine does not give who asks for what is younger.
func TestCollectorIsDownWhileTheClockIsSetBack(t *testing.T) {
	h := newHouse(t)
	s, m := &shaky{}, &machineClock{}
	h.engine.SetClock(m.now)
	o := CollectorOptions{Lines: s, Path: filepath.Join(t.TempDir(), "positions"), Now: m.now, Elapsed: m.elapsed}
	a := h.instance()
	h.write(a, 0, 50)
	_, stop := h.collectWith(o)
	h.awaitKept(s, a, 50)
	h.awaitPlace(o.Path, a.ID, true)
	stop()

	m.setBack(time.Hour)
	h.write(a, 50, 100)
	m.pass(time.Hour + time.Minute)
	h.write(a, 100, 110)
	h.collectWith(o)
	h.awaitKept(s, a, 110)
}

// The collector sees the clock set back, while an instance writes nothing. It does when the collector is down.
func TestCollectorIsDownAfterTheClockWasSetBack(t *testing.T) {
	h := newHouse(t)
	s, m := &shaky{}, &machineClock{}
	h.engine.SetClock(m.now)
	o := CollectorOptions{Lines: s, Path: filepath.Join(t.TempDir(), "positions"), Now: m.now, Elapsed: m.elapsed}
	a := h.instance()
	h.write(a, 0, 50)
	_, stop := h.collectWith(o)
	h.awaitKept(s, a, 50)
	h.awaitPlace(o.Path, a.ID, true)
	m.setBack(time.Hour)
	h.awaitPlace(o.Path, a.ID, false)
	stop()

	h.write(a, 50, 100)
	m.pass(time.Hour + time.Minute)
	h.write(a, 100, 110)
	h.collectWith(o)
	h.awaitKept(s, a, 110)
}

// The container of an instance is restarted in that hour, under the same collector.
func TestCollectorFollowsARestartWhileTheClockIsSetBack(t *testing.T) {
	h := newHouse(t)
	begun := time.Now()
	var back atomic.Bool
	now := func() time.Time {
		if back.Load() {
			return begun.Add(-time.Hour)
		}
		return begun
	}
	h.engine.SetClock(now)
	s := &shaky{}
	a := h.instance()
	h.write(a, 0, 50)
	h.collectWith(CollectorOptions{Lines: s, Now: now})
	h.awaitKept(s, a, 50)
	back.Store(true)
	must(t, h.engine.Stop(h.ctx, a.ContainerID, time.Second))
	must(t, h.engine.Start(h.ctx, a.ContainerID))
	h.write(a, 50, 100)
	h.awaitKept(s, a, 100)
}

// An instance that was made before the clock was set back is no younger than a collector that began afterwards.
func TestCollectorAsksOfInstancesFromBeforeTheClockWasSetBack(t *testing.T) {
	h := newHouse(t)
	s := &shaky{}
	a := h.instance()
	a.CreatedAt = time.Now().Add(time.Hour)
	must(t, h.Instances().Delete(h.ctx, a.ID))
	must(t, h.Instances().Create(h.ctx, a))
	h.write(a, 0, 50)
	_, stop := h.collect(s, "")
	h.awaitKept(s, a, 50)
	stop()
	h.collect(s, "")
	h.write(a, 50, 60)
	h.awaitKept(s, a, 60)
}

// awaitNoted waits until a collector has written down how far it has come with an instance.
func (h *house) awaitNoted(path, instance string) {
	h.Helper()
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if _, ok := newDurable(path).At[instance]; ok {
			return
		}
	}
	h.Fatal("nothing is noted")
}

// awaitPlace waits until a collector has written down where to go on with an instance, or that its log is to be read from
// the first line.
func (h *house) awaitPlace(path, instance string, known bool) {
	h.Helper()
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if at, ok := newDurable(path).At[instance]; ok && at.IsZero() != known {
			return
		}
	}
	h.Fatalf("its place is not as expected: known %v", known)
}

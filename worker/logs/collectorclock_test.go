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
		if _, ok := newDurable(path).load()[instance]; ok {
			return
		}
	}
	h.Fatal("nothing is noted")
}

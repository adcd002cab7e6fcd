package logs

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"berth/core"
)

// broken is a store that breaks off the first times it is given lines.
type broken struct {
	*shaky
	times atomic.Int32
}

func (b *broken) Append(ctx context.Context, lines []core.LogRecord) error {
	if b.times.Add(-1) >= 0 {
		return errors.New("broken off")
	}
	return b.shaky.Append(ctx, lines)
}

// limited is a house whose tenant may write ten lines of writeBig in a slot.
func limited(t *testing.T) *house {
	h := newHouse(t)
	tenant, err := h.Tenants().Get(h.ctx, "acme")
	must(t, err)
	tenant.Quota = core.Amounts{core.ResourceLogRate: 1000}
	must(t, h.Tenants().Update(h.ctx, tenant))
	return h
}

func (h *house) writeBig(i core.Instance, n int) {
	for range n {
		h.engine.Write(i.ID, "stdout", strings.Repeat("x", int(slot/time.Second)*100-1))
	}
}

// awaitLines waits until a store has so many.
func (s *shaky) awaitLines(t *testing.T, n int) {
	t.Helper()
	for end := time.Now().Add(time.Minute); len(s.all()) < n; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%d lines are kept, want %d", len(s.all()), n)
		}
	}
}

// Lines that the store did not take are read again, and count once all the same.
func TestQuotaCountsOnceWhatAFailingStoreIsGivenTwice(t *testing.T) {
	h := limited(t)
	now := time.Now().Truncate(slot)
	h.engine.SetClock(func() time.Time { return now })
	s := &broken{shaky: &shaky{}}
	s.times.Store(3)
	a := h.instance()
	h.writeBig(a, 9)
	c, _ := h.collect(s, "")
	s.awaitLines(t, 9)
	if c.Dropped() != 0 {
		t.Errorf("%d lines within the quota were dropped", c.Dropped())
	}
}

// What was over the quota is neither kept nor told when another collector reads it again.
func TestQuotaHoldsWhenALogIsReadAgain(t *testing.T) {
	h := limited(t)
	var slots atomic.Int64
	begun := time.Now().Truncate(slot).Add(-time.Hour)
	h.engine.SetClock(func() time.Time { return begun.Add(time.Duration(slots.Load()) * slot) })
	s := &shaky{}
	a := h.instance()
	h.writeBig(a, 20)
	slots.Add(1)
	h.engine.Write(a.ID, "stdout", "in the next slot")
	c, stop := h.collect(s, "")
	s.awaitLines(t, 12)
	if c.Dropped() != 10 {
		t.Fatalf("%d lines were dropped, want 10", c.Dropped())
	}
	stop()
	h.engine.Write(a.ID, "stdout", "the end")
	c, _ = h.collect(s, "")
	s.awaitLines(t, 13)
	if got := s.of(a); len(got) != 13 || got[12] != "the end" || c.Dropped() != 0 {
		t.Errorf("%d lines are kept, and %d counted as dropped again", len(got), c.Dropped())
	}
}

package logs

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"berth/core"
)

// What the store has is known until it was read again, and takes no room afterwards.
func TestKnownIsLetGo(t *testing.T) {
	at := func(n int64) time.Time { return time.Unix(0, n) }
	for what, read := range map[string][]int64{"to the end": {1, 2, 3, 4}, "with a gap": {1, 4, 5}, "beyond": {6}} {
		k := newKnown([]time.Time{at(1), at(2), at(3), at(4)})
		for _, n := range read {
			if k.take(at(n)) != (n <= 4) {
				t.Errorf("%s: line %d is taken for another", what, n)
			}
		}
		if k.at != nil {
			t.Errorf("%s: %d lines are still known", what, len(k.at))
		}
	}
}

// busy is a store that answers few at once.
type busy struct {
	*shaky
	asking  atomic.Int32
	refused atomic.Int32
}

func (b *busy) Times(ctx context.Context, instance string, since time.Time) ([]time.Time, error) {
	defer b.asking.Add(-1)
	if b.asking.Add(1) > 4 {
		b.refused.Add(1)
		return nil, errors.New("too many requests")
	}
	time.Sleep(10 * time.Millisecond) // it takes its time
	return b.shaky.Times(ctx, instance, since)
}

func TestCollectorAsksAStoreFewThingsAtOnce(t *testing.T) {
	h := newHouse(t)
	s := &busy{shaky: &shaky{}}
	var instances []core.Instance
	for range 16 {
		i := h.instance()
		h.write(i, 0, 10)
		instances = append(instances, i)
	}
	h.collect(s, "")
	for _, i := range instances {
		h.awaitKept(s.shaky, i, 10)
	}
	if n := s.refused.Load(); n != 0 {
		t.Errorf("it was asked %d times more than it answers", n)
	}
}

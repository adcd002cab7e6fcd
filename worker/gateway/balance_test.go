package gateway

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"berth/core"
)

func groupOf(n int) *group {
	g := &group{}
	for range n {
		g.list = append(g.list, &instance{})
	}
	return g
}

// Whatever is under way where, the next request goes to where the least is; so no instance gets more than one above another.
func TestLeastRequestsKeepsAllAlike(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g := groupOf(rapid.IntRange(1, 12).Draw(t, "instances"))
		var open []*instance
		for range rapid.IntRange(1, 200).Draw(t, "steps") {
			if len(open) > 0 && rapid.Bool().Draw(t, "ends") {
				n := rapid.IntRange(0, len(open)-1).Draw(t, "which")
				open[n].load.active.Add(-1)
				open = append(open[:n], open[n+1:]...)
				continue
			}
			i := g.choose(core.BalanceLeastRequests, 1, nil)
			for _, other := range g.list {
				if other.load.active.Load() < i.load.active.Load() {
					t.Fatal("another has fewer requests")
				}
			}
			i.load.active.Add(1)
			open = append(open, i)
		}
	})
}

func TestLeastRequestsTakesTurnsAmongEquals(t *testing.T) {
	g, got := groupOf(4), map[*instance]int{}
	for range 400 {
		got[g.choose(core.BalanceLeastRequests, 1, nil)]++
	}
	for _, i := range g.list {
		if got[i] != 100 {
			t.Errorf("an instance got %d of 400", got[i])
		}
	}
}

// Shares go by speed: twice as fast is twice as much, and nobody starves.
func TestLoadGoesBySpeed(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g := groupOf(rapid.IntRange(2, 8).Draw(t, "instances"))
		sum := 0.0
		for _, i := range g.list {
			ms := rapid.IntRange(1, 40).Draw(t, "latency")
			i.load.latency.Store(int64(time.Duration(ms) * time.Millisecond))
			sum += 1 / float64(ms)
		}
		const many = 20000
		got := map[*instance]int{}
		for range many {
			got[g.choose(core.BalanceLoad, 1, nil)]++
		}
		for _, i := range g.list {
			want := float64(time.Millisecond) / float64(i.load.latency.Load()) / sum
			if share := float64(got[i]) / many; share < want-0.03 || share > want+0.03 {
				t.Fatalf("an instance got %.3f of all, want %.3f", share, want)
			}
		}
	})
}

func TestChoicesLeaveOutWhatWasTried(t *testing.T) {
	for _, b := range []core.Balance{core.BalanceRoundRobin, core.BalanceLeastRequests, core.BalanceLoad} {
		g := groupOf(3)
		g.list[1].outUntil.Store(100)
		for range 50 {
			if i := g.choose(b, 1, []*instance{g.list[0]}); i != g.list[2] {
				t.Errorf("%q chooses one that was tried or is out", b)
			}
		}
		if g.choose(b, 1, g.list) != nil {
			t.Errorf("%q chooses one that was tried", b)
		}
	}
	var none *group
	if none.choose(core.BalanceLoad, 1, nil) != nil {
		t.Error("one of none")
	}
}

func TestLatencyFollows(t *testing.T) {
	var l load
	for range 50 {
		l.observe(100 * time.Millisecond)
	}
	for range 10 {
		l.observe(time.Millisecond)
	}
	fell := time.Duration(l.latency.Load())
	for range 10 {
		l.observe(100 * time.Millisecond)
	}
	if rose := time.Duration(l.latency.Load()); fell > 40*time.Millisecond || fell < 10*time.Millisecond || rose < 90*time.Millisecond {
		t.Errorf("it fell to %v and rose to %v", fell, rose)
	}
}

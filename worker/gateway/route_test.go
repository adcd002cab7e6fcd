package gateway

import (
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"os"
	"slices"
	"syscall"
	"testing"
	"time"

	"pgregory.net/rapid"

	"berth/core"
)

// Over one round each version gets exactly its share, and at no place is it ahead or behind by a whole turn per rival.
func TestMixIsExactAndEven(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		weights := rapid.MapOfN(rapid.StringMatching(`[a-z]{1,3}`), rapid.IntRange(0, 100), 1, 6).Draw(t, "weights")
		total := 0
		for _, w := range weights {
			total += w
		}
		labels := weighted(weights)
		order := mix(labels, weights)
		if total == 0 {
			if len(order) > 0 {
				t.Fatalf("order %v of nothing", order)
			}
			return
		}
		seen := map[string]int{}
		for n, label := range order {
			seen[label]++
			share := float64(weights[label]) * float64(n+1) / float64(total)
			if math.Abs(float64(seen[label])-share) > float64(len(labels)) {
				t.Fatalf("after %d of %v, %s stands %d times, share %.2f", n+1, weights, label, seen[label], share)
			}
		}
		for label, w := range weights {
			if seen[label]*total != w*len(order) {
				t.Fatalf("%s stands %d times of %d, weight %d of %d", label, seen[label], len(order), w, total)
			}
		}
	})
}

func TestMixIsSmooth(t *testing.T) {
	for want, weights := range map[string]map[string]int{
		"[a]":             {"a": 100},
		"[a b]":           {"a": 50, "b": 50},
		"[a a b a]":       {"a": 75, "b": 25},
		"[a b c]":         {"a": 7, "b": 7, "c": 7},
		"[]":              {"a": 0},
		"[b]":             {"a": 0, "b": 1},
		"[a a b a c a a]": {"a": 5, "b": 1, "c": 1},
	} {
		if got := fmt.Sprint(mix(weighted(weights), weights)); got != want {
			t.Errorf("%v: %s, want %s", weights, got, want)
		}
	}
}

// tally asks n times and counts the answers.
func (f *fixture) tally(n int) map[string]int {
	f.t.Helper()
	c, counts := f.dial(), map[string]int{}
	for range n {
		c.send(get)
		_, content := c.response("GET")
		counts[content]++
	}
	return counts
}

func saying(t testing.TB, text string) string {
	return server(t, func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, text) })
}

// Requests are shared by weight between versions, in turn between the instances of a version, and go to another
// version when one has no instance.
func TestSharesOfVersionsAndInstances(t *testing.T) {
	f := start(t, Options{})
	f.publish("app", "1", saying(t, "1a"))
	f.publish("app", "1", saying(t, "1b"))
	two := f.publish("app", "2", saying(t, "2"))
	f.publish("app", "3", saying(t, "3"))
	f.route(core.Route{Domain: "app.test", AppID: "app", Weights: map[string]int{"1": 90, "2": 10, "3": 0}})
	if got := f.tally(100); got["1a"] != 45 || got["1b"] != 45 || got["2"] != 10 {
		t.Errorf("shares: %v", got)
	}
	f.withdraw(two)
	if got := f.tally(100); got["1a"] != 50 || got["1b"] != 50 {
		t.Errorf("shares without version 2: %v", got)
	}
	f.route(core.Route{Domain: "app.test", AppID: "app", Weights: map[string]int{"2": 100}})
	if got := f.tally(99); got["1a"] != 33 || got["1b"] != 33 || got["3"] != 33 {
		t.Errorf("shares when no wanted version is there: %v", got)
	}
	f.route(core.Route{Domain: "app.test", AppID: "app"})
	if got := f.tally(99); got["1a"] != 33 || got["1b"] != 33 || got["3"] != 33 {
		t.Errorf("shares without weights: %v", got)
	}
	if c := f.counts(); c.Requests != 398 || c.Failed != 0 || len(c.Instances) != 3 {
		t.Errorf("counts: %+v", c)
	}
}

// An address that vanishes gets nothing new; what it has under way ends well, and its connections are closed then.
func TestAddressThatVanishes(t *testing.T) {
	f := start(t, Options{})
	proceed := make(chan struct{})
	old := f.publish("app", "1", server(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/wait" {
			<-proceed
		}
		io.WriteString(w, "old")
	}))
	f.route(core.Route{Domain: "app.test", AppID: "app"})
	f.tally(3)
	c := f.dial()
	c.send("GET /wait HTTP/1.1\r\nHost: app.test\r\n\r\n")
	i := f.gateway.table.app("app").instances.Load().all.list[0]
	eventually(t, "the request is under way", func() bool { return i.counts.begun.Load() == 4 })
	f.publish("app", "1", saying(t, "new"))
	f.withdraw(old)
	if got := f.tally(10); got["new"] != 10 {
		t.Errorf("answers: %v", got)
	}
	close(proceed)
	if _, content := c.response("GET"); content != "old" {
		t.Errorf("got %q", content)
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	if len(i.resting()) > 0 || !i.gone {
		t.Errorf("%d connections are kept", len(i.resting()))
	}
}

// resting returns the connections that rest; mu is held.
func (i *instance) resting() []*upstream { return slices.Concat(i.idle...) }

func TestConnectionsThatRestAreClosed(t *testing.T) {
	f := start(t, Options{})
	f.app(saying(t, "ok"))
	f.tally(1)
	i := f.gateway.table.app("app").instances.Load().all.list[0]
	eventually(t, "a connection rests", func() bool {
		i.mu.Lock()
		defer i.mu.Unlock()
		return len(i.resting()) == 1
	})
	i.sweep()
	i.mu.Lock()
	if len(i.resting()) == 0 {
		t.Fatal("it is closed at once")
	}
	i.resting()[0].since = time.Now().Add(-2 * maxIdleTime)
	i.mu.Unlock()
	i.sweep()
	if len(i.resting()) > 0 {
		t.Error("it is kept")
	}
}

// A lane that has all the connections that it may keep takes no other's room.
func TestLanesKeepConnectionsOfTheirOwn(t *testing.T) {
	i, now := &instance{}, time.Now()
	for range maxIdle + 1 {
		near, far := net.Pipe()
		defer far.Close()
		i.put(newUpstream(i, near, time.Minute), now)
	}
	k, _ := linked(t, looping(t))
	u := newUpstream(i, k, time.Minute)
	i.put(u, now)
	if n := len(i.idle[0]); n != maxIdle {
		t.Errorf("%d connections are kept", n)
	}
	if got := i.take(1, now, false); got != u {
		t.Error("that of another lane is not kept")
	}
	u.close()
	i.retire()
}

// One address after the other refuses connections: each is left out while the others are there, and all are asked
// when none is.
func TestGroupLeavesOutThoseThatRefuse(t *testing.T) {
	var g group
	for n := range 3 {
		g.list = append(g.list, &instance{Address: core.Address{ContainerID: fmt.Sprint(n)}})
	}
	now := time.Now().UnixNano()
	g.list[1].outUntil.Store(now + 1)
	seen := map[string]int{}
	for range 30 {
		seen[g.next(now, nil).ContainerID]++
	}
	if seen["1"] != 0 || seen["0"]+seen["2"] != 30 {
		t.Errorf("turns: %v", seen)
	}
	if i := g.next(now+1, []*instance{g.list[0], g.list[2]}); i != g.list[1] {
		t.Error("it is left out for longer than it should")
	}
	if g.next(now, g.list) != nil {
		t.Error("one that was tried is tried again")
	}
	if i := (&route{app: appOf(&g)}).pick(time.Unix(0, now), []*instance{g.list[0], g.list[2]}); i != g.list[1] {
		t.Error("the last one is not asked, though it may be back")
	}
}

// While ports or descriptors are short, not every request says so, whichever instance it is for; and no instance is left
// out for it.
func TestShortagesAreToldNowAndThen(t *testing.T) {
	shortageTold.Store(0)
	short := &net.OpError{Op: "dial", Err: os.NewSyscallError("connect", syscall.EADDRNOTAVAIL)}
	all := []*instance{{}, {}}
	began, told := time.Now(), 0
	for n := range 1000 {
		if all[n%2].leaveOut(short) {
			told++
		}
	}
	if most := 1 + int(time.Since(began)/shortageEvery); told < 1 || told > most {
		t.Errorf("it is told %d times, want 1 to %d", told, most)
	}
	if all[0].out(time.Now().UnixNano()) {
		t.Error("an instance is left out")
	}
	if !all[0].leaveOut(syscall.ECONNREFUSED) {
		t.Error("that an instance refuses is not told")
	}
	shortageTold.Add(-int64(shortageEvery))
	if !all[1].leaveOut(short) {
		t.Error("it is not told again")
	}
}

func appOf(g *group) *app {
	a := &app{}
	set := &instances{versions: map[string]*group{}}
	set.all.list = g.list
	a.instances.Store(set)
	return a
}

package tcp

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"io"
	"net"
	"net/netip"
	"testing"
	"time"

	"berth/core"
)

func TestCarries(t *testing.T) {
	h := newHouse(t, nil)
	h.instance("db", "1.0", shout("one"))
	r := h.route(core.TCPRoute{AppID: "db"})
	c := h.dial(r.Port)
	if got := h.ask(c, "hello"); got != "one: hello" {
		t.Errorf("got %q", got)
	}
	h.waitCounts(r, "one is open", func(c core.TCPCounts) bool { return c.Listening && c.Open == 1 && c.Total == 1 })
	h.ok(c.CloseWrite()) // the instance may still answer
	if got, err := io.ReadAll(c); string(got) != "one: bye\n" || err != nil {
		t.Errorf("after the half was closed: %q, %v", got, err)
	}
	h.waitCounts(r, "it has ended", func(c core.TCPCounts) bool { return c.Open == 0 && c.BytesIn == 6 && c.BytesOut == 20 })
}

// Bytes arrive as they were sent, many ones, both ways at once, through the kernel as through a buffer.
func TestBulk(t *testing.T) {
	h := newHouse(t, nil)
	h.instance("db", "1.0", func(c net.Conn) { io.Copy(c, c); c.(*net.TCPConn).CloseWrite() })
	r := h.route(core.TCPRoute{AppID: "db"})
	c := h.dial(r.Port)
	block := make([]byte, 1<<20)
	rand.Read(block)
	const blocks = 32
	want := sha256.New()
	go func() {
		for range blocks {
			c.Write(block)
		}
		c.CloseWrite()
	}()
	for range blocks {
		want.Write(block)
	}
	got := sha256.New()
	n, err := io.Copy(got, c)
	h.ok(err)
	if n != blocks<<20 || !bytes.Equal(got.Sum(nil), want.Sum(nil)) {
		t.Errorf("%d bytes came back, and not as they were sent", n)
	}
	h.waitCounts(r, "all is counted", func(c core.TCPCounts) bool {
		return c.Open == 0 && c.BytesIn == blocks<<20 && c.BytesOut == blocks<<20
	})
}

func TestListsDecide(t *testing.T) {
	h := newHouse(t, nil)
	h.instance("db", "1.0", shout("one"))
	r := core.TCPRoute{AppID: "db"}
	for _, c := range []struct {
		allow, deny []string
		in          bool
	}{
		{nil, nil, true},
		{[]string{"127.0.0.1"}, nil, true},
		{[]string{"127.0.0.0/8", "192.0.2.0/24"}, nil, true},
		{[]string{"192.0.2.0/24", "::/0"}, nil, false},
		{nil, []string{"127.0.0.0/30"}, false},
		{[]string{"127.0.0.1"}, []string{"127.0.0.1"}, false},
		{nil, []string{"192.0.2.0/24"}, true},
	} {
		r.Allow, r.Deny = c.allow, c.deny
		r = h.route(r)
		if !c.in {
			h.refuses(r.Port)
		} else if got := h.ask(h.dial(r.Port), "hello"); got != "one: hello" {
			t.Errorf("%v: got %q", c, got)
		}
	}
	h.waitCounts(r, "three were refused", func(c core.TCPCounts) bool { return c.Refused == 3 })
}

func TestNetworks(t *testing.T) {
	n := newNetworks([]string{"192.0.2.7", "198.51.100.0/24", "2001:db8::/32", "::ffff:203.0.113.0/120", "rubbish"})
	for address, want := range map[string]bool{"192.0.2.7": true, "192.0.2.8": false, "198.51.100.255": true, "198.51.101.0": false,
		"2001:db8::1": true, "2001:db9::1": false, "203.0.113.9": true, "203.0.114.9": false} {
		if got := n.has(netip.MustParseAddr(address)); got != want {
			t.Errorf("%s: %v", address, got)
		}
	}
}

// Whoever is no longer let in is cut, at once; others are not.
func TestChangedListCuts(t *testing.T) {
	h := newHouse(t, nil)
	h.instance("db", "1.0", shout("one"))
	h.instance("other", "1.0", shout("two"))
	r := h.route(core.TCPRoute{AppID: "db"})
	other := h.route(core.TCPRoute{AppID: "other", Port: h.Pool.From + 1})
	c, d := h.dial(r.Port), h.dial(other.Port)
	h.ask(c, "hello")
	h.ask(d, "hello")
	r.Allow = []string{"127.0.0.0/8"}
	h.route(r)
	h.ask(c, "still there")
	r.Allow = []string{"192.0.2.1"}
	h.route(r)
	h.isRefused(c)
	h.ask(d, "still there")
}

// A port that is given back is closed, its connections with it; the others go on.
func TestRoutesComeAndGo(t *testing.T) {
	h := newHouse(t, nil)
	h.instance("db", "1.0", shout("one"))
	first := h.route(core.TCPRoute{AppID: "db"})
	c := h.dial(first.Port)
	h.ask(c, "hello")
	second := h.route(core.TCPRoute{AppID: "db", Port: first.Port + 1})
	d := h.dial(second.Port)
	h.ask(d, "hello")
	h.Apply(core.RegistryChange{RemovedTCPRoutes: []string{first.ID()}})
	h.isRefused(c)
	if _, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", first.Port)); err == nil {
		t.Error("the port is still open")
	}
	h.ask(d, "still there")
	h.Apply(core.RegistryChange{Reset: true, Apps: h.apps, TCPRoutes: []core.TCPRoute{first}})
	h.isRefused(d)
	h.ask(h.dial(first.Port), "back again")
	h.Apply(core.RegistryChange{Reset: true})
	if len(h.Server.apps)+len(h.Server.routes)+len(h.Server.ports) > 0 {
		t.Error("something is left of what is no more")
	}
}

func TestOutsideThePool(t *testing.T) {
	h := newHouse(t, nil)
	h.instance("db", "1.0", shout("one"))
	h.Apply(core.RegistryChange{TCPRoutes: []core.TCPRoute{{AppID: "db", Port: h.Pool.To + 1}}})
	if _, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", h.Pool.To+1)); err == nil {
		t.Error("a port outside the pool is served")
	}
}

// A port that something else has is served once that is gone.
func TestListensLater(t *testing.T) {
	h := newHouse(t, nil)
	h.instance("db", "1.0", shout("one"))
	l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", h.Pool.From))
	h.ok(err)
	r := h.route(core.TCPRoute{AppID: "db"})
	h.waitCounts(r, "it says why not", func(c core.TCPCounts) bool { return !c.Listening && c.Problem != "" })
	l.Close()
	h.waitCounts(r, "it listens", func(c core.TCPCounts) bool { return c.Listening && c.Problem == "" })
	h.ask(h.dial(r.Port), "hello")
}

// An instance that refuses is passed over; one that is gone takes its connections with it, and only those.
func TestInstanceDies(t *testing.T) {
	h := newHouse(t, nil)
	stop := h.instance("db", "1.0", shout("one"))
	h.instance("db", "1.0", shout("two"))
	r := h.route(core.TCPRoute{AppID: "db"})
	conns := map[string]*net.TCPConn{}
	h.wait("both have one", func() bool {
		c := h.dial(r.Port)
		conns[h.ask(c, "hello")] = c
		return len(conns) == 2
	})
	stop()
	h.isRefused(conns["one: hello"])
	h.ask(conns["two: hello"], "still there")
	for range 20 {
		if got := h.ask(h.dial(r.Port), "hello"); got != "two: hello" {
			t.Errorf("got %q", got)
		}
	}
	if c := h.countsOf(r); c.Failed != 0 {
		t.Errorf("%d failed", c.Failed)
	}
}

func TestNoInstance(t *testing.T) {
	h := newHouse(t, nil)
	r := h.route(core.TCPRoute{AppID: "db"})
	h.refuses(r.Port)
	h.waitCounts(r, "it failed", func(c core.TCPCounts) bool { return c.Failed == 1 && c.Open == 0 })
}

// The fewest connections first, so that they are even.
func TestBalance(t *testing.T) {
	h := newHouse(t, nil)
	for _, name := range []string{"one", "two", "three"} {
		h.instance("db", "1.0", shout(name))
	}
	r := h.route(core.TCPRoute{AppID: "db"})
	got := map[string]int{}
	for range 30 {
		got[h.ask(h.dial(r.Port), "hello")]++
	}
	if len(got) != 3 || got["one: hello"] != 10 || got["two: hello"] != 10 {
		t.Errorf("got %v", got)
	}
}

// A version without weight gets nothing, however ready it is.
func TestWeights(t *testing.T) {
	h := newHouse(t, nil)
	h.instance("db", "1.0", shout("old"))
	h.instance("db", "1.1", shout("new"))
	h.instance("db", "1.2", shout("not yet"))
	r := h.route(core.TCPRoute{AppID: "db", Weights: map[string]int{"1.0": 75, "1.1": 25}})
	got := map[string]int{}
	for range 400 {
		c := h.dial(r.Port)
		got[h.ask(c, "hello")]++
		c.Close()
	}
	if got["not yet: hello"] > 0 || got["new: hello"] < 50 || got["new: hello"] > 150 {
		t.Errorf("got %v", got)
	}
}

func TestTooMany(t *testing.T) {
	h := newHouse(t, func(o *Options) { o.MaxConns = 2 })
	h.instance("db", "1.0", shout("one"))
	r := h.route(core.TCPRoute{AppID: "db"})
	first, second := h.dial(r.Port), h.dial(r.Port)
	h.ask(first, "hello")
	h.ask(second, "hello")
	h.refuses(r.Port)
	first.Close()
	h.waitCounts(r, "there is room again", func(c core.TCPCounts) bool { return c.Open == 1 && c.Refused == 1 })
	h.ask(h.dial(r.Port), "hello")
}

func TestIdle(t *testing.T) {
	h := newHouse(t, func(o *Options) { o.Timeouts.Idle = time.Second })
	h.instance("db", "1.0", shout("one"))
	r := h.route(core.TCPRoute{AppID: "db"})
	c := h.dial(r.Port)
	h.ask(c, "hello")
	h.isRefused(c)
}

// What is open may end; what does not end in time is cut. Nothing new is taken.
func TestDrain(t *testing.T) {
	h := newHouse(t, func(o *Options) { o.Timeouts.Drain = time.Second })
	h.instance("db", "1.0", shout("one"))
	r := h.route(core.TCPRoute{AppID: "db"})
	ends, stays := h.dial(r.Port), h.dial(r.Port)
	h.ask(ends, "hello")
	h.ask(stays, "hello")
	began := time.Now()
	stopped := make(chan struct{})
	go func() {
		h.stop()
		close(stopped)
	}()
	h.waitCounts(r, "nothing new is taken", func(c core.TCPCounts) bool { return !c.Listening })
	h.ask(ends, "still there")
	h.ok(ends.CloseWrite())
	if _, err := io.ReadAll(ends); err != nil {
		t.Error(err)
	}
	h.isRefused(stays)
	<-stopped
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("it took %s", took)
	}
}

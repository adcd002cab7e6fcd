package gateway

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"berth/core"
)

func appWith(versions ...string) *app {
	a := &app{id: "app"}
	set := &instances{versions: map[string]*group{}}
	for n, v := range versions {
		set.add(&instance{Address: core.Address{AppID: "app", Version: v, ContainerID: fmt.Sprint(n)}})
	}
	a.instances.Store(set)
	return a
}

// However instances fail and return: never more than half of a version are left out.
func TestNeverMoreThanHalfAreLeftOut(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		versions := rapid.SliceOfN(rapid.SampledFrom([]string{"1", "2"}), 1, 10).Draw(t, "versions")
		a, now := appWith(versions...), time.Unix(1000, 0)
		for range rapid.IntRange(1, 200).Draw(t, "steps") {
			set := a.instances.Load()
			i := rapid.SampledFrom(set.all.list).Draw(t, "instance")
			switch rapid.IntRange(0, 9).Draw(t, "what") {
			case 0:
				now = now.Add(time.Duration(rapid.IntRange(1, 400).Draw(t, "seconds")) * time.Second)
			case 1:
				i.standing.well()
			case 2: // it is gone
				var rest []core.Address
				for _, other := range set.all.list {
					if other != i {
						rest = append(rest, other.Address)
					}
				}
				if len(rest) > 0 {
					next, _ := set.with(rest)
					a.instances.Store(next)
					a.readmit(now.UnixNano())
				}
			default:
				a.failed(i, &usualEjection, now)
			}
			for label, g := range a.instances.Load().versions {
				if out := g.ejected(now.UnixNano()); 2*out > len(g.list) {
					t.Fatalf("%d of %d instances of version %s are left out", out, len(g.list), label)
				}
			}
		}
	})
}

func TestLeftOutLongerEachTimeAndBackSlowly(t *testing.T) {
	a, now := appWith("1", "1"), time.Unix(1000, 0)
	i := a.instances.Load().all.list[0]
	at := func(d time.Duration) int64 { return now.Add(d).UnixNano() }
	fails := func() bool {
		for range ejectFailures - 1 {
			if a.failed(i, &usualEjection, now) {
				t.Fatal("it is left out too early")
			}
		}
		return a.failed(i, &usualEjection, now)
	}
	for _, want := range []time.Duration{10, 20, 40, 80, 160, 300, 300} {
		if !fails() || !i.out(at(want*time.Second-1)) || i.away(at(want*time.Second)) {
			t.Fatalf("it is not left out for %d s", want)
		}
		share := func(after time.Duration) float64 {
			let := 0
			for range 4000 {
				if !i.out(at(want*time.Second + after)) {
					let++
				}
			}
			return float64(let) / 4000
		}
		for after, want := range map[time.Duration]float64{time.Second: 0.1, 5 * time.Second: 0.5, 9 * time.Second: 0.9, 10 * time.Second: 1} {
			if got := share(after); got < want-0.05 || got > want+0.05 {
				t.Errorf("%v after its return it gets %.2f of its share, want %.2f", after, got, want)
			}
		}
		now = now.Add(want*time.Second + ejectReturn)
	}
	i.standing.well() // long after that, by the clock of the test
	if i.standing.times.Load() != 0 {
		t.Error("it is not forgiven")
	}
	for range 3 {
		a.failed(i, &usualEjection, now)
	}
	i.standing.well()
	if a.failed(i, &usualEjection, now); i.standing.failing.Load() != 1 {
		t.Error("failures that are not in a row add up")
	}
}

func TestInstanceThatKeepsFailingIsLeftOut(t *testing.T) {
	for name, bad := range map[string]string{
		"502": server(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(502) }),
		"503": server(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(503) }),
		"breaks its answers off": tcpOrigin(t, func(c net.Conn, r *bufio.Reader) {
			readHeadText(r)
			io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")
		}).address(),
		"breaks off before": tcpOrigin(t, func(_ net.Conn, r *bufio.Reader) { readHeadText(r) }).address(),
		"answers nonsense":  tcpOrigin(t, always("HTTP/1.1 nonsense\r\n\r\n")).address(),
	} {
		t.Run(name, func(t *testing.T) {
			f := start(t, Options{})
			f.app(bad, server(t, func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "well") }))
			ask := func() bool {
				c := f.dial()
				defer c.Close()
				c.send("POST / HTTP/1.1\r\nHost: app.test\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
				answer, _ := io.ReadAll(c.Reader)
				return strings.HasSuffix(string(answer), "well")
			}
			failed := 0
			for range 40 {
				if !ask() {
					failed++
				}
			}
			if failed != ejectFailures {
				t.Errorf("%d requests failed, want %d", failed, ejectFailures)
			}
		})
	}
}

// What a client does is never held against the instance that served it.
func TestClientsThatLeaveCountAgainstNobody(t *testing.T) {
	var asked atomic.Int64
	slow := tcpOrigin(t, func(c net.Conn, r *bufio.Reader) {
		head, _ := readHeadText(r)
		asked.Add(1)
		if strings.HasPrefix(head, "GET /half") {
			io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n")
			for {
				if _, err := c.Write(make([]byte, 1<<16)); err != nil {
					return
				}
			}
		}
		io.Copy(io.Discard, r)
	})
	f := start(t, Options{})
	f.app(slow.address(), slow.address())
	for _, text := range []string{get, "GET /half HTTP/1.1\r\nHost: app.test\r\n\r\n",
		"POST / HTTP/1.1\r\nHost: app.test\r\nContent-Length: 100\r\n\r\nhalf", "POST / HTTP/1.1\r\nHost: app.test\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"} {
		for range 2 * ejectFailures {
			c, before := f.dial(), asked.Load()
			c.send(text)
			eventually(t, "the instance is asked", func() bool { return asked.Load() > before })
			if strings.HasPrefix(text, "GET /half") {
				io.ReadFull(c.Reader, make([]byte, 1000))
			}
			c.Close()
		}
	}
	eventually(t, "all exchanges have ended", func() bool { return f.gateway.Totals().Connections == 0 })
	for _, i := range f.gateway.table.app("app").instances.Load().all.list {
		if n := i.standing.failing.Load(); n != 0 || i.standing.ejected.Load() != 0 {
			t.Errorf("%d failures are held against an instance", n)
		}
	}
}

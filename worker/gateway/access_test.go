package gateway

import (
	"bytes"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"berth/core"
)

// keeper is a sink that keeps everything, once open.
type keeper struct {
	mu    sync.Mutex
	lines []core.AccessLine
	bad   int
	lost  int64
	hold  chan struct{} // closed lets writes through; nil always does
}

func (k *keeper) Write(appID string, lines []byte, lost int64) {
	if k.hold != nil {
		<-k.hold
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.lost += lost
	for line := range bytes.Lines(lines) {
		l, ok := core.ParseAccessLine(bytes.TrimSuffix(line, []byte("\n")))
		if !ok || appID != "app" {
			k.bad++
		}
		k.lines = append(k.lines, l)
	}
}

func (k *keeper) all() []core.AccessLine {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.lines
}

// Each exchange leaves one line, without its query.
func TestAccessLog(t *testing.T) {
	k := &keeper{}
	f := start(t, Options{Access: k})
	instance := f.publish("app", "1.4", mixed(t))
	f.route(core.Route{Domain: "app.test", AppID: "app", Weights: map[string]int{"1.4": 100}})
	for n, request := range []string{
		"POST /201/10?token=secret HTTP/1.1\r\nHost: APP.test:80\r\nUser-Agent: curl\t8 \xff\r\nContent-Length: 3\r\n\r\nabc",
		"GET /" + repeat("long", 100) + " HTTP/1.0\r\nHost: app.test\r\n\r\n",
		"GET http://app.test?secret HTTP/1.1\r\nHost: app.test\r\n\r\n",
	} {
		f.ask(request)
		eventually(t, "its line is kept", func() bool { return len(k.all()) == n+1 }) // a moment after its answer
	}
	l := k.all()[0]
	if time.Since(l.Time) > time.Minute || l.Took <= 0 || l.Took > time.Minute {
		t.Errorf("at %v, took %v", l.Time, l.Took)
	}
	l.Time, l.Took = time.Time{}, 0
	want := core.AccessLine{Domain: "app.test", Source: "127.0.0.1", Method: "POST", Path: "/201/10", Protocol: "HTTP/1.1", Status: 201, In: 3, Out: 10,
		Instance: instance.Address, Version: "1.4", Agent: "curl 8 \uFFFD"}
	if l != want {
		t.Errorf("\n got %+v\nwant %+v", l, want)
	}
	if l := k.all()[1]; len(l.Path) != core.MaxAccessPath || l.Protocol != "HTTP/1.0" {
		t.Errorf("%+v", l)
	}
	if l := k.all()[2]; l.Path != "/" {
		t.Errorf("%+v", l)
	}
	if k.bad > 0 || k.lost > 0 {
		t.Errorf("%d bad lines, %d lost", k.bad, k.lost)
	}
}

// The line of a request that failed says why, and the last failures are kept.
func TestFailuresAreKept(t *testing.T) {
	k := &keeper{}
	f := start(t, Options{Access: k, Timeouts: Timeouts{Response: 50 * time.Millisecond}})
	f.app()
	f.ask("GET /nobody HTTP/1.1\r\nHost: app.test\r\n\r\n")
	release := make(chan struct{})
	defer close(release)
	instance := f.publish("app", "1", server(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/slow":
			<-release
		case "/cut":
			w.Header().Set("Content-Length", "10")
			io.WriteString(w, "half")
			w.(http.Flusher).Flush()
		}
		panic(http.ErrAbortHandler)
	}))
	kept := func(n int) {
		eventually(t, "a failure is kept", func() bool { return len(f.gateway.Failures("app")) == n })
	}
	kept(1)
	f.ask("POST /slow?a HTTP/1.1\r\nHost: app.test\r\nContent-Length: 0\r\n\r\n")
	kept(2) // a moment after its answer
	f.ask("POST /broken HTTP/1.1\r\nHost: app.test\r\nContent-Length: 0\r\n\r\n")
	kept(3)
	c := f.dial()
	c.send("GET /cut HTTP/1.1\r\nHost: app.test\r\n\r\n")
	io.Copy(io.Discard, c.Reader)
	kept(4)
	want := []core.FailedRequest{
		{Domain: "app.test", Method: "GET", Path: "/nobody", Status: 503, Fault: core.FaultNoInstance},
		{Domain: "app.test", Method: "POST", Path: "/slow", Status: 504, Fault: core.FaultSlow, Instance: instance.Address, Version: "1"},
		{Domain: "app.test", Method: "POST", Path: "/broken", Status: 502, Fault: core.FaultBroken, Instance: instance.Address, Version: "1"},
		{Domain: "app.test", Method: "GET", Path: "/cut", Status: 200, Fault: core.FaultCut, Instance: instance.Address, Version: "1"},
	}
	for i, got := range f.gateway.Failures("app") {
		if time.Since(got.Time) > time.Minute {
			t.Errorf("at %v", got.Time)
		}
		if got.Time = (time.Time{}); got != want[i] {
			t.Errorf("\n got %+v\nwant %+v", got, want[i])
		}
	}
	eventually(t, "their lines are written", func() bool { return len(k.all()) == 4 })
	for i, l := range k.all() {
		if l.Fault != want[i].Fault {
			t.Errorf("%+v", l)
		}
	}
	for range 100 {
		f.ask("POST /broken HTTP/1.1\r\nHost: app.test\r\nContent-Length: 0\r\n\r\n")
	}
	if n := len(f.gateway.Failures("app")); n > 32 {
		t.Errorf("%d failures are kept", n)
	}
}

// A sink that stalls costs lines, never requests, and no more memory than is allowed; what was lost is told.
func TestAccessLogThatStalls(t *testing.T) {
	k := &keeper{hold: make(chan struct{})}
	f := start(t, Options{Access: k})
	f.app(saying(t, "ok"))
	c := f.dial()
	request := "GET /" + repeat("p", 190) + " HTTP/1.1\r\nHost: app.test\r\nUser-Agent: " + repeat("a", 120) + "\r\n\r\n"
	const n = 3000
	for range n {
		c.send(request)
		if res, _ := c.response("GET"); res.StatusCode != 200 {
			t.Fatalf("status %d", res.StatusCode)
		}
	}
	if held := f.gateway.access.waiting.Load(); held > (2*accessBlocks+2)*largeBuffer {
		t.Errorf("%d bytes are held", held)
	}
	close(k.hold)
	eventually(t, "every line is written or counted as lost", func() bool {
		lines := len(k.all())
		k.mu.Lock()
		defer k.mu.Unlock()
		return k.lost > 0 && k.lost+int64(lines) == n
	})
	eventually(t, "all memory is given back", func() bool { return f.gateway.access.waiting.Load() == 0 })
	if k.bad > 0 {
		t.Errorf("%d bad lines", k.bad)
	}
}

// What is under way when the gateway stops is logged too.
func TestAccessLogIsWholeAtTheEnd(t *testing.T) {
	k := &keeper{}
	f := start(t, Options{Access: k})
	f.app(saying(t, "ok"))
	f.ask(strings.Replace(get, "\r\n\r\n", "\r\nConnection: close\r\n\r\n", 1))
	f.stop()
	<-f.stopped
	if n := len(k.all()); n != 1 {
		t.Errorf("%d lines", n)
	}
}

// While the gateway drains, lines go to the sink as ever: more of them than an app may have wait.
func TestAccessLogGoesOnWhileTheGatewayDrains(t *testing.T) {
	k, release := &keeper{}, make(chan struct{})
	f := start(t, Options{Access: k, Timeouts: Timeouts{Drain: time.Hour}})
	f.app(server(t, func(http.ResponseWriter, *http.Request) { <-release }))
	defer func() {
		close(release)
		<-f.stopped
		if k.bad > 0 || k.lost > 0 {
			t.Errorf("%d bad lines, %d lost", k.bad, k.lost)
		}
	}()
	f.dial().send(get)
	eventually(t, "a request is under way", func() bool { return f.counts().Total.Active == 1 })
	f.stop()
	eventually(t, "the gateway drains", func() bool { return f.gateway.draining.Load() })
	l, a := f.gateway.access, f.gateway.table.app("app")
	var y tally
	y.note.set([]byte("app.test"), "127.0.0.1", []byte("GET"), []byte("/"+repeat("p", 190)), nil, "HTTP/1.1")
	for written := 0; written < 2*accessBlocks*largeBuffer; written += 200 {
		l.append(a, &y, time.Now())
		if l.waiting.Load() > accessBlocks/2*largeBuffer {
			eventually(t, "lines are written", func() bool { return l.waiting.Load() < largeBuffer })
		}
	}
}

// However many blocks of an app are full, it waits for the sink once and behind those who have waited longer; what was
// lost is told with the next lines.
func TestAFullAppWaitsOnce(t *testing.T) {
	l, now := newAccessLog(&keeper{}), time.Now()
	busy, quiet := &app{id: "busy"}, &app{id: "quiet"}
	l.room(quiet, now)
	for l.room(busy, now) {
	}
	busy.access.lost = 3
	if len(l.full) != 1 || len(busy.access.blocks) != accessBlocks {
		t.Errorf("%d times, %d blocks", len(l.full), len(busy.access.blocks))
	}
	if a, listed := l.next(now.Add(accessSoon), false); a != quiet || !listed {
		t.Errorf("%v goes first", a)
	}
	if blocks, lost := quiet.access.take(now, true); len(blocks) != 1 || lost != 0 {
		t.Errorf("%d blocks, %d lost", len(blocks), lost)
	}
	quiet.access.lost = 2
	if _, lost := quiet.access.take(now, true); lost != 0 || quiet.access.lost != 2 {
		t.Errorf("%d lost without a line to tell it with", lost)
	}
}

package gateway

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"berth/core"
)

// mixed answers "/200/1000" with that status and as many bytes, and breaks off for "/break".
func mixed(t testing.TB) string {
	return server(t, func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		_, rest, _ := strings.Cut(r.URL.Path, "/")
		status, size, _ := strings.Cut(rest, "/")
		if status == "break" {
			w.Header().Set("Content-Length", "10")
			io.WriteString(w, "half")
			w.(http.Flusher).Flush()
			panic(http.ErrAbortHandler)
		}
		code, _ := strconv.Atoi(status)
		n, _ := strconv.Atoi(size)
		w.WriteHeader(code)
		io.WriteString(w, repeat("x", n))
	})
}

// settled returns the counts of the app when nothing is under way any more.
func (f *fixture) settled() core.TrafficCounts {
	f.t.Helper()
	eventually(f.t, "all exchanges have ended", func() bool { return f.counts().Total.Active == 0 })
	return f.counts()
}

// Every request is counted once for the app, its domain, its version and its instance, whatever became of it.
func TestCountsAreExactUnderConcurrency(t *testing.T) {
	const clients, rounds = 16, 25
	f := start(t, Options{})
	f.app(mixed(t), mixed(t))
	var asking sync.WaitGroup
	for range clients {
		asking.Go(func() {
			c := f.httpClient()
			ask := func(method, path, body string) {
				req, _ := http.NewRequest(method, "http://app.test"+path, strings.NewReader(body))
				if res, err := c.Do(req); err == nil {
					io.Copy(io.Discard, res.Body)
					res.Body.Close()
				}
			}
			for range rounds {
				ask("GET", "/200/100", "")
				ask("POST", "/201/10", repeat("u", 5000))
				ask("GET", "/404/7", "")
				ask("GET", "/500/1", "")
				ask("GET", "/break", "")
			}
		})
	}
	asking.Wait()
	c := f.settled()
	const each = clients * rounds
	want := core.RequestCounts{Requests: 5 * each, Failed: each, Classes: [5]int64{0, 3 * each, 0, each, each},
		BytesIn: 5000 * each, BytesOut: (100 + 10 + 7 + 1 + 4) * each}
	sum := core.RequestCounts{}
	for _, i := range c.Instances {
		sum = sum.Plus(i)
	}
	for what, got := range map[string]core.RequestCounts{"app": c.Total, "version": c.Versions["1"], "domain": c.Domains["app.test"], "instances": sum} {
		if n := measured(got.Latency); n != 5*each {
			t.Errorf("%s: the latency of %d requests, want %d", what, n, 5*each)
		}
		got.Latency = core.Latency{}
		if got != want {
			t.Errorf("%s:\n got %+v\nwant %+v", what, got, want)
		}
	}
	if c.Requests != 5*each || c.Failed != each || len(c.Instances) != 2 {
		t.Errorf("%d requests, %d failed, %d instances", c.Requests, c.Failed, len(c.Instances))
	}
}

func measured(l core.Latency) (n int64) {
	for _, b := range l {
		n += b
	}
	return n
}

// A WebSocket is counted when it begins, and under way until it ends; its bytes come at the end.
func TestWebSocketIsCounted(t *testing.T) {
	f := start(t, Options{})
	f.app(echo(t))
	c := f.socket()
	eventually(t, "the switch is counted", func() bool { return f.counts().Total.Classes[0] == 1 })
	if got := f.counts().Versions["1"]; got.Requests != 1 || got.Active != 1 || got.BytesIn != 0 {
		t.Errorf("while it is open: %+v", got)
	}
	if err := c.WriteMessage(websocket.TextMessage, []byte("hello")); err != nil {
		t.Fatal(err)
	}
	if _, _, err := c.ReadMessage(); err != nil {
		t.Fatal(err)
	}
	c.Close()
	got := f.settled().Domains["app.test"]
	if got.Requests != 1 || got.Classes != [5]int64{1} || got.Failed != 0 || measured(got.Latency) != 0 || got.BytesIn != 11 || got.BytesOut != 7 {
		t.Errorf("after its end: %+v", got)
	}
}

// Clients that leave before they are answered are counted as that, and fail nothing.
func TestClientsThatLeaveAreCounted(t *testing.T) {
	f := start(t, Options{})
	release := make(chan struct{})
	heard := make(chan struct{}, 10)
	f.app(tcpOrigin(t, func(c net.Conn, r *bufio.Reader) {
		readHeadText(r)
		heard <- struct{}{}
		<-release
	}).address())
	for range 10 {
		c := f.dial()
		c.send("POST /slow HTTP/1.1\r\nHost: app.test\r\nContent-Length: 5\r\n\r\nab")
		<-heard
		c.Close()
	}
	got := f.settled().Total
	close(release)
	if got.Requests != 10 || got.Unanswered != 10 || got.Failed != 0 || got.Classes != [5]int64{} || measured(got.Latency) != 0 {
		t.Errorf("%+v", got)
	}
}

// An instance that breaks off is told apart from those that answered in its place.
func TestRetriesAreCountedWhereTheyBrokeOff(t *testing.T) {
	f := start(t, Options{})
	bad := f.publish("app", "2", tcpOrigin(t, func(c net.Conn, r *bufio.Reader) { readHeadText(r) }).address())
	good := f.publish("app", "1", mixed(t))
	f.route(core.Route{Domain: "app.test", AppID: "app", Weights: map[string]int{"1": 50, "2": 50}})
	for range 20 {
		res, _ := f.ask("GET /200/1 HTTP/1.1\r\nHost: app.test\r\n\r\n")
		wantStatus(t, res, 200)
	}
	c := f.settled()
	if got := c.Versions["2"]; got.Requests < 10 || got.Retried != got.Requests || got.Failed != 0 || got.Active != 0 || got != c.Instances[bad.Address] {
		t.Errorf("the bad version: %+v", got)
	}
	if got := c.Versions["1"]; got.Requests != 20 || got.Retried != 0 || got.Classes[1] != 20 || got != c.Instances[good.Address] {
		t.Errorf("the good version: %+v", got)
	}
	if c.Total.Requests != 20 || c.Total.Classes[1] != 20 || c.Total.Retried != 0 {
		t.Errorf("the app: %+v", c.Total)
	}
}

// What could not be written to an instance never was there: neither when it goes there over another connection, nor when
// it goes elsewhere, nor when nobody takes it.
func TestWhatWasNotWrittenIsNotCounted(t *testing.T) {
	f := start(t, Options{})
	o := tcpOrigin(t, func(c net.Conn, r *bufio.Reader) {
		always("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")(c, r)
		<-t.Context().Done() // it does not answer the end of the connection with its own
	})
	first := f.publish("app", "1", o.address())
	f.route(core.Route{Domain: "app.test", AppID: "app", Weights: map[string]int{"1": 100}})
	i := f.gateway.table.app("app").instances.Load().all.list[0]
	deafen := func() { // the next write to the connection that rests fails, which shows in no other way
		eventually(t, "a connection rests", func() bool {
			i.mu.Lock()
			defer i.mu.Unlock()
			resting := i.resting()
			return len(resting) == 1 && resting[0].conn.(*link).CloseWrite() == nil
		})
	}
	post := "POST / HTTP/1.1\r\nHost: app.test\r\nContent-Length: 0\r\n\r\n"
	c := f.dial()
	expect := func(text string, status int, requests int64) {
		t.Helper()
		c.send(text)
		res, _ := c.response(text[:strings.IndexByte(text, ' ')])
		wantStatus(t, res, status)
		if c := f.settled().Instances[first.Address]; c.Requests != requests || c.Retried != 0 || c.Failed != 0 || c.Active != 0 {
			t.Errorf("after %d requests: %+v", requests, c)
		}
	}
	expect(get, 200, 1)
	for n := range int64(3) {
		deafen()
		expect(post, 200, 2+n)
	}
	deafen()
	o.Close()
	expect(get, 502, 4)
}

// What no instance could answer counts for the app and the domain, and for no version.
func TestRequestsWithoutAnInstanceAreCounted(t *testing.T) {
	f := start(t, Options{})
	f.app()
	f.ask(get)
	c := f.settled()
	if c.Total.Requests != 1 || c.Total.Failed != 1 || c.Total.Classes[4] != 1 || c.Domains["app.test"] != c.Total || len(c.Versions) != 0 {
		t.Errorf("%+v", c)
	}
}

// Versions that are gone are forgotten in the end, the oldest first; those that are there keep their counts.
func TestCountsOfOldVersionsAreBounded(t *testing.T) {
	f := start(t, Options{})
	stays := f.publish("app", "stays", mixed(t))
	f.route(core.Route{Domain: "app.test", AppID: "app", Weights: map[string]int{"stays": 100}})
	f.ask("GET /200/1 HTTP/1.1\r\nHost: app.test\r\n\r\n")
	for i := range 3 * oldVersions {
		f.withdraw(f.publish("app", "v"+strconv.Itoa(i), stays.Address))
	}
	c := f.settled()
	if n := len(c.Versions); n > oldVersions+2 {
		t.Errorf("%d versions are kept", n)
	}
	if _, kept := c.Versions["v"+strconv.Itoa(3*oldVersions-1)]; !kept || c.Versions["stays"].Requests != 1 {
		t.Errorf("%v", c.Versions)
	}
}

// A domain's counts outlive changes of its route and go with it.
func TestCountsOfADomainGoWithItsRoute(t *testing.T) {
	f := start(t, Options{})
	f.app(saying(t, "ok"))
	f.ask(get)
	f.route(core.Route{Domain: "app.test", AppID: "app", Weights: map[string]int{"1": 50}})
	f.ask(get)
	if n := f.settled().Domains["app.test"].Requests; n != 2 {
		t.Errorf("%d requests, want 2", n)
	}
	if err := f.registry.DeleteRoute(t.Context(), "app.test"); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the domain's counts go", func() bool { return len(f.counts().Domains) == 0 })
	if n := f.counts().Total.Requests; n != 2 {
		t.Errorf("%d requests of the app, want 2", n)
	}
}

// A quantile is off by no more than its bucket is wide.
func TestQuantilesOfTheGateway(t *testing.T) {
	f := start(t, Options{})
	f.app(server(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/slow" {
			time.Sleep(200 * time.Millisecond)
		}
	}))
	for i := range 20 {
		path := "/"
		if i >= 16 {
			path = "/slow"
		}
		f.ask("GET " + path + " HTTP/1.1\r\nHost: app.test\r\n\r\n")
	}
	l := f.settled().Total.Latency
	if q := l.Quantile(0.9); q < 190*time.Millisecond*2/3 || q > time.Second {
		t.Errorf("p90 is %v", q)
	}
	if q := l.Quantile(0.5); q >= 130*time.Millisecond {
		t.Errorf("p50 is %v", q)
	}
}

package health

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"berth/core"
)

func serve(t *testing.T, h http.HandlerFunc) string {
	return listen(t, h, nil)
}

func listen(t *testing.T, h http.HandlerFunc, protocols *http.Protocols) string {
	s := httptest.NewUnstartedServer(h)
	s.Config.Protocols = protocols
	s.Start()
	t.Cleanup(s.Close)
	return strings.TrimPrefix(s.URL, "http://")
}

func TestProbeJudgesAnswers(t *testing.T) {
	var followed atomic.Bool
	answers := serve(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/redirect":
			http.Redirect(w, r, "/followed", http.StatusFound)
		case "/followed":
			followed.Store(true)
		case "/missing":
			http.NotFound(w, r)
		case "/slow":
			<-r.Context().Done()
		case "/endless":
			io.Copy(w, endless{})
		case "/abort":
			panic(http.ErrAbortHandler)
		case "/text":
			fmt.Fprint(w, "all is well ✓, and more")
		case "/text-then-endless":
			fmt.Fprint(w, "all is well")
			http.NewResponseController(w).Flush()
			<-r.Context().Done()
		case "/late":
			io.CopyN(w, endless{}, int64(core.MaxHealthBody))
			fmt.Fprint(w, "all is well")
		}
	})
	closed := closedPort(t)
	for _, c := range []struct{ address, path, status, text, want string }{
		{answers, "/", "", "", ""},
		{answers, "/redirect", "", "", ""},
		{answers, "/redirect", "200-299", "", "health.status"},
		{answers, "/missing", "", "", "health.status"},
		{answers, "/missing", "200,404", "", ""},
		{answers, "/text", "", "well ✓", ""},
		{answers, "/text", "", "ill", "health.text"},
		{answers, "/text", "201", "well", "health.status"},
		{answers, "/text-then-endless", "", "well", ""},
		{answers, "/late", "", "well", "health.text"},
		{answers, "/slow", "", "", "health.timeout"},
		{answers, "/endless", "", "", ""},
		{answers, "/abort", "", "", "health.broken_off"},
		{closed, "/", "", "", "health.refused"},
	} {
		q := core.Probe{Kind: core.ProbeHTTP, Path: c.path, Status: c.status, Text: c.text}
		if got := key(NewProber().Probe(t.Context(), c.address, q, 300*time.Millisecond)); got != c.want {
			t.Errorf("%s: %q, want %q", q, got, c.want)
		}
	}
	if followed.Load() {
		t.Error("followed a redirect")
	}
}

func key(err error) string {
	if err == nil {
		return ""
	}
	return core.ErrorMessage(err).Key
}

func TestProbeReadsBoundedAnswers(t *testing.T) {
	written := make(chan int64, 1)
	address := serve(t, func(w http.ResponseWriter, r *http.Request) {
		n, _ := io.Copy(w, io.LimitReader(endless{}, 10<<30))
		written <- n
	})
	q := core.Probe{Kind: core.ProbeHTTP, Path: "/"}
	if err := NewProber().Probe(t.Context(), address, q, 5*time.Second); err != nil {
		t.Fatal(err)
	}
	if n := <-written; n > 64<<20 {
		t.Errorf("the instance could send %d bytes", n)
	}
}

func TestProbeTCP(t *testing.T) {
	address := serve(t, func(http.ResponseWriter, *http.Request) {})
	q := core.Probe{Kind: core.ProbeTCP}
	if err := NewProber().Probe(t.Context(), address, q, time.Second); err != nil {
		t.Error(err)
	}
	if err := NewProber().Probe(t.Context(), closedPort(t), q, time.Second); core.ErrorCode(err) != core.EUNREACHABLE {
		t.Errorf("a closed port: %v", err)
	}
}

func TestProbeGRPC(t *testing.T) {
	h2c := &http.Protocols{}
	h2c.SetUnencryptedHTTP2(true)
	framed := func(message ...byte) string {
		return string(append(binary.BigEndian.AppendUint32([]byte{0}, uint32(len(message))), message...))
	}
	var body, code string
	address := listen(t, func(w http.ResponseWriter, r *http.Request) {
		asked, _ := io.ReadAll(r.Body)
		if r.URL.Path != "/grpc.health.v1.Health/Check" || r.Header.Get("Content-Type") != "application/grpc" ||
			string(asked) != framed(append([]byte{10, 9}, "shop.Cart"...)...) {
			t.Errorf("asked %s %v %q", r.URL.Path, r.Header, asked)
		}
		w.Header().Set("Content-Type", "application/grpc")
		w.Header().Set("Trailer", "Grpc-Status")
		io.WriteString(w, body)
		w.Header().Set("Grpc-Status", code)
	}, h2c)
	q := core.Probe{Kind: core.ProbeGRPC, Service: "shop.Cart"}
	for _, c := range []struct{ body, code, want string }{
		{framed(8, 1), "0", ""},
		{framed(8, 2), "0", "health.grpc_not_serving"},
		{framed(), "0", "health.grpc_not_serving"},
		{framed(8, 3), "0", "health.grpc_not_serving"},
		{"", "5", "health.grpc_unknown"},
		{"", "12", "health.grpc_missing"},
		{"", "13", "health.grpc_code"},
		{"", "", "health.no_grpc"},
		{"rubbish", "0", "health.malformed"},
		{"\x00\xff\xff\xff\xff\x08\x01", "0", "health.malformed"},
		{framed(8), "0", "health.malformed"},
		{framed(10, 1, 'x'), "0", "health.malformed"},
	} {
		body, code = c.body, c.code
		if got := key(NewProber().Probe(t.Context(), address, q, 5*time.Second)); got != c.want {
			t.Errorf("%q %q: %q, want %q", c.body, c.code, got, c.want)
		}
	}
	plain := serve(t, func(http.ResponseWriter, *http.Request) {})
	if err := NewProber().Probe(t.Context(), plain, q, time.Second); core.ErrorCode(err) != core.EUNREACHABLE {
		t.Errorf("HTTP/1.1: %v", err)
	}
	if got := key(NewProber().Probe(t.Context(), closedPort(t), q, time.Second)); got != "health.refused" {
		t.Errorf("a closed port: %q", got)
	}
}

func TestMonitorWakesOnChange(t *testing.T) {
	var well atomic.Bool
	address := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if !well.Load() {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	})
	m, woken := monitor(t, nil)
	check := core.HealthCheck{Path: "/healthz", Interval: core.Duration(20 * time.Millisecond), Failures: 2}
	i := core.Instance{ID: "i1", AppID: "shop", Address: address, State: core.InstanceStarting}
	m.Watch(i, check)
	waitFor(t, func() error {
		if r := m.Result("i1"); r.Asked < 3 || r.Answered || r.Problem.Key != "health.status" || r.Waited <= 0 {
			return fmt.Errorf("%+v", r)
		}
		return nil
	})
	for len(woken) > 0 {
		<-woken
	}
	well.Store(true)
	if app := <-woken; app != "shop" || !m.Result("i1").Answered {
		t.Errorf("woke %q, %+v", app, m.Result("i1"))
	}
	well.Store(false)
	if <-woken; m.Result("i1").Answered || m.Result("i1").Failures < 2 || m.Result("i1").AliveFailures < 2 {
		t.Errorf("%+v", m.Result("i1"))
	}
	answers, _ := m.Answers(t.Context(), "shop")
	if list := answers["i1"]; len(list) < 3 || len(list) > core.MaxHealthAnswers || list[0].Good() || list[0].Asked.Path != "/healthz" {
		t.Errorf("%+v", list)
	}
	if others, _ := m.Answers(t.Context(), "other"); len(others) > 0 {
		t.Errorf("another app has %v", others)
	}
	m.Forget("i1")
	if r := m.Result("i1"); r.Asked != 0 {
		t.Errorf("after Forget: %+v", r)
	}
}

// An instance that serves is asked at its interval and no faster, whenever Berth begins to ask it.
func TestAReadyInstanceIsNotHurried(t *testing.T) {
	var asked atomic.Int64
	address := serve(t, func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		w.WriteHeader(http.StatusServiceUnavailable)
	})
	m, woken := monitor(t, nil)
	began := time.Now()
	m.Watch(core.Instance{ID: "i1", AppID: "shop", Address: address, State: core.InstanceReady},
		core.HealthCheck{Path: "/", Interval: core.Duration(100 * time.Millisecond), Failures: 3})
	<-woken
	if took := time.Since(began); took < 200*time.Millisecond || asked.Load() != 3 {
		t.Errorf("called unwell after %s and %d answers", took, asked.Load())
	}
}

// One whose machine is silent is asked on. What it did not answer meanwhile does not count when it is watched again.
func TestADiscountedInstance(t *testing.T) {
	m := NewMonitor(NewProber(), nil, func(string) {})
	t.Cleanup(m.Close)
	i := core.Instance{ID: "i1", AppID: "shop", Address: serve(t, http.NotFound), State: core.InstanceReady}
	check := core.HealthCheck{Path: "/", Interval: core.Duration(100 * time.Millisecond), Failures: 3}
	failed := func(times int) {
		t.Helper()
		waitFor(t, func() error {
			if r := m.Result("i1"); r.Failures < times || r.AliveFailures < times {
				return fmt.Errorf("%+v", r)
			}
			return nil
		})
	}
	m.Watch(i, check)
	failed(2)
	m.Discount("i1")
	failed(4)
	m.Watch(i, check)
	if r := m.Result("i1"); r.Failures > 1 || r.AliveFailures > 1 || r.Waited > time.Second {
		t.Errorf("%+v", r)
	}
	if answers, _ := m.Answers(t.Context(), "shop"); len(answers["i1"]) < 4 {
		t.Errorf("%+v", answers)
	}
	failed(3)
}

func TestGoodAnswersInARow(t *testing.T) {
	q := question{}
	check := core.HealthCheck{Failures: 2, Successes: 2}
	bad := core.HealthAnswer{Problem: core.T("health.refused")}
	for n, step := range []struct {
		answer        core.HealthAnswer
		changed, well bool
	}{{core.HealthAnswer{}, false, false}, {bad, false, false}, {core.HealthAnswer{}, false, false}, {core.HealthAnswer{}, true, true},
		{bad, false, true}, {core.HealthAnswer{}, false, true}, {bad, false, true}, {bad, true, false}, {bad, false, false},
		{core.HealthAnswer{}, false, false}, {core.HealthAnswer{}, true, true}} {
		if changed := q.take(step.answer, check); changed != step.changed || q.well != step.well {
			t.Errorf("answer %d: changed %v, well %v", n, changed, q.well)
		}
	}
}

// Readiness and liveness are two questions: the one that fails is told of.
func TestTwoQuestions(t *testing.T) {
	var path atomic.Value
	path.Store("")
	address := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == path.Load() {
			w.WriteHeader(http.StatusInternalServerError)
		}
	})
	m, _ := monitor(t, nil)
	m.Watch(core.Instance{ID: "i1", AppID: "shop", Address: address}, core.HealthCheck{Path: "/ready",
		Interval: core.Duration(20 * time.Millisecond), Failures: 2, Alive: core.Probe{Path: "/alive"}})
	is := func(ready, alive bool) {
		t.Helper()
		waitFor(t, func() error {
			if r := m.Result("i1"); r.Answered != ready || (r.AliveFailures < 2) != alive || r.Asked == 0 {
				return fmt.Errorf("%+v", r)
			}
			return nil
		})
	}
	is(true, true)
	path.Store("/ready")
	is(false, true)
	path.Store("/alive")
	is(true, false)
	answers, _ := m.Answers(t.Context(), "shop")
	var kinds [2]bool
	for _, a := range answers["i1"] {
		kinds[map[bool]int{true: 1}[a.Alive]] = true
	}
	if !kinds[0] || !kinds[1] {
		t.Errorf("%+v", answers)
	}
}

func TestGuess(t *testing.T) {
	var ready atomic.Bool
	for name, c := range map[string]struct {
		address string
		want    string
	}{
		"pings": {serve(t, func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path != core.AutoPath {
				http.NotFound(w, r)
			}
		}), "http /_ping"},
		"pings later": {serve(t, func(w http.ResponseWriter, r *http.Request) {
			if !ready.Swap(true) {
				w.WriteHeader(http.StatusServiceUnavailable)
			}
		}), "http /_ping"},
		"has no ping": {serve(t, http.NotFound), "tcp"},
		"fails at it": {serve(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) }), "tcp"},
		"no HTTP":     {speaks(t, "220 mail.example.com ESMTP\r\n"), "tcp"},
		"says naught": {speaks(t, ""), "tcp"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m, woken := monitor(t, nil)
			m.Watch(core.Instance{ID: "i1", AppID: "shop", Address: c.address, State: core.InstanceStarting}, core.HealthCheck{})
			<-woken
			answers, _ := m.Answers(t.Context(), "shop")
			if r := m.Result("i1"); !r.Answered || answers["i1"][0].Asked.String() != c.want {
				t.Errorf("%+v %+v", r, answers)
			}
		})
	}
}

// speaks is a program that greets whoever connects, and says nothing else.
func speaks(t *testing.T, greeting string) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			t.Cleanup(func() { c.Close() })
			io.WriteString(c, greeting)
		}
	}()
	return l.Addr().String()
}

// own is an engine whose one container has a check of its own.
type own struct {
	mu sync.Mutex
	c  core.Container
}

func (o *own) Engine(string) (core.Engine, error) { return ownEngine{of: o}, nil }

type ownEngine struct {
	core.Engine
	of *own
}

func (o ownEngine) Inspect(context.Context, string) (core.Container, error) {
	o.of.mu.Lock()
	defer o.of.mu.Unlock()
	return o.of.c, nil
}

func TestTheImagesOwnCheck(t *testing.T) {
	at := time.Now()
	o := &own{c: core.Container{Running: true, StartedAt: at, Checks: []core.OwnCheck{{At: at.Add(-time.Hour), Good: true}}}}
	m, woken := monitor(t, o)
	m.Watch(core.Instance{ID: "i1", AppID: "shop", State: core.InstanceStarting}, core.HealthCheck{Kind: core.ProbeImage, Failures: 2})
	tell := func(good bool, output string) {
		o.mu.Lock()
		defer o.mu.Unlock()
		at = at.Add(time.Second)
		o.c.Checks = append(o.c.Checks, core.OwnCheck{At: at, Good: good, Output: output})
	}
	tell(true, "")
	<-woken
	if r := m.Result("i1"); !r.Answered || r.Asked != 1 {
		t.Errorf("what was before its start counts: %+v", r)
	}
	tell(false, "cannot connect")
	tell(false, "")
	<-woken
	answers, _ := m.Answers(t.Context(), "shop")
	list := answers["i1"]
	if r := m.Result("i1"); r.Answered || r.Failures != 2 || len(list) != 3 || list[1].Problem.Args["output"] != "cannot connect" || list[0].Problem.Key != "health.own_silent" {
		t.Errorf("%+v %+v", r, list)
	}
}

// kept is a store that remembers what it was given.
type kept struct {
	core.AnswerStore
	puts chan map[string][]core.HealthAnswer
}

func (k kept) Put(_ context.Context, answers map[string][]core.HealthAnswer) error {
	k.puts <- answers
	return nil
}

func TestAnswersAreKeptForThePortal(t *testing.T) {
	m, woken := monitor(t, nil)
	m.Watch(core.Instance{ID: "i1", AppID: "shop", Address: serve(t, http.NotFound), State: core.InstanceStarting}, core.HealthCheck{Interval: core.Duration(time.Hour)})
	<-woken
	k := kept{puts: make(chan map[string][]core.HealthAnswer, 10)}
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if err := m.Keep(ctx, k, 10*time.Millisecond); !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
	if first := <-k.puts; len(first["i1"]) != 1 || len(k.puts) > 0 {
		t.Errorf("%+v, and %d more", first, len(k.puts))
	}
}

func monitor(t *testing.T, engines core.Engines) (*Monitor, chan string) {
	woken := make(chan string, 100)
	m := NewMonitor(NewProber(), engines, func(app string) { woken <- app })
	t.Cleanup(m.Close)
	return m, woken
}

type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }

func closedPort(t *testing.T) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func waitFor(t *testing.T, check func() error) {
	t.Helper()
	err := errors.New("not checked")
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(2 * time.Millisecond) {
		if err = check(); err == nil {
			return
		}
	}
	t.Fatal(err)
}

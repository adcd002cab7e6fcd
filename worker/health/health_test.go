package health

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"berth/core"
)

func serve(t *testing.T, h http.HandlerFunc) string {
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return strings.TrimPrefix(s.URL, "http://")
}

func httpCheck(timeout time.Duration) core.HealthCheck {
	return core.HealthCheck{Kind: "http", Path: "/healthz", Timeout: core.Duration(timeout)}
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
		}
	})
	closed := closedPort(t)
	for _, c := range []struct{ address, path, want string }{
		{answers, "/", ""},
		{answers, "/redirect", ""},
		{answers, "/missing", "health.status"},
		{answers, "/slow", "health.timeout"},
		{answers, "/endless", ""},
		{answers, "/abort", "health.broken_off"},
		{closed, "/", "health.refused"},
	} {
		check := httpCheck(300 * time.Millisecond)
		check.Path = c.path
		err := NewProber().Probe(t.Context(), c.address, check)
		got := ""
		if err != nil {
			got = core.ErrorMessage(err).Key
		}
		if got != c.want {
			t.Errorf("GET %s: %v, want %q", c.path, err, c.want)
		}
	}
	if followed.Load() {
		t.Error("followed a redirect")
	}
}

func TestProbeReadsBoundedAnswers(t *testing.T) {
	written := make(chan int64, 1)
	address := serve(t, func(w http.ResponseWriter, r *http.Request) {
		n, _ := io.Copy(w, io.LimitReader(endless{}, 10<<30))
		written <- n
	})
	if err := NewProber().Probe(t.Context(), address, httpCheck(5*time.Second)); err != nil {
		t.Fatal(err)
	}
	if n := <-written; n > 64<<20 {
		t.Errorf("the instance could send %d bytes", n)
	}
}

func TestProbeTCP(t *testing.T) {
	address := serve(t, func(http.ResponseWriter, *http.Request) {})
	if err := NewProber().Probe(t.Context(), address, core.HealthCheck{}); err != nil {
		t.Error(err)
	}
	if err := NewProber().Probe(t.Context(), closedPort(t), core.HealthCheck{}); core.ErrorCode(err) != core.EUNREACHABLE {
		t.Errorf("a closed port: %v", err)
	}
}

func TestMonitorWakesOnChange(t *testing.T) {
	var well atomic.Bool
	address := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if !well.Load() {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	})
	woken := make(chan string, 10)
	m := NewMonitor(NewProber(), func(app string) { woken <- app })
	t.Cleanup(m.Close)
	check := httpCheck(time.Second)
	check.Interval, check.Failures = core.Duration(20*time.Millisecond), 2
	i := core.Instance{ID: "i1", AppID: "shop", Address: address, StartedAt: time.Now()}
	m.Watch(i, check)
	waitFor(t, func() error {
		if r := m.Result("i1"); r.Asked < 3 || r.Answered || r.Problem.Key != "health.status" {
			return fmt.Errorf("%+v", r)
		}
		return nil
	})
	if len(woken) > 0 {
		t.Error("woken before it answered")
	}
	well.Store(true)
	if app := <-woken; app != "shop" || !m.Result("i1").Answered {
		t.Errorf("woke %q, %+v", app, m.Result("i1"))
	}
	well.Store(false)
	if <-woken; m.Result("i1").Answered || m.Result("i1").Failures < 2 {
		t.Errorf("%+v", m.Result("i1"))
	}
	m.Forget("i1")
	if r := m.Result("i1"); r.Asked != 0 {
		t.Errorf("after Forget: %+v", r)
	}
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

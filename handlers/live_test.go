package handlers

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/a-h/templ"
	"github.com/gorilla/websocket"
	"github.com/labstack/echo/v4"

	"berth/core"
)

// liveService is a Service that only changes.
type liveService struct {
	Service
	changes chan core.Change
	gone    atomic.Bool // the app, for the actor
	flood   bool        // the app writes without end
	drowned chan struct{}
}

func (s *liveService) Subscribe(context.Context) <-chan core.Change { return s.changes }

func (s *liveService) App(context.Context, string) (core.App, error) {
	if s.gone.Load() {
		return core.App{}, core.NotFound()
	}
	return core.App{ID: "shop"}, nil
}

func (s *liveService) MayReadLogs(ctx context.Context, id string) error {
	_, err := s.App(ctx, id)
	return err
}

func (s *liveService) StreamLogs(ctx context.Context, _ core.LogView, write func(core.LogLine) error) error {
	if !s.flood {
		<-ctx.Done()
		return ctx.Err()
	}
	defer close(s.drowned)
	for line := (core.LogLine{Line: strings.Repeat("y", core.MaxLogLine)}); ; {
		if err := write(line); err != nil {
			return err
		}
	}
}

// liveFixture serves one stream at /live and the log of an app at /logs.
type liveFixture struct {
	handlers *Handlers
	service  *liveService
	revoked  atomic.Bool
	shown    atomic.Int64 // what the fragment says
	looks    atomic.Int64
	url      string
}

func newLiveFixture(t *testing.T, l live) *liveFixture {
	f := &liveFixture{service: &liveService{changes: make(chan core.Change), drowned: make(chan struct{})}}
	f.handlers = &Handlers{Service: f.service}
	f.handlers.Recheck, f.handlers.write = 30*time.Millisecond, 100*time.Millisecond
	l.concerns = func(c core.Change) bool { return c.AppID == "shop" }
	l.fragment = func(context.Context) (templ.Component, error) {
		f.looks.Add(1)
		if f.service.gone.Load() {
			return nil, core.NotFound()
		}
		return templ.Raw("<p>\n" + strconv.FormatInt(f.shown.Load(), 10) + "</p>"), nil
	}
	e := echo.New()
	e.Use(func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			r := c.Request()
			c.SetRequest(r.WithContext(WithIdentity(r.Context(), Identity{Again: f.again})))
			return next(c)
		}
	})
	e.GET("/live", func(c echo.Context) error { return f.handlers.stream(c, l) })
	e.GET("/logs/:app", f.handlers.Logs)
	server := httptest.NewServer(e)
	f.url = server.URL
	t.Cleanup(func() {
		f.handlers.CloseStreams(context.Background())
		server.Close()
	})
	return f
}

func (f *liveFixture) again(context.Context) (core.Actor, error) {
	if f.revoked.Load() {
		return core.Actor{}, core.Errorf(core.EUNAUTHORIZED, "error.session_ended")
	}
	return core.Actor{Kind: core.ActorUser}, nil
}

// open returns the events of the stream, closed at its end.
func (f *liveFixture) open(t *testing.T) <-chan string {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	r, _ := http.NewRequestWithContext(ctx, http.MethodGet, f.url+"/live", nil)
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	if got := res.Header.Get("Content-Type"); !strings.HasPrefix(got, "text/event-stream") {
		t.Fatalf("%d %s", res.StatusCode, got)
	}
	events := make(chan string, 100)
	go func() {
		defer close(events)
		defer res.Body.Close()
		in := bufio.NewReader(res.Body)
		var event strings.Builder
		for {
			line, err := in.ReadString('\n')
			if err != nil {
				return
			}
			if line != "\n" {
				event.WriteString(line)
				continue
			}
			events <- event.String()
			event.Reset()
		}
	}()
	t.Cleanup(cancel)
	return events
}

func next(t *testing.T, events <-chan string) string {
	t.Helper()
	select {
	case e, ok := <-events:
		if !ok {
			return "end"
		}
		return e
	case <-time.After(time.Minute):
		t.Fatal("no event")
	}
	return ""
}

func TestStreamSendsWhatChanged(t *testing.T) {
	f := newLiveFixture(t, live{})
	events := f.open(t)
	if got := next(t, events); got != "event: message\ndata: <p>\ndata: 0</p>\n" {
		t.Fatalf("%q", got)
	}
	f.service.changes <- core.Change{AppID: "other"}
	f.service.changes <- core.Change{AppID: "shop"} // nothing to see
	f.shown.Store(1)
	begin := time.Now()
	f.service.changes <- core.Change{AppID: "shop"}
	if got := next(t, events); !strings.Contains(got, "1</p>") {
		t.Fatalf("%q", got)
	}
	if took := time.Since(begin); took > 1900*time.Millisecond {
		t.Errorf("a change shows after %v", took)
	}
}

func TestStreamCoalescesChanges(t *testing.T) {
	f := newLiveFixture(t, live{})
	events := f.open(t)
	next(t, events)
	looks, begin := f.looks.Load(), time.Now()
	for time.Since(begin) < time.Second {
		f.shown.Add(1)
		f.service.changes <- core.Change{AppID: "shop"}
	}
	if n := f.looks.Load() - looks; n < 1 || n > 5 {
		t.Errorf("%d looks in a second", n)
	}
}

func TestStreamLooksByItself(t *testing.T) {
	f := newLiveFixture(t, live{})
	events := f.open(t)
	next(t, events)
	f.shown.Store(7)
	if got := next(t, events); !strings.Contains(got, "7</p>") {
		t.Fatalf("%q", got)
	}
}

func TestStreamEndsWithTheSession(t *testing.T) {
	f := newLiveFixture(t, live{})
	events := f.open(t)
	next(t, events)
	f.revoked.Store(true)
	if got := next(t, events); got != "end" {
		t.Errorf("%q", got)
	}
}

func TestStreamEndsWithTheRight(t *testing.T) {
	f := newLiveFixture(t, live{})
	events := f.open(t)
	next(t, events)
	f.service.gone.Store(true)
	f.service.changes <- core.Change{AppID: "shop"}
	if got := next(t, events); got != "end" {
		t.Errorf("%q", got)
	}
}

func TestStreamEndsWithTheServer(t *testing.T) {
	f := newLiveFixture(t, live{})
	events := f.open(t)
	next(t, events)
	f.handlers.CloseStreams(context.Background())
	if got := next(t, events); got != "end" {
		t.Errorf("%q", got)
	}
	res, err := http.Get(f.url + "/live")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode == http.StatusOK {
		t.Error("a stopping server begins a stream")
	}
}

func TestStreamSaysThatItIsDone(t *testing.T) {
	var outcome atomic.Value
	outcome.Store("")
	f := newLiveFixture(t, live{done: func(context.Context) (string, error) { return outcome.Load().(string), nil }})
	events := f.open(t)
	next(t, events)
	f.shown.Store(9)
	outcome.Store("succeeded")
	f.service.changes <- core.Change{AppID: "shop"}
	for _, want := range []string{"9</p>", "event: done\ndata: succeeded\n", "end"} {
		if got := next(t, events); !strings.Contains(got, want) {
			t.Fatalf("%q, want %q", got, want)
		}
	}
}

func TestFirstLookDecidesTheAnswer(t *testing.T) {
	f := newLiveFixture(t, live{})
	f.service.gone.Store(true)
	res, err := http.Get(f.url + "/live")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if body, _ := io.ReadAll(res.Body); res.StatusCode == http.StatusOK || strings.Contains(string(body), "event:") {
		t.Errorf("%d %s", res.StatusCode, body)
	}
}

// Bad input 35: the right is lost meanwhile.
func TestSocketEndsWithTheRight(t *testing.T) {
	for name, lose := range map[string]func(*liveFixture){
		"session": func(f *liveFixture) { f.revoked.Store(true) },
		"role":    func(f *liveFixture) { f.service.gone.Store(true) },
	} {
		f := newLiveFixture(t, live{})
		conn, _, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(f.url, "http")+"/logs/shop", nil)
		if err != nil {
			t.Fatal(err)
		}
		lose(f)
		conn.SetReadDeadline(time.Now().Add(time.Minute))
		_, _, err = conn.ReadMessage()
		if !websocket.IsCloseError(err, websocket.ClosePolicyViolation) {
			t.Errorf("%s lost: %v", name, err)
		}
		conn.Close()
	}
}

// A viewer who does not read is let go, and holds up nobody.
func TestSocketLetsSlowViewersGo(t *testing.T) {
	f := newLiveFixture(t, live{})
	f.service.flood = true
	conn, _, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(f.url, "http")+"/logs/shop", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	select {
	case <-f.service.drowned:
	case <-time.After(time.Minute):
		t.Error("it is still being written to")
	}
}

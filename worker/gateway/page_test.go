package gateway

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"berth/core"
)

func testPage(kind PageKind, lang, app, _ string) (int, []byte) {
	return 0, fmt.Appendf(nil, "%s|%s|%s", kind, lang, app)
}

func TestPages(t *testing.T) {
	f := start(t, Options{Pages: testPage, Timeouts: Timeouts{Response: 100 * time.Millisecond}})
	dead := listen(t)
	dead.Close()
	for domain, r := range map[string]struct {
		state   core.RouteState
		address string
	}{
		"stopped.test":  {core.RouteStopped, ""},
		"starting.test": {core.RouteStarting, ""},
		"missing.test":  {core.RouteOnline, ""},
		"dead.test":     {core.RouteOnline, dead.Addr().String()},
		"slow.test":     {core.RouteOnline, tcpOrigin(t, func(c net.Conn, r *bufio.Reader) { io.Copy(io.Discard, r) }).address()},
		"broken.test":   {core.RouteOnline, tcpOrigin(t, always("HTTP/1.1 what\r\n\r\n")).address()},
		"vanish.test":   {core.RouteOnline, tcpOrigin(t, func(_ net.Conn, r *bufio.Reader) { readHeadText(r) }).address()},
	} {
		app, _, _ := strings.Cut(domain, ".")
		if r.address != "" {
			f.publish(app, "1", r.address)
		}
		f.route(core.Route{Domain: domain, AppID: app, State: r.state})
	}
	for domain, want := range map[string]struct {
		status int
		page   string
		retry  string
	}{
		"unknown.test":  {404, "unknown|en|", ""},
		"stopped.test":  {503, "stopped|en|stopped", ""},
		"starting.test": {503, "starting|en|starting", "5"},
		"missing.test":  {503, "unavailable|en|missing", "10"},
		"dead.test":     {502, "failed|en|dead", ""},
		"slow.test":     {504, "timeout|en|slow", ""},
		"broken.test":   {502, "failed|en|broken", ""},
		"vanish.test":   {502, "failed|en|vanish", ""},
	} {
		t.Run(domain, func(t *testing.T) {
			f := *f
			f.t = t
			c := f.dial()
			for range 2 { // the connection stays
				c.send("GET / HTTP/1.1\r\nHost: " + domain + "\r\n\r\n")
				res, page := c.response("GET")
				wantStatus(t, res, want.status)
				if page != want.page || res.Header.Get("Retry-After") != want.retry {
					t.Errorf("got %q, Retry-After %q", page, res.Header.Get("Retry-After"))
				}
				if res.Header.Get("Cache-Control") != "no-store" || res.Header.Get("Content-Type") != "text/html; charset=utf-8" {
					t.Errorf("headers: %v", res.Header)
				}
			}
			c.send("HEAD / HTTP/1.1\r\nHost: " + domain + "\r\n\r\n")
			if res, page := c.response("HEAD"); res.StatusCode != want.status || page != "" || res.ContentLength <= 0 {
				t.Errorf("HEAD: %d, %q, %d", res.StatusCode, page, res.ContentLength)
			}
			c.send("GET / HTTP/1.1\r\nHost: " + domain + "\r\nConnection: close\r\n\r\n")
			c.response("GET")
			c.closed()
			app, _, _ := strings.Cut(domain, ".")
			if n := f.gateway.App(app).Failed; n != 4 && want.status != 404 {
				t.Errorf("%d failures counted, want 4", n)
			}
		})
	}
	if n := f.gateway.Totals().Unknown; n != 4 {
		t.Errorf("%d requests for unknown domains counted, want 4", n)
	}
}

// A page of the gateway answers a request whose body nobody reads, and the client gets to see it.
func TestPageForARequestWithABody(t *testing.T) {
	f := start(t, Options{})
	c := f.dial()
	c.send("POST / HTTP/1.1\r\nHost: unknown.test\r\nContent-Length: 1000000\r\n\r\n" + repeat("x", 1000000))
	res, page := c.response("POST")
	wantStatus(t, res, 404)
	if page == "" || !res.Close {
		t.Errorf("page %q, close %v", page, res.Close)
	}
	c.closed()
}

// Before the registry has said anything, nothing is known to be unknown.
func TestNothingIsUnknownBeforeTheRegistryAnswers(t *testing.T) {
	l := listen(t)
	g := New(Options{Registry: silentRegistry{}, Listener: l})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- g.Run(ctx) }()
	f := &fixture{t: t, address: l.Addr().String()}
	res, _ := f.ask(get)
	wantStatus(t, res, 503)
	if res.Header.Get("Retry-After") == "" || g.Ready() {
		t.Error("the gateway claims to know the routes")
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// silentRegistry is one that is out of reach.
type silentRegistry struct{}

func (silentRegistry) Watch(ctx context.Context, _ func(core.RegistryChange)) error {
	<-ctx.Done()
	return ctx.Err()
}

func (silentRegistry) Announce(context.Context, core.GatewayNode) error {
	return errors.New("out of reach")
}

func TestLanguageOf(t *testing.T) {
	for accept, want := range map[string]string{
		"":                           "en",
		"de":                         "en",
		"zh":                         "zh-Hans",
		"zh-CN,zh;q=0.9,en;q=0.8":    "zh-Hans",
		"en-US,en;q=0.9,zh-CN;q=0.8": "en",
		"de-DE, zh-TW;q=0.5":         "zh-Hans",
		"en;q=0.1, zh;q=0.2":         "zh-Hans",
		"zh;q=0":                     "en",
		"zh;q=x, en":                 "en",
		"*":                          "en",
	} {
		if got := languageOf([]byte(accept)); got != want {
			t.Errorf("%q: %s, want %s", accept, got, want)
		}
	}
	f := start(t, Options{Pages: testPage})
	if _, page := f.ask("GET / HTTP/1.1\r\nHost: x.test\r\naccept-language: zh-CN\r\n\r\n"); page != "unknown|zh-Hans|" {
		t.Errorf("page %q", page)
	}
}

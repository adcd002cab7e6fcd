package gateway

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"berth/core"
)

// obeying runs a gateway with one app at app.test that has rules.
func obeying(t testing.TB, rules core.Rules, addresses ...string) *fixture {
	t.Helper()
	f := start(t, Options{})
	for _, a := range addresses {
		f.publish("app", "1", a)
	}
	f.rule(rules)
	return f
}

// rule gives the app at app.test other rules.
func (f *fixture) rule(rules core.Rules) {
	f.t.Helper()
	if err := rules.Validate(); err != nil {
		f.t.Fatal(err)
	}
	f.route(core.Route{Domain: "app.test", AppID: "app", Weights: map[string]int{"1": 100}, Rules: &rules})
}

// told is a server that tells what it got in its body.
func told(t testing.TB) string {
	return server(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.Header().Set("Server", "origin")
		fmt.Fprintf(w, "%s %s|%v|%d", r.Method, r.RequestURI, r.Header, len(body))
	})
}

var ruleSeeds = []string{
	`{"domain":"a.test","appId":"a","rules":{"allow":["127.0.0.1","10.0.0.0/8"],"deny":["2001:db8::/32"],"rate":{"requests":5,"per":"1m"}}}`,
	`{"domain":"a.test","appId":"a","rules":{"maintenance":{"on":true,"text":"x","allow":["::1"]},"request_headers":[{"name":"X-A","value":"b"}]}}`,
	`{"domain":"a.test","appId":"a","weights":{"1":50,"2":50},"rules":{"paths":[{"prefix":"/b","app":"b","strip":true}],"redirects":[{"from":"/o","to":"/n"}]}}`,
	`{"domain":"a.test","appId":"a","rules":{"auth":[{"name":"n","hash":"$2a$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy"}],"balance":"load","affinity":true,"sticky_version":true,"version_header":"X-V"}}`,
}

// decodeRoute reads a route as the registry's adapters do.
func decodeRoute(data []byte) (core.Route, bool) {
	var r core.Route
	if json.Unmarshal(data, &r) != nil {
		return r, false
	}
	if r.State == "" {
		r.State = core.RouteOnline
	}
	return r, r.Validate() == nil
}

func TestAddressesThatAreKeptOut(t *testing.T) {
	f := obeying(t, core.Rules{Deny: []string{"127.0.0.0/8"}}, told(t))
	res, page := f.ask("GET / HTTP/1.1\r\nHost: app.test\r\nX-Forwarded-For: 192.0.2.1\r\nForwarded: for=192.0.2.1\r\n\r\n")
	wantStatus(t, res, 403)
	if !strings.Contains(page, "not open to your address") || res.Header.Get("Server") == "origin" {
		t.Errorf("a kept-out client gets %q", page)
	}
	res, _ = f.ask("GET / HTTP/1.1\r\nHost: app.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
	wantStatus(t, res, 403)
	f.rule(core.Rules{Allow: []string{"192.0.2.0/24"}})
	res, _ = f.ask(get)
	wantStatus(t, res, 403)
	f.rule(core.Rules{Allow: []string{"192.0.2.0/24", "127.0.0.1"}})
	res, _ = f.ask(get)
	wantStatus(t, res, 200)
	f.rule(core.Rules{Allow: []string{"127.0.0.1"}, Deny: []string{"127.0.0.1"}})
	res, _ = f.ask(get)
	wantStatus(t, res, 403)
	f.route(core.Route{Domain: "app.test", AppID: "app", Weights: map[string]int{"1": 100}})
	res, _ = f.ask(get)
	wantStatus(t, res, 200)
}

// A connection that is refused is worth as much as before: the next request on it is read where it begins.
func TestRefusedRequestsKeepTheConnection(t *testing.T) {
	f := obeying(t, core.Rules{Deny: []string{"127.0.0.1"}}, told(t))
	c := f.dial()
	for range 3 {
		c.send(get)
		res, _ := c.response("GET")
		wantStatus(t, res, 403)
	}
	c.send("POST / HTTP/1.1\r\nHost: app.test\r\nContent-Length: 5\r\n\r\nhello")
	res, _ := c.response("POST")
	wantStatus(t, res, 403)
	c.closed()
}

func TestRateOfOneClient(t *testing.T) {
	f := obeying(t, core.Rules{Rate: core.RateLimit{Requests: 2, Per: core.Duration(time.Hour)}}, told(t))
	for range 2 {
		res, _ := f.ask(get)
		wantStatus(t, res, 200)
	}
	res, _ := f.ask(get)
	wantStatus(t, res, 429)
	if after := res.Header.Get("Retry-After"); after != "1800" && after != "1799" {
		t.Errorf("Retry-After: %q", after)
	}
	// Other rules that change leave the count as it is.
	f.rule(core.Rules{Rate: core.RateLimit{Requests: 2, Per: core.Duration(time.Hour)}, Deny: []string{"192.0.2.1"}})
	res, _ = f.ask(get)
	wantStatus(t, res, 429)
	f.rule(core.Rules{Rate: core.RateLimit{Requests: 3, Per: core.Duration(time.Hour)}})
	res, _ = f.ask(get)
	wantStatus(t, res, 200)
}

func TestMaintenanceShowsAPage(t *testing.T) {
	f := obeying(t, core.Rules{Maintenance: core.Maintenance{On: true, Text: "Back at <b>noon</b>.", Allow: []string{"192.0.2.1"}}}, told(t))
	res, page := f.ask(get)
	wantStatus(t, res, 503)
	if !strings.Contains(page, "Back at &lt;b&gt;noon&lt;/b&gt;.") || res.Header.Get("Retry-After") == "" {
		t.Errorf("the page says %q, Retry-After %q", page, res.Header.Get("Retry-After"))
	}
	f.rule(core.Rules{Maintenance: core.Maintenance{On: true, Allow: []string{"127.0.0.0/24"}}})
	res, _ = f.ask(get)
	wantStatus(t, res, 200)
	f.rule(core.Rules{Maintenance: core.Maintenance{Text: "not now"}})
	res, _ = f.ask(get)
	wantStatus(t, res, 200)
}

func TestHeadersAreSetAndRemoved(t *testing.T) {
	f := obeying(t, core.Rules{
		RequestHeaders:  []core.HeaderRule{{Name: "X-Team", Value: "blue"}, {Name: "X-Secret"}},
		ResponseHeaders: []core.HeaderRule{{Name: "Server"}, {Name: "X-Frame-Options", Value: "DENY"}},
	}, told(t))
	res, got := f.ask("GET / HTTP/1.1\r\nHost: app.test\r\nx-team: forged\r\nX_Team: forged too\r\nx-SECRET: 1\r\nX-Secret: 2\r\nX-Other: stays\r\n\r\n")
	if strings.Contains(got, "forged") || strings.Contains(strings.ToLower(got), "secret") ||
		!strings.Contains(got, "X-Team:[blue]") || !strings.Contains(got, "X-Other:[stays]") {
		t.Errorf("the instance gets %s", got)
	}
	if res.Header.Get("Server") != "" || res.Header.Get("X-Frame-Options") != "DENY" {
		t.Errorf("the client gets %v", res.Header)
	}
}

// Routes of an app with equal rules share what was made of them; those of another app do not, and nothing is left.
func TestRulesAreShared(t *testing.T) {
	tb := newTable()
	rules := func() *core.Rules { return &core.Rules{Deny: []string{"192.0.2.1"}} }
	put := func(domain, app string, r *core.Rules) {
		tb.apply(core.RegistryChange{Routes: []core.Route{{Domain: domain, AppID: app, State: core.RouteOnline, Rules: r}}})
	}
	at := func(domain string) *ruleset { return tb.find([]byte(domain)).rules }
	put("a.test", "a", rules())
	put("b.test", "a", rules())
	put("c.test", "c", rules())
	put("d.test", "a", nil)
	if at("a.test") != at("b.test") || at("a.test") == at("c.test") || at("d.test") != nil {
		t.Error("rules are shared by the wrong routes")
	}
	first := at("a.test")
	put("a.test", "a", rules())
	if at("a.test") != first {
		t.Error("equal rules are made ready again")
	}
	put("a.test", "a", &core.Rules{Deny: []string{"192.0.2.2"}})
	if len(tb.app("a").rules) != 2 {
		t.Errorf("%d sets of rules for two kinds", len(tb.app("a").rules))
	}
	tb.apply(core.RegistryChange{RemovedRoutes: []string{"a.test", "b.test"}})
	if n := len(tb.app("a").rules); n != 0 {
		t.Errorf("%d sets of rules are left", n)
	}
}

func itoa(n int) string { return fmt.Sprint(n) }

func TestRedirectsByPath(t *testing.T) {
	f := obeying(t, core.Rules{Redirects: []core.Redirect{{From: "/old", To: "/new", Status: 307}}}, told(t))
	res, _ := f.ask("GET http://app.test/old/x?y HTTP/1.1\r\nHost: app.test\r\n\r\n")
	wantStatus(t, res, 307)
	if to := res.Header.Get("Location"); to != "/new/x?y" {
		t.Errorf("Location: %q", to)
	}
	res, _ = f.ask(get)
	wantStatus(t, res, 200)
}

func TestPathsLeadToOtherApps(t *testing.T) {
	f := start(t, Options{})
	for _, app := range []string{"app", "other"} {
		f.publish(app, "1", server(t, func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, app, " ", r.RequestURI) }))
	}
	f.rule(core.Rules{Paths: []core.PathRule{{Prefix: "/o", AppID: "other", Strip: true}, {Prefix: "/o/kept", AppID: "other"}, {Prefix: "/none", AppID: "none"}}})
	ask := func(path string) (int, string) {
		res, body := f.ask("GET " + path + " HTTP/1.1\r\nHost: app.test\r\n\r\n")
		return res.StatusCode, body
	}
	if status, _ := ask("/o/x"); status != 503 {
		t.Errorf("an app without a route of its own answers %d", status)
	}
	f.route(core.Route{Domain: "other.test", AppID: "other", Weights: map[string]int{"1": 100}})
	for path, want := range map[string]string{
		"/x": "app /x", "/o": "other /", "/o?q": "other /?q", "/o/x/y?q": "other /x/y?q", "/o/kept/x": "other /o/kept/x", "/ox": "app /ox",
	} {
		if status, body := ask(path); status != 200 || body != want {
			t.Errorf("%s: %d %q, want %q", path, status, body, want)
		}
	}
	for _, path := range []string{"/x/../o/y", "//o", "/o%2fx", "/o/../x"} {
		if status, _ := ask(path); status != 400 {
			t.Errorf("%s: %d, want 400", path, status)
		}
	}
	if status, body := ask("/none"); status != 503 || strings.Contains(body, "none") {
		t.Errorf("an app that is not published: %d %q", status, body)
	}
	if c, o := f.counts(), f.gateway.App("other"); c.Requests != 12 || o.Requests != 4 {
		t.Errorf("%d and %d requests are counted", c.Requests, o.Requests)
	}
	// The other app lets in whom it wants, whichever way they come.
	f.route(core.Route{Domain: "other.test", AppID: "other", Weights: map[string]int{"1": 100}, Rules: &core.Rules{Deny: []string{"127.0.0.1"}}})
	if status, _ := ask("/o/x"); status != 403 {
		t.Errorf("another app's door is open: %d", status)
	}
	f.route(core.Route{Domain: "second.test", AppID: "other", Weights: map[string]int{"1": 100}})
	if err := f.registry.DeleteRoute(t.Context(), "second.test"); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the route is gone", func() bool { return f.gateway.table.find([]byte("second.test")) == nil })
	if status, _ := ask("/o/x"); status != 403 {
		t.Errorf("another app's door is open: %d", status)
	}
	if err := f.registry.DeleteRoute(t.Context(), "other.test"); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the app is not published any more", func() bool { status, _ := ask("/o/x"); return status == 503 })
}

func TestBodiesThatAreTooLarge(t *testing.T) {
	f := obeying(t, core.Rules{MaxBody: 100}, told(t))
	head := "POST / HTTP/1.1\r\nHost: app.test\r\n"
	res, body := f.ask(head + "Content-Length: 100\r\n\r\n" + repeat("x", 100))
	if wantStatus(t, res, 200); !strings.HasSuffix(body, "|100") {
		t.Errorf("got %q", body)
	}
	c := f.dial()
	c.send(head + "Content-Length: 101\r\nExpect: 100-continue\r\n\r\n")
	res, _ = c.response("POST") // before a byte of the body is sent
	wantStatus(t, res, 413)
	c.closed()
	res, body = f.ask(head + "Transfer-Encoding: chunked\r\n\r\n64\r\n" + repeat("x", 100) + "\r\n0\r\n\r\n")
	if wantStatus(t, res, 200); !strings.HasSuffix(body, "|100") {
		t.Errorf("got %q", body)
	}
	for _, chunked := range []string{"65\r\n" + repeat("x", 101) + "\r\n0\r\n\r\n", "40\r\n" + repeat("x", 64) + "\r\n40\r\n" + repeat("x", 64)} {
		c = f.dial()
		c.send(head + "Transfer-Encoding: chunked\r\n\r\n" + chunked)
		res, _ = c.response("POST")
		wantStatus(t, res, 413)
		c.closed()
	}
}

func TestTimesOfAnApp(t *testing.T) {
	slow := tcpOrigin(t, func(c net.Conn, r *bufio.Reader) {
		head, _ := readHeadText(r)
		if strings.HasPrefix(head, "GET /begin") {
			io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")
		}
		io.Copy(io.Discard, r)
	})
	f := obeying(t, core.Rules{ResponseTimeout: core.Duration(time.Second), IdleTimeout: core.Duration(time.Second)}, slow.address())
	begun := time.Now()
	res, _ := f.ask(get)
	wantStatus(t, res, 504)
	c := f.dial()
	c.send("GET /begin HTTP/1.1\r\nHost: app.test\r\n\r\n")
	if rest, _ := io.ReadAll(c.Reader); !strings.HasSuffix(string(rest), "half") {
		t.Errorf("got %q", rest)
	}
	if took := time.Since(begun); took < 2*time.Second || took > 20*time.Second {
		t.Errorf("two waits of a second took %v", took)
	}
}

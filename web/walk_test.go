package web

import (
	"context"
	"html"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/labstack/echo/v4"

	"berth/core"
	"berth/handlers"
)

// route is one that the server has, with its rule.
type route struct {
	method, path string
	rule         core.Action
	call         call
}

func (r route) name() string { return r.method + " " + r.path }

// routes are all that the server has. One without a rule fails the test.
func (h *house) routes() []route {
	h.t.Helper()
	rules := handlers.AllRules()
	var routes []route
	for _, r := range h.server.router.Routes() {
		if r.Method == echo.RouteNotFound {
			continue
		}
		route := route{method: r.Method, path: r.Path}
		rule, ok := rules[route.name()]
		if !ok {
			h.t.Errorf("%s has no rule: say in handlers which action it takes", route.name())
			continue
		}
		delete(rules, route.name())
		route.rule, route.call = rule, calls[route.name()]
		routes = append(routes, route)
	}
	for name := range rules {
		h.t.Errorf("there is a rule for %s, which does not exist", name)
	}
	slices.SortFunc(routes, func(a, b route) int { return strings.Compare(a.path+a.method, b.path+b.method) })
	return routes
}

var platform = []core.Action{core.ActOperate, core.ActSupport}

// ofTenant reports whether the route is about something of a tenant.
func (r route) ofTenant() bool {
	return !slices.Contains([]core.Action{handlers.Anybody, handlers.SignedIn, handlers.Oneself}, r.rule) &&
		!slices.Contains(platform, r.rule)
}

func (r route) registry() bool { return strings.HasPrefix(r.path, "/v2") }

func (r route) api() bool { return strings.HasPrefix(r.path, "/api/") }

// known reports whether the route knows tokens, and whether it knows sessions.
func (r route) known() (tokens, sessions bool) {
	switch {
	case strings.HasPrefix(r.path, "/v2"):
		return true, false
	case r.api(), strings.HasPrefix(r.path, "/uploads/"), strings.HasSuffix(r.path, "/live"), strings.HasSuffix(r.path, "/socket"),
		r.name() == "POST /new/upload":
		return true, true
	}
	return false, true
}

var parameter = regexp.MustCompile(`:([a-z]+)`)

// write makes the request of the route with what s names. used is what of s it needed.
func (r route) write(h *house, s sample) (req *http.Request, used map[string]bool) {
	h.t.Helper()
	c, used := r.call, map[string]bool{}
	if c.make != nil {
		s = s.with(c.make(h, s))
	}
	path := parameter.ReplaceAllStringFunc(r.path, func(p string) string {
		key := p[1:]
		if other := c.as[key]; other != "" {
			key = other
		}
		if _, ok := s[key]; !ok {
			h.t.Fatalf("%s: say in the sample what %s is", r.name(), p)
		}
		return "{" + key + "}"
	})
	if c.path != "" {
		path = c.path
	}
	if strings.Contains(path, "*") {
		h.t.Fatalf("%s: say in calls how it is called", r.name())
	}
	inAddress := strings.Contains(path, "{")
	if path = s.fill(path, used, escapePath); strings.HasPrefix(path, "%2F") { // a whole address
		path, _ = url.PathUnescape(path)
	}
	query, body, kind := c.query, c.body, ""
	switch {
	case r.method == http.MethodGet && query == "" && !inAddress && !r.api() && r.ofTenant():
		query = "tenant={tenant}"
	case r.method == http.MethodGet || body != "" || c.header != nil:
	case r.api():
		if body, kind = c.json, "application/json"; body == "" {
			body = "{}"
		}
		body = s.fill(body, used, inJSON)
	default:
		if body, kind = c.form, formType; body == "" && !inAddress {
			body = "tenant={tenant}"
		}
		body = strings.ReplaceAll(s.fill(body, used, url.QueryEscape), " ", "+")
	}
	if query != "" {
		path += "?" + s.fill(query, used, url.QueryEscape)
	}
	body = s.fill(body, used, asItIs)
	req, err := http.NewRequest(r.method, h.url+path, strings.NewReader(body))
	if err != nil {
		h.t.Fatal(r.name(), err)
	}
	if kind != "" && r.method != http.MethodGet {
		req.Header.Set("Content-Type", kind)
	}
	for i := 0; i+1 < len(c.header); i += 2 {
		req.Header.Set(c.header[i], s.fill(c.header[i+1], used, asItIs))
	}
	return req, used
}

// send sends a request as somebody. What goes on for ever is not waited for.
func (h *house) send(c *caller, r route, req *http.Request) answer {
	h.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	req = req.WithContext(ctx)
	cookie := c.cookie
	if r.call.fresh && cookie != "" {
		cookie = h.session(c)
	}
	if cookie != "" {
		req.Header.Set("Cookie", cookie)
		if req.Header.Get("Origin") == "" && req.Header.Get("Sec-Fetch-Site") == "" {
			req.Header.Set("Origin", h.url)
		}
	}
	switch {
	case c.token != "" && strings.HasPrefix(r.path, "/v2"):
		req.Header.Set("Authorization", basic(c.token))
	case c.token != "":
		req.Header.Set("Authorization", "Bearer "+c.token)
	}
	res, err := c.client.Do(req)
	if err != nil {
		h.t.Fatalf("%s as %s: %v", r.name(), c.name, err)
	}
	defer res.Body.Close()
	a := answer{status: res.StatusCode, header: res.Header}
	if res.StatusCode == http.StatusSwitchingProtocols || strings.HasPrefix(res.Header.Get("Content-Type"), "text/event-stream") {
		return a
	}
	body, err := io.ReadAll(res.Body)
	if err != nil {
		h.t.Fatal(err)
	}
	a.body = string(body)
	if r.api() && r.method != http.MethodHead {
		describes(h.t, r.method, req.URL.Path, a)
	}
	return a
}

// fine stands for every answer to somebody who may.
const fine = http.StatusOK

// verdict is 401, 403 or 404, or fine for everything else. Clients of the image registry know no 404 for a repository:
// they are told the same denial whether it is another's or not there.
func verdict(r route, a answer) int {
	switch a.status {
	case http.StatusForbidden:
		if r.registry() && (r.method == http.MethodHead || strings.Contains(a.body, "error.not_found")) {
			return http.StatusNotFound
		}
		return a.status
	case http.StatusUnauthorized, http.StatusNotFound:
		return a.status
	case http.StatusSeeOther:
		if strings.HasPrefix(a.header.Get("Location"), "/sign-in") && r.path != "/sign-out" {
			return http.StatusUnauthorized
		}
	}
	return fine
}

// actor is what somebody is to the core at this moment, on a route that may not know tokens or sessions.
func (h *house) actor(c *caller, r route) core.Actor {
	h.t.Helper()
	tokens, sessions := r.known()
	var a core.Actor
	var err error
	switch {
	case c.token != "" && tokens:
		a, err = h.service.ActorOfToken(context.Background(), c.token)
	case c.cookie != "" && sessions:
		a, _, err = h.service.ActorOfUser(context.Background(), c.userID)
	}
	h.ok(err)
	return a
}

// expected is what the table of the core says to somebody about what the own tenant has.
func (h *house) expected(c *caller, r route) int {
	h.t.Helper()
	a := h.actor(c, r)
	whole := a.Kind == core.ActorToken && a.Scope == core.ScopeAdmin && a.Apps == nil
	switch {
	case r.call.always != 0:
		return r.call.always
	case r.rule == handlers.Anybody:
		return fine
	case a.Kind == core.ActorNobody:
		return http.StatusUnauthorized
	case r.rule == handlers.Oneself && (a.UserID == "" || a.Kind != core.ActorUser && !whole):
		return http.StatusForbidden
	case r.rule == handlers.Oneself || r.rule == handlers.SignedIn:
		return fine
	case slices.Contains(platform, r.rule):
		return verdictOf(a.Authorize(r.rule, ""))
	case r.ofApp() && !a.SeesApp(h.own["app"]):
		return http.StatusNotFound
	}
	return verdictOf(a.Authorize(r.rule, h.own["tenant"]))
}

func verdictOf(err error) int {
	if err == nil {
		return fine
	}
	return Status(err)
}

// ofApp reports whether the route is about something that a token of another app does not see.
func (r route) ofApp() bool {
	return strings.Contains(r.path, "/:app") || strings.Contains(r.path, "/operations/:") || strings.Contains(r.path, "/:upload") ||
		strings.HasPrefix(r.path, "/v2/*") || strings.HasPrefix(r.path, "/uploads/*") && r.method != http.MethodPost
}

// TestWalk calls every route as everybody, and compares the answers with the table of rights in core.
func TestWalk(t *testing.T) {
	h := newHouse(t)
	for _, r := range h.routes() {
		h.restore()
		for _, c := range h.callers {
			if r.method != http.MethodGet || r.call.make != nil {
				h.restore()
			}
			s := h.own.with(c.own(r))
			if r.call.renew != nil && h.expected(c, r) == fine {
				s = s.with(r.call.renew(h, s))
			}
			req, _ := r.write(h, s)
			want := h.expected(c, r) // before it changes anything
			got := h.send(c, r, req)
			if verdict(r, got) != want || got.status >= 500 {
				t.Errorf("%s as %s: %d, want %d: %s", r.name(), c.name, got.status, want, brief(got.body))
			}
		}
	}
}

// own is what stands in the place of the tenant's where a route is about the caller alone.
func (c *caller) own(r route) sample {
	if r.rule == handlers.Oneself {
		return c.sample
	}
	return nil
}

func brief(body string) string {
	body = regexp.MustCompile(`(?s)<head>.*?</head>|<header class="side">.*?</header>|<svg.*?</svg>|<[^>]*>|\s+`).ReplaceAllString(body, " ")
	return strings.Join(strings.Fields(body), " ")[:min(300, len(strings.Join(strings.Fields(body), " ")))]
}

// TestWalkAmongStrangers has the admin of a tenant call every route with what another tenant has, and with what there
// never was: the answers are 404 and the same, so that nobody learns what others have. Bad input 10.
func TestWalkAmongStrangers(t *testing.T) {
	h := newHouse(t)
	for _, r := range h.routes() {
		if !r.ofTenant() {
			continue
		}
		for _, name := range []string{"admin", "admin token", "admin's own token", "support"} {
			if c := h.caller(name); h.actor(c, r).Kind != core.ActorNobody {
				h.estrange(c, r)
			}
		}
	}
}

// estrange replaces what the route names, one thing after the other and all at once.
func (h *house) estrange(c *caller, r route) {
	h.t.Helper()
	_, used := r.write(h, h.own)
	for key := range used {
		if _, ok := h.absent[key]; !ok {
			continue
		}
		absent := h.lost(c, r, h.own.with(sample{key: h.absent[key]}), key)
		if key != "entry" {
			if foreign := h.lost(c, r, h.own.with(sample{key: h.foreign[key]}), key); foreign != absent {
				h.t.Errorf("%s as %s: another's %s is told from one that is not there:\n%s\n%s", r.name(), c.name, key, brief(foreign), brief(absent))
			}
		}
		for _, bad := range []string{"0", "-1", "../", "9223372036854775808"} {
			if got := h.lost(c, r, h.own.with(sample{key: bad}), key); got != absent && !r.registry() { // some are no address of it
				h.t.Errorf("%s as %s with %q as %s: %s", r.name(), c.name, bad, key, brief(got))
			}
		}
	}
	if foreign, absent := h.lost(c, r, h.foreign, "all"), h.lost(c, r, h.own.with(h.absent), "all"); foreign != absent {
		h.t.Errorf("%s as %s: all of another's is told from what is not there:\n%s\n%s", r.name(), c.name, brief(foreign), brief(absent))
	}
}

// lost sends a request for what the caller does not see, and returns the answer without what differs in each.
func (h *house) lost(c *caller, r route, s sample, what string) string {
	h.t.Helper()
	req, _ := r.write(h, s)
	got := h.send(c, r, req)
	if verdict(r, got) != http.StatusNotFound {
		h.t.Errorf("%s as %s, %s another's or absent: %d %s", r.name(), c.name, what, got.status, brief(got.body))
	}
	body := withoutNonce(got, html.EscapeString(req.URL.RequestURI()))
	return unknownTag.ReplaceAllString(strings.ReplaceAll(body, html.EscapeString(req.URL.Path), ""), "")
}

// unknownTag is where the image registry repeats what was asked for.
var unknownTag = regexp.MustCompile(`unknown tag=[^"]*`)

// TestWalkAcrossSites has every change asked for by a page of another site, in the browser of everybody. Bad input 9.
func TestWalkAcrossSites(t *testing.T) {
	h := newHouse(t)
	for _, r := range h.routes() {
		if _, sessions := r.known(); !sessions || r.method == http.MethodGet || r.method == http.MethodHead {
			continue
		}
		for _, name := range []string{"nobody", "admin", "operator"} {
			for header, value := range map[string]string{"Sec-Fetch-Site": "cross-site", "Origin": "null"} {
				req, _ := r.write(h, h.own)
				req.Header.Set(header, value)
				if got := h.send(h.caller(name), r, req); got.status != http.StatusForbidden {
					t.Errorf("%s as %s with %s: %s: %d", r.name(), name, header, value, got.status)
				}
			}
		}
	}
}

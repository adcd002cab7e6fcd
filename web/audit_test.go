package web

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/labstack/echo/v4"

	"berth/core"
	"berth/handlers"
)

// attempt is a changing route of the API with an input that is accepted. Before that it is asked by a token that may
// only read, or, where that may do it too, with the input that is refused.
type attempt struct {
	path    string // the one to ask, when the route has other parameters than {app} and {tenant}
	body    any
	refused any // input that is refused; nil has a reader ask
	action  string
	before  func(p realPortal, w auditWalk) string // what has to be there; returns the path when it is known only then
}

// auditWalk is what the routes are asked of.
type auditWalk struct{ tenant, app, reader string }

// attempts has every changing route of the API, so that a new one without an entry in the audit fails.
var attempts = map[string]attempt{
	"POST /tenants":                 {body: object{"name": "Coffee"}, action: "tenant.create"},
	"POST /apps":                    {body: object{"tenant": "tea", "name": "Blog"}, action: "app.create"},
	"PUT /apps/:app/draft":          {body: object{"port": 9000}, action: "app.stage", before: served},
	"DELETE /apps/:app/draft":       {action: "app.discard", before: staged},
	"POST /apps/:app/draft/release": {action: "app.release", before: staged},

	"POST /apps/:app/domains":           {body: object{"domain": "www.example.com"}, action: "domain.add"},
	"PUT /apps/:app/domains/:domain":    {path: "/apps/{app}/domains/www.example.com", body: object{"certificate": "none"}, action: "domain.update", before: claimed},
	"DELETE /apps/:app/domains/:domain": {path: "/apps/{app}/domains/www.example.com", action: "domain.delete", before: claimed},
	"PUT /apps/:app/domains/:domain/certificate": {path: "/apps/{app}/domains/www.example.com/certificate", body: certificateFor("www.example.com"),
		action: "domain.certificate", before: claimed},

	"POST /apps/:app/ports":         {body: object{"everybody": true}, action: "port.open"},
	"PUT /apps/:app/ports/:port":    {body: object{"everybody": true}, action: "port.change", before: opened},
	"DELETE /apps/:app/ports/:port": {action: "port.close", before: opened},

	"PUT /gateway/certificate": {body: certificateFor("*.localhost", "localhost"), action: "gateway.certificate"},
	"DELETE /gateway/certificate": {action: "gateway.certificate_delete", before: func(p realPortal, _ auditWalk) string {
		p.must(200, http.MethodPut, "/gateway/certificate", certificateFor("*.localhost", "localhost"), nil)
		return ""
	}},
	"PATCH /apps/:app": {body: object{"name": "Tea shop"}, action: "app.rename"},
	"DELETE /apps/:app": {body: nil, path: "/apps/second", action: "app.delete", before: func(p realPortal, w auditWalk) string {
		p.must(201, http.MethodPost, "/apps", object{"tenant": w.tenant, "name": "second"}, nil)
		return ""
	}},
	"POST /apps/:app/versions": {body: object{"image": "shop:1.0", "label": "2.0"}, action: "version.fetch"},
	"DELETE /apps/:app/versions/:version": {path: "/apps/{app}/versions/0.9", action: "version.delete", before: func(p realPortal, w auditWalk) string {
		p.upload(w.app, "0.9")
		return ""
	}},
	"POST /apps/:app/releases":                 {body: object{"version": "1.0"}, action: "app.release"},
	"POST /apps/:app/rollback":                 {body: object{"release": 1}, action: "app.rollback", before: released},
	"POST /apps/:app/releases/:release/switch": {path: "/apps/{app}/releases/1/switch", action: "app.switch", before: beside},
	"POST /apps/:app/releases/:release/back": {path: "/apps/{app}/releases/2/back", action: "app.switch_back", before: func(p realPortal, w auditWalk) string {
		served(p, w)
		return beside(p, w)
	}},
	"POST /apps/:app/canary":         {body: object{"version": "2.0"}, action: "canary.start", before: served},
	"PUT /apps/:app/canary/share":    {body: object{"share": 20}, action: "canary.share", before: onTrial},
	"POST /apps/:app/canary/promote": {action: "canary.promote", before: onTrial},
	"POST /apps/:app/canary/abort":   {action: "canary.abort", before: onTrial},
	"POST /apps/:app/canary/hold":    {action: "canary.hold", before: onTrial},
	"POST /apps/:app/canary/resume": {action: "canary.resume", before: func(p realPortal, w auditWalk) string {
		onTrial(p, w)
		p.must(200, http.MethodPost, "/apps/"+w.app+"/canary/hold", nil, nil)
		return ""
	}},
	"PUT /apps/:app/scaling":    {body: object{"min": 2, "max": 2}, action: "app.scale", before: released},
	"DELETE /apps/:app/scaling": {action: "app.scale", before: released},
	"POST /apps/:app/restart":   {action: "app.restart", before: released},
	"POST /apps/:app/stop":      {action: "app.stop", before: released},
	"POST /apps/:app/start": {action: "app.start", before: func(p realPortal, w auditWalk) string {
		released(p, w)
		p.must(202, http.MethodPost, "/apps/"+w.app+"/stop", nil, nil)
		return ""
	}},
	"POST /garbage-collection":     {action: "host.collect_garbage"},
	"POST /tenants/:tenant/tokens": {body: object{"name": "cd", "scope": "read"}, action: "token.create"},
	"DELETE /tenants/:tenant/tokens/:token": {action: "token.delete", before: func(p realPortal, w auditWalk) string {
		var made object
		p.must(201, http.MethodPost, "/tenants/"+w.tenant+"/tokens", object{"name": "old", "scope": "read"}, &made)
		return fmt.Sprint("/tenants/", w.tenant, "/tokens/", made["id"])
	}},

	"POST /tenants/:tenant/log-drains":          {body: logDrain, action: "log_drain.create"},
	"PUT /tenants/:tenant/log-drains/:drain":    {body: logDrain, action: "log_drain.change", before: drained},
	"DELETE /tenants/:tenant/log-drains/:drain": {action: "log_drain.delete", before: drained},

	"PATCH /tenants/:tenant":                              {body: object{"name": "Teas"}, action: "tenant.change"},
	"PUT /tenants/:tenant/support":                        {body: object{"ask_first": true}, action: "tenant.consent"},
	"POST /tenants/:tenant/invitations":                   {body: invitation, action: "invitation.create"},
	"DELETE /tenants/:tenant/invitations/:invitation":     {action: "invitation.revoke", before: invited("")},
	"POST /tenants/:tenant/invitations/:invitation/renew": {action: "invitation.renew", before: invited("/renew")},

	"POST /plans":                {body: object{"name": "small", "limits": object{"memory": "1GiB"}}, action: "plan.put"},
	"PUT /plans/:plan":           {path: "/plans/small", body: object{"limits": object{"memory": "2GiB"}}, action: "plan.put", before: plan},
	"DELETE /plans/:plan":        {path: "/plans/small", action: "plan.delete", before: plan},
	"PUT /tenants/:tenant/quota": {body: object{"memory": "8GiB"}, action: "quota.set"},
	"PUT /apps/:app/budget":      {body: object{"memory": "1GiB"}, action: "quota.budget"},
	"POST /tenants/:tenant/quota-requests": {body: quotaRequest, action: "quota.ask", before: func(p realPortal, w auditWalk) string {
		p.must(200, http.MethodPut, "/tenants/"+w.tenant+"/quota", object{"memory": "1GiB"}, nil)
		return ""
	}},
	"POST /tenants/:tenant/alert-rules":                  {body: alertRule, action: "alert.add", before: told},
	"PUT /tenants/:tenant/alert-rules/:rule":             {body: object{"kind": "metric", "metric": "latency", "threshold": 2}, action: "alert.change", before: ruled},
	"DELETE /tenants/:tenant/alert-rules/:rule":          {action: "alert.delete", before: ruled},
	"POST /tenants/:tenant/alert-channels":               {body: object{"name": "Chat", "kind": "slack", "url": "https://hooks.example.com/x"}, action: "channel.add"},
	"PUT /tenants/:tenant/alert-channels/:channel":       {body: object{"name": "Chat"}, action: "channel.change", before: hooked("")},
	"POST /tenants/:tenant/alert-channels/:channel/test": {action: "channel.try", before: hooked("/test")},
	"DELETE /tenants/:tenant/alert-channels/:channel":    {action: "channel.delete", before: hooked("")},
	"POST /tenants/:tenant/alert-silences":               {body: alertSilence, action: "silence.create"},
	"DELETE /tenants/:tenant/alert-silences/:silence":    {action: "silence.end", before: silenced},

	"POST /quota-requests/:request/withdraw": {action: "quota.withdraw", before: asked("withdraw")},
	"POST /quota-requests/:request/approve":  {action: "quota.approve", before: asked("approve")},
	"POST /quota-requests/:request/refuse":   {body: object{"answer": "Not now"}, action: "quota.refuse", before: asked("refuse")},
}

// hooked makes a channel that leads to a receiver, and returns a path below it.
func hooked(verb string) func(p realPortal, w auditWalk) string {
	return func(p realPortal, w auditWalk) string {
		receiver := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
		p.t.Cleanup(receiver.Close)
		var made object
		p.must(201, http.MethodPost, "/tenants/"+w.tenant+"/alert-channels", object{"name": "On call", "kind": "slack", "url": receiver.URL}, &made)
		return fmt.Sprint("/tenants/", w.tenant, "/alert-channels/", made["id"], verb)
	}
}

// told has a channel, so that rules are of use.
func told(p realPortal, w auditWalk) string {
	hooked("")(p, w)
	return ""
}

var alertRule = object{"kind": "metric", "metric": "latency", "threshold": 0.5}

// ruled makes a rule and returns its path.
func ruled(p realPortal, w auditWalk) string {
	told(p, w)
	var made object
	p.must(201, http.MethodPost, "/tenants/"+w.tenant+"/alert-rules", alertRule, &made)
	return fmt.Sprint("/tenants/", w.tenant, "/alert-rules/", made["id"])
}

var alertSilence = object{"until": time.Now().Add(time.Hour)}

func silenced(p realPortal, w auditWalk) string {
	var made object
	p.must(201, http.MethodPost, "/tenants/"+w.tenant+"/alert-silences", alertSilence, &made)
	return fmt.Sprint("/tenants/", w.tenant, "/alert-silences/", made["id"])
}

var invitation = object{"email": "guest@example.com", "role": "viewer"}

var logDrain = object{"name": "Archive", "kind": "http", "url": "https://logs.example.com", "header": "X-Key", "secret": "s3cret"}

func drained(p realPortal, w auditWalk) string {
	var made object
	p.must(201, http.MethodPost, "/tenants/"+w.tenant+"/log-drains", object{"name": "Old", "kind": "syslog", "url": "tls://logs.example.com:6514"}, &made)
	return fmt.Sprint("/tenants/", w.tenant, "/log-drains/", made["id"])
}

func invited(verb string) func(p realPortal, w auditWalk) string {
	return func(p realPortal, w auditWalk) string {
		var made object
		p.must(201, http.MethodPost, "/tenants/"+w.tenant+"/invitations", invitation, &made)
		return fmt.Sprint("/tenants/", w.tenant, "/invitations/", made["id"], verb)
	}
}

var quotaRequest = object{"resource": "memory", "amount": "4GiB", "reason": "Christmas"}

func plan(p realPortal, _ auditWalk) string {
	p.must(201, http.MethodPost, "/plans", object{"name": "small", "limits": object{"memory": "1GiB"}}, nil)
	return ""
}

// asked has a team ask for more, and returns the path of what becomes of that.
func asked(verb string) func(p realPortal, w auditWalk) string {
	return func(p realPortal, w auditWalk) string {
		var made object
		p.must(200, http.MethodPut, "/tenants/"+w.tenant+"/quota", object{"memory": "1GiB"}, nil)
		p.must(201, http.MethodPost, "/tenants/"+w.tenant+"/quota-requests", quotaRequest, &made)
		return fmt.Sprint("/quota-requests/", made["id"], "/", verb)
	}
}

const byPeople = "is asked by people, not by the tokens of the walk; TestEveryChangeIsAudited of core/service follows it to its entry"

// unwalked are the routes that the walk leaves out, and why.
var unwalked = map[string]string{
	"POST /apps/:app/scaling/dry-run":         "says what a scaling would have done, and changes nothing",
	"POST /profile/tokens":                    "a person's own; TestOwnAccountIsAudited goes there",
	"DELETE /profile/tokens/:token":           "as the one above",
	"PUT /tenants/:tenant/members/:person":    byPeople,
	"DELETE /tenants/:tenant/members/:person": byPeople,
	"POST /invitations/accept":                byPeople,
	"POST /support/sessions":                  byPeople,
	"DELETE /support/sessions/:session":       byPeople,
	"POST /support/sessions/:session/consent": byPeople,
	"DELETE /people/:person":                  byPeople,
	"PATCH /people/:person":                   byPeople,
	"POST /people/:person/reset-link":         byPeople,
	"DELETE /people/:person/two-factor":       byPeople,
	"DELETE /tenants/:tenant":                 byPeople,
	"PATCH /profile":                          "a person's own; TestProfileIsAudited goes there",
	"DELETE /profile/sessions/:session":       "as the one above",
	"POST /tenants/:tenant/leave":             byPeople,
	"DELETE /uploads/:upload":                 "a file is begun at /uploads/, where this walk does not go; TestEveryChangeIsAudited follows it to its entry",
	"POST /apps/:app/domains/:domain/check":   "changes nothing that people wrote: it looks at the records now instead of later",
	"POST /apps/:app/releases/check":          "changes nothing: it says what a release would use",
}

// staged has a change wait to be released.
func staged(p realPortal, w auditWalk) string {
	served(p, w)
	p.must(200, http.MethodPut, "/apps/"+w.app+"/draft", object{"port": 9000}, nil)
	return ""
}

// claimed has the app have a domain that is not verified.
func claimed(p realPortal, w auditWalk) string {
	p.must(201, http.MethodPost, "/apps/"+w.app+"/domains", object{"domain": "www.example.com"}, nil)
	return ""
}

// opened opens a TCP port of the app and returns its path.
func opened(p realPortal, w auditWalk) string {
	var made struct{ Port int }
	p.must(201, http.MethodPost, "/apps/"+w.app+"/ports", object{"everybody": true}, &made)
	return fmt.Sprint("/apps/", w.app, "/ports/", made.Port)
}

func released(p realPortal, w auditWalk) string {
	p.must(202, http.MethodPost, "/apps/"+w.app+"/releases", object{"version": "1.0"}, nil)
	return ""
}

// TestEveryChangeLeavesAnEntry walks all changing routes of the API: what is done leaves an entry, and what is refused.
func TestEveryChangeLeavesAnEntry(t *testing.T) {
	e := echo.New()
	(&handlers.Handlers{}).API(e.Group(""))
	found := 0
	for _, route := range e.Routes() {
		if route.Method == http.MethodGet || route.Method == echo.RouteNotFound {
			continue
		}
		name := route.Method + " " + route.Path
		a, known := attempts[name]
		if _, left := unwalked[name]; left {
			continue
		}
		if !known {
			t.Errorf("%s is not in the walk: say how to ask it, or why not", name)
			continue
		}
		found++
		t.Run(strings.ReplaceAll(name, "/", "_"), func(t *testing.T) {
			t.Parallel()
			walkAudit(t, route, a)
		})
	}
	if found != len(attempts) {
		t.Errorf("%d routes found, %d in the walk", found, len(attempts))
	}
}

func walkAudit(t *testing.T, route *echo.Route, a attempt) {
	p := newRealPortal(t)
	w := auditWalk{}
	w.tenant, w.reader = p.tenant("Tea", core.ScopeRead)
	w.app = p.app(w.tenant, "shop")
	path := a.path
	if a.before != nil {
		if made := a.before(p, w); made != "" {
			path = made
		}
	}
	if path == "" {
		path = route.Path
	}
	path = strings.NewReplacer("{app}", w.app, ":app", w.app, "{tenant}", w.tenant, ":tenant", w.tenant).Replace(path)

	from := len(p.audit())
	token, body := w.reader, a.body
	if a.refused != nil {
		token, body = operatorToken, a.refused
	}
	got := p.api(token, route.Method, path, asJSON(t, body))
	p.entry(from, got, a.action, core.AuditRefused)
	from = len(p.audit())
	got = p.api(operatorToken, route.Method, path, asJSON(t, a.body))
	if got.status >= 300 {
		t.Fatalf("%d %s", got.status, got.body)
	}
	p.entry(from, got, a.action, core.AuditDone)
}

func asJSON(t *testing.T, v any) string {
	if v == nil {
		return ""
	}
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// audit is all of it, the newest last.
func (p realPortal) audit() []core.AuditEntry {
	p.t.Helper()
	ctx := core.WithActor(context.Background(), core.System())
	entries, next, err := p.store.Audit().List(ctx, core.AuditFilter{Limit: 1000})
	if err != nil || next != "" {
		p.t.Fatal(next, err)
	}
	for i, j := 0, len(entries)-1; i < j; i, j = i+1, j-1 {
		entries[i], entries[j] = entries[j], entries[i]
	}
	return entries
}

// entry checks that an answer left exactly one entry, which says who asked and from where.
func (p realPortal) entry(from int, got answer, action string, outcome core.AuditOutcome) {
	p.t.Helper()
	entries := p.audit()[from:]
	if len(entries) != 1 {
		p.t.Fatalf("%d %s left %d entries: %+v", got.status, got.body, len(entries), entries)
	}
	e := entries[0]
	if e.Action != action || e.Outcome != outcome || e.ActorID == "" || e.ActorName == "" || e.Peer != "127.0.0.1" ||
		e.Agent == "" || e.CreatedAt.IsZero() || (outcome == core.AuditRefused) != !e.Reason.IsZero() {
		p.t.Errorf("%d %s left %+v, want %s %s", got.status, got.body, e, action, outcome)
	}
}

// TestOwnAccountIsAudited: what a person does with their own account, in a browser.
func TestOwnAccountIsAudited(t *testing.T) {
	p := newRealPortal(t)
	client := p.setUp()
	from := len(p.audit())
	got := p.ask(client, http.MethodPost, "/api/v1/profile/tokens", `{"name":"laptop","scope":"read"}`, "Content-Type", "application/json")
	var made object
	got.json(t, &made)
	p.entry(from, got, "token.create", core.AuditDone)
	from = len(p.audit())
	got = p.ask(client, http.MethodPost, "/api/v1/profile/tokens", `{"name":"","scope":"read"}`, "Content-Type", "application/json")
	p.entry(from, got, "token.create", core.AuditRefused)
	path := fmt.Sprint("/api/v1/profile/tokens/", made["id"])
	for _, outcome := range []core.AuditOutcome{core.AuditDone, core.AuditRefused} {
		from = len(p.audit())
		p.entry(from, p.ask(client, http.MethodDelete, path, ""), "token.delete", outcome)
	}
	from = len(p.audit())
	got = p.post(browser(t), "/sign-in", nil, "email", email, "password", "not this one at all")
	if entries := p.audit()[from:]; len(entries) != 1 || entries[0].Action != "session.create" || entries[0].Outcome != core.AuditRefused ||
		entries[0].Object != email || entries[0].ActorKind != core.ActorNobody {
		t.Errorf("%d left %+v", got.status, entries)
	}
}

// TestNoSecretInTheAudit plants secrets in every place that takes one, wrong places too, and looks for them in the
// database's table and in the files that are exported.
func TestNoSecretInTheAudit(t *testing.T) {
	p := newRealPortal(t)
	client := p.setUp()
	const planted = "pl4nt3d"
	secret := func(n int) string { return fmt.Sprintf("%s-secret-number-%d", planted, n) }
	app := p.app("tea", "Shop")
	var token object
	p.must(201, http.MethodPost, "/tenants/tea/tokens", object{"name": "ci", "scope": "admin"}, &token)
	env := func(v string) []object { return []object{{"name": "KEY", "value": v, "secret": true}} }
	release := "/apps/" + app + "/releases"
	p.must(202, http.MethodPost, release, object{"version": "1.0", "env": env(secret(1))}, nil)
	p.must(202, http.MethodPost, release, object{"env": env(secret(2))}, nil)
	p.must(202, http.MethodPost, release, object{"env": []object{}}, nil)
	p.must(201, http.MethodPost, "/tenants/tea/alert-channels", object{"name": "Hook", "kind": "webhook", "url": "https://example.com/" + secret(33), "secret": secret(34)}, nil)
	versions := "/apps/" + app + "/versions"
	p.api(operatorToken, http.MethodPost, versions, asJSON(t, object{"image": "registry.example.com/tea:1", "user": secret(3), "password": secret(4)}))
	for _, c := range []struct {
		method, path string
		body         any
	}{
		{http.MethodPost, release, object{"env": []object{{"name": "A=" + secret(5), "value": secret(6), "secret": true}}}},
		{http.MethodPost, release, object{"port": 0, "env": []object{{"name": secret(7) + " ", "value": "x"}}}},
		{http.MethodPost, release, object{"version": secret(8)}},
		{http.MethodPost, release, object{"bindings": []string{secret(9)}}},
		{http.MethodPost, versions, object{"image": "user:" + secret(10) + "@registry.example.com/tea"}},
		{http.MethodPost, "/apps", object{"tenant": "tea", "name": "<" + secret(11)}},
		{http.MethodPost, "/apps", object{"tenant": "tea", "name": "Cache", "service": secret(12)}},
		{http.MethodPost, "/apps", object{"tenant": "tea", "name": "Cache", "plan": secret(13)}},
		{http.MethodPost, "/tenants", object{"name": "<" + secret(14)}},
		{http.MethodPost, "/tenants/tea/tokens", object{"name": "<" + secret(15), "scope": secret(16)}},
		{http.MethodDelete, "/apps/" + app + "/versions/" + secret(17), nil},
		{http.MethodPatch, "/apps/" + app, object{"name": "<" + secret(18)}},
		{http.MethodPost, "/tenants/tea/alert-channels", object{"name": "<" + secret(30), "kind": "webhook", "url": "http://127.0.0.1/" + secret(31), "secret": secret(32)}},
	} {
		if got := p.api(operatorToken, c.method, c.path, asJSON(t, c.body)); got.status < 400 {
			t.Errorf("%s %s %v: %d", c.method, c.path, c.body, got.status)
		}
	}
	p.post(browser(t), "/sign-in", nil, "email", secret(19), "password", secret(20))
	p.post(browser(t), "/sign-in", nil, "email", email, "password", secret(21))
	p.post(browser(t), "/setup/"+secret(22), nil, "name", secret(23), "email", secret(24), "password", secret(25), "tenant", secret(26))
	p.ask(nil, http.MethodGet, "/v2/"+app+"/tags/list", "", "Authorization", basic(secret(27)))
	p.post(client, "/apps/"+app+"/delete", nil, "name", secret(29))
	var cache object
	p.must(201, http.MethodPost, "/apps", object{"tenant": "tea", "name": "Cache", "service": "redis"}, &cache)
	var connection object
	p.must(200, http.MethodGet, fmt.Sprint("/apps/", cache["id"], "/connection"), nil, &connection)

	found := []string{planted, fmt.Sprint(token["token"]), password}
	if values, ok := connection["values"].(map[string]any); ok {
		for _, v := range values {
			if s := fmt.Sprint(v); len(s) > 15 {
				found = append(found, s)
			}
		}
	}
	if len(found) < 4 {
		t.Fatalf("no credentials in %v", connection)
	}
	table := asJSON(t, p.audit())
	if len(p.audit()) < 25 {
		t.Fatalf("only %s", table)
	}
	files := table
	for _, path := range []string{"/tenants/tea/audit?format=csv", "/tenants/tea/audit?format=jsonl", "/audit?everywhere=true&format=csv", "/audit?everywhere=true"} {
		got := p.api(operatorToken, http.MethodGet, path, "")
		if got.status != http.StatusOK || len(got.body) < 500 {
			t.Fatalf("%s: %d %s", path, got.status, got.body)
		}
		files += got.body
	}
	for _, s := range found {
		if i := strings.Index(files, s); i >= 0 {
			t.Errorf("%q is in the audit: %s", s, files[max(0, i-200):min(len(files), i+100)])
		}
	}
	for _, want := range []string{"credentials.read", core.Masked, "registry.login", "version.fetch"} {
		if !strings.Contains(files, want) {
			t.Errorf("%s is not in the audit", want)
		}
	}
}

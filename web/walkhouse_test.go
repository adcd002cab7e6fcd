package web

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"berth/core"
	"berth/e2e/testenv"
)

// house is a real portal with two tenants that have one of everything, and with everybody who may call.
type house struct {
	realPortal
	own, foreign, absent sample
	callers              []*caller
	db                   *sql.Conn // with the house as it was in the beginning attached as "kept"
	tables               []string
}

// sample names what a tenant has: by what a route calls it in its address.
type sample map[string]string

// caller is somebody, by a session or a token.
type caller struct {
	name   string
	userID string
	cookie string
	token  string
	sample sample // what is this caller's alone
	client *http.Client
}

func newHouse(t *testing.T) *house {
	t.Helper()
	h := &house{realPortal: newRealPortal(t)}
	h.setUp()
	h.own, h.foreign = h.furnish("Oolong", "1.0"), h.furnish("Coffee", "9.0")
	h.absent = sample{"tenant": "no-team", "app": "no-app", "blog": "no-blog", "service": "no-service", "upload": core.NewID(),
		"app upload": core.NewID(), "operation": core.NewID(), "id": core.NewID(), "version": "7.7", "label": "7.7", "release": "77",
		"token": core.NewID(), "drain": core.NewID(), "entry": "nothing", "plan": "nothing", "request": core.NewID(), "port": "77", "session": core.NewID(),
		"person": core.NewID(), "user": core.NewID(), "invitation": core.NewID(), "domain": "no-domain.example.com", "host": "no-host",
		"rule": core.NewID(), "channel": core.NewID(), "silence": core.NewID()}
	h.own["host"], h.foreign["host"] = core.LocalHost, "elsewhere"
	h.invite()
	h.own["session"], h.foreign["session"] = h.waiting(h.own["tenant"]), h.waiting(h.foreign["tenant"])
	h.keep()
	return h
}

// furnish makes a tenant with everything. Its version has a label that the other tenant's has not.
func (h *house) furnish(name, label string) sample {
	h.t.Helper()
	tenant, _ := h.tenant(name, core.ScopeRead)
	s := sample{"tenant": tenant, "version": label, "label": label, "entry": "redis", "secret": "rubbish"}
	var made object
	for key, what := range map[string]object{"app": {"name": name + " shop"}, "blog": {"name": name + " blog"},
		"service": {"name": name + " cache", "service": "redis"}} {
		what["tenant"] = tenant
		h.must(201, http.MethodPost, "/apps", what, &made)
		s[key] = made["id"].(string)
	}
	h.upload(s["app"], label)
	h.must(202, http.MethodPost, "/apps/"+s["app"]+"/releases", object{"version": label}, &made)
	s["operation"] = made["operation"].(string)
	h.must(200, http.MethodPut, "/apps/"+s["app"]+"/draft", object{"memory": "48MiB"}, &made)
	s["id"], s["release"] = s["operation"], "1"
	if label == "9.0" { // so that the number of its last release is none of the other tenant's
		h.must(202, http.MethodPost, "/apps/"+s["app"]+"/releases", object{"replicas": 2}, &made)
		s["release"] = "2"
	}
	s["port"] = h.tcpPort(s["app"], tenant)
	h.must(201, http.MethodPost, "/tenants/"+tenant+"/tokens", object{"name": "spare", "scope": "read"}, &made)
	s["token"] = made["id"].(string)
	h.must(201, http.MethodPost, "/tenants/"+tenant+"/log-drains", object{"name": "Archive", "kind": "http", "url": "https://logs.example.com"}, &made)
	s["drain"] = made["id"].(string)
	spare := core.User{ID: core.NewID(), Email: core.NewInstanceID() + "@example.com", Name: "Spare", CreatedAt: time.Now()}
	h.ok(h.store.Users().Create(h.system(), spare))
	h.ok(h.store.Members().Put(h.system(), core.Membership{TenantID: tenant, UserID: spare.ID, Role: core.RoleViewer}))
	s["user"], s["person"] = spare.ID, spare.ID
	h.must(201, http.MethodPost, "/tenants/"+tenant+"/invitations", object{"email": "new@example.com", "role": "viewer"}, &made)
	s["invitation"] = made["id"].(string)
	s["domain"] = core.Slugify(name) + ".example.com"
	h.must(201, http.MethodPost, "/apps/"+s["app"]+"/domains", object{"domain": s["domain"]}, &made)
	h.alerts(s)
	s["upload"], s["app upload"] = h.uploaded(tenant, ""), h.uploaded(tenant, s["app"])
	_, err := h.service.PutPlan(h.system(), core.Slugify(name), core.Amounts{}, true)
	h.ok(err)
	request := core.QuotaRequest{ID: core.NewID(), TenantID: tenant, Resource: core.ResourceMemory, Amount: int64(core.GiB),
		Status: core.RequestOpen, CreatedAt: time.Now()}
	h.ok(h.store.QuotaRequests().Create(h.system(), request))
	s["plan"], s["request"] = core.Slugify(name), request.ID
	h.ok(h.store.Canaries().Create(h.system(), core.Canary{ID: core.NewID(), AppID: s["app"], TenantID: tenant, Share: 10,
		Before: 1, Release: 1, Stable: core.Target{Label: label}, Candidate: core.Target{Label: label + "-rc"},
		Status: core.CanaryRunning, CreatedAt: time.Now()}))
	h.ok(h.store.Instances().Create(h.system(), core.Instance{ID: core.NewInstanceID(), AppID: s["app"], TenantID: tenant,
		VersionID: core.NewID(), Label: label, Release: 1, HostID: h.host(), HostPort: 25700 + int(label[0]-'0'), State: core.InstanceReady, CreatedAt: time.Now()}))
	return s
}

// alerts makes a channel, a rule and a silence.
func (h *house) alerts(s sample) {
	h.t.Helper()
	receiver := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	h.t.Cleanup(receiver.Close)
	channel, err := h.service.AddAlertChannel(h.system(), core.AlertChannel{TenantID: s["tenant"], Name: "On call", Kind: core.ChannelSlack},
		core.AlertTarget{URL: receiver.URL})
	h.ok(err)
	minute := core.Duration(time.Minute)
	rule, err := h.service.AddAlertRule(h.system(), core.AlertRule{TenantID: s["tenant"], Kind: core.AlertMetric, Metric: core.MetricLatency, Threshold: 0.5,
		Window: minute, For: minute, Severity: core.AlertWarning})
	h.ok(err)
	silence, err := h.service.SilenceAlerts(h.system(), core.AlertSilence{TenantID: s["tenant"], RuleID: rule.ID, Until: time.Now().Add(time.Hour)})
	h.ok(err)
	s["channel"], s["rule"], s["silence"] = channel.ID, rule.ID, silence.ID
}

// tcpPort opens a TCP port of an app.
func (h *house) tcpPort(app, tenant string) (number string) {
	h.t.Helper()
	p, err := h.store.TCPPorts().Create(h.system(), core.TCPPort{AppID: app, TenantID: tenant, CreatedAt: time.Now()}, tcpPool)
	h.ok(err)
	return strconv.Itoa(p.Port)
}

func (h *house) system() context.Context { return core.WithActor(context.Background(), core.System()) }

func (h *house) host() string {
	h.t.Helper()
	h.ok(h.store.Hosts().Put(h.system(), core.Host{ID: core.LocalHost, Name: "local", PortFrom: 25700, PortTo: 25799, Status: core.HostUp}))
	return core.LocalHost
}

// uploaded brings a file that is ready to be used.
func (h *house) uploaded(tenant, app string) string {
	h.t.Helper()
	archive, err := os.ReadFile(testenv.Archive(h.t, testenv.ImageOptions{}))
	h.ok(err)
	u, err := h.service.BeginUpload(h.system(), core.Upload{TenantID: tenant, AppID: app, FileName: "shop.tar", Size: core.Bytes(len(archive))})
	h.ok(err)
	_, err = h.service.FinishUpload(h.system(), u.ID, bytes.NewReader(archive))
	h.ok(err)
	return u.ID
}

// invite brings everybody in: people with each role and on the platform, and tokens of each kind.
func (h *house) invite() {
	h.t.Helper()
	h.callers = []*caller{{name: "nobody", sample: sample{"token": core.NewID(), "session": core.NewID()}}}
	for _, role := range core.Roles {
		h.person(string(role), core.User{}, role)
	}
	h.person("support", core.User{Support: true}, "")
	helper := h.person("support with a session", core.User{Support: true}, "")
	_, err := h.service.OpenSupport(h.as(helper), core.NewSupport{TenantID: h.own["tenant"], Reason: "The shop does not answer"})
	h.ok(err)
	h.person("operator", core.User{Operator: true}, "")
	for _, scope := range core.Scopes {
		h.tokenOf(string(scope)+" token", "", core.Token{TenantID: h.own["tenant"], Scope: scope})
	}
	h.tokenOf("token of another app", "", core.Token{TenantID: h.own["tenant"], Scope: core.ScopeAdmin, Apps: []string{h.own["blog"]}})
	h.tokenOf("admin's own token", "admin", core.Token{Scope: core.ScopeAdmin})
	h.tokenOf("developer's own read token", "developer", core.Token{Scope: core.ScopeRead})
	h.tokenOf("viewer's own token", "viewer", core.Token{Scope: core.ScopeAdmin})
	h.tokenOf("admin's own token of another app", "admin", core.Token{Scope: core.ScopeAdmin, Apps: []string{h.own["blog"]}})
	h.tokenOf("operator's own deploy token", "operator", core.Token{Scope: core.ScopeDeploy})
	for i, c := range h.callers { // each from an address of its own, which limits of requests go by
		from := &net.TCPAddr{IP: net.IPv4(127, 0, 1, byte(i+1))}
		transport := &http.Transport{DialContext: (&net.Dialer{LocalAddr: from}).DialContext}
		h.t.Cleanup(transport.CloseIdleConnections)
		c.client = &http.Client{Transport: transport, Timeout: 30 * time.Second,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	}
}

// supports has somebody of the support staff have a session in a tenant.
func (h *house) supports(c *caller, state core.SupportState, tenant string) (id string) {
	h.t.Helper()
	s := core.SupportSession{ID: core.NewID(), TenantID: tenant, UserID: c.userID, UserName: c.name, Reason: "It does not answer",
		Lasts: time.Hour, CreatedAt: time.Now(), ExpiresAt: time.Now().Add(time.Hour), State: state}
	h.ok(h.store.Support().Create(h.system(), s))
	return s.ID
}

// waiting is a session of a tenant that waits for consent, of somebody who calls nothing.
func (h *house) waiting(tenant string) (id string) {
	u := core.User{ID: core.NewID(), Email: core.NewInstanceID() + "@example.com", Name: "A helper", Support: true, CreatedAt: time.Now()}
	h.ok(h.store.Users().Create(h.system(), u))
	return h.supports(&caller{name: u.Name, userID: u.ID}, core.SupportWaiting, tenant)
}

// person brings somebody with a session and a token of their own; role "" is a member of nothing.
func (h *house) person(name string, u core.User, role core.Role) *caller {
	h.t.Helper()
	u.ID, u.Email, u.Name, u.CreatedAt = core.NewID(), core.Slugify(name)+"@example.com", "The "+name, time.Now()
	h.ok(h.store.Users().Create(h.system(), u))
	if role != "" {
		h.ok(h.store.Members().Put(h.system(), core.Membership{TenantID: h.own["tenant"], UserID: u.ID, Role: role}))
	}
	c := &caller{name: name, userID: u.ID}
	c.cookie = h.session(c)
	t, _, err := h.service.CreateOwnToken(h.as(c), core.Token{Name: "spare", Scope: core.ScopeRead})
	h.ok(err)
	c.sample = sample{"token": t.ID, "session": h.spareSession(c)}
	h.callers = append(h.callers, c)
	return c
}

// spareSession is the id of a further session of a person.
func (h *house) spareSession(c *caller) string {
	h.t.Helper()
	before, err := h.service.Sessions(h.as(c))
	h.ok(err)
	h.session(c)
	after, err := h.service.Sessions(h.as(c))
	h.ok(err)
	for _, s := range after {
		if !slices.ContainsFunc(before, func(b core.Session) bool { return b.ID == s.ID }) {
			return s.ID
		}
	}
	h.t.Fatal(c.name, " has no second session")
	return ""
}

// as is the context in which a person acts.
func (h *house) as(c *caller) context.Context {
	h.t.Helper()
	actor, _, err := h.service.ActorOfUser(context.Background(), c.userID)
	h.ok(err)
	return core.WithActor(context.Background(), actor)
}

// tokenOf brings a program with a token of a tenant, or of the person of a name.
func (h *house) tokenOf(name, owner string, t core.Token) {
	h.t.Helper()
	t.ID, t.Name, t.CreatedAt = core.NewID(), name, time.Now()
	c := &caller{name: name, token: "berth_" + core.NewSecret(), sample: sample{"token": core.NewID(), "session": core.NewID()}}
	for _, person := range h.callers {
		if owner != "" && person.name == owner {
			t.OwnerID, c.sample = person.userID, person.sample
		}
	}
	t.SecretHash = hashOf(c.token)
	h.ok(h.store.Tokens().Create(h.system(), t))
	h.callers = append(h.callers, c)
}

// hashOf is how the secret of a token is stored.
func hashOf(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}

// session signs a person in, without a password.
func (h *house) session(c *caller) string { return h.signIn(browser(h.t), c.userID).String() }

func (h *house) caller(name string) *caller {
	h.t.Helper()
	for _, c := range h.callers {
		if c.name == name {
			return c
		}
	}
	h.t.Fatal("nobody is called ", name)
	return nil
}

// keep takes a copy of the database, for restore to go back to.
func (h *house) keep() {
	h.t.Helper()
	ctx := context.Background()
	db, err := sql.Open("sqlite", filepath.Join(h.dir, "berth.db")+"?_pragma=busy_timeout(10000)")
	h.ok(err)
	h.t.Cleanup(func() { db.Close() })
	h.db, err = db.Conn(ctx)
	h.ok(err)
	h.t.Cleanup(func() { h.db.Close() })
	kept := filepath.Join(h.t.TempDir(), "kept.db")
	for _, statement := range []string{"VACUUM INTO '" + kept + "'", "ATTACH '" + kept + "' AS kept"} {
		_, err = h.db.ExecContext(ctx, statement)
		h.ok(err)
	}
	rows, err := h.db.QueryContext(ctx, `SELECT name FROM kept.sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name NOT LIKE 'goose%'`)
	h.ok(err)
	defer rows.Close()
	for rows.Next() {
		var name string
		h.ok(rows.Scan(&name))
		h.tables = append(h.tables, name)
	}
	h.ok(rows.Err())
}

// restore undoes every change since keep.
func (h *house) restore() {
	h.t.Helper()
	statements := []string{"BEGIN IMMEDIATE"}
	for _, table := range h.tables {
		statements = append(statements, `DELETE FROM main."`+table+`"`, `INSERT INTO main."`+table+`" SELECT * FROM kept."`+table+`"`)
	}
	for _, statement := range append(statements, "COMMIT") {
		_, err := h.db.ExecContext(context.Background(), statement)
		h.ok(err)
	}
}

func (h *house) ok(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

// with is s with some of its values replaced.
func (s sample) with(others sample) sample {
	out := sample{}
	for k, v := range s {
		out[k] = v
	}
	for k, v := range others {
		out[k] = v
	}
	return out
}

// fill puts the values of s in the place of their names in braces, and notes which it needed.
func (s sample) fill(text string, used map[string]bool, escape func(string) string) string {
	for key, value := range s {
		if name := "{" + key + "}"; bytes.Contains([]byte(text), []byte(name)) {
			used[key] = true
			text = string(bytes.ReplaceAll([]byte(text), []byte(name), []byte(escape(value))))
		}
	}
	return text
}

func escapePath(s string) string { return url.PathEscape(s) }
func asItIs(s string) string     { return s }

func inJSON(s string) string {
	q := fmt.Sprintf("%q", s)
	return q[1 : len(q)-1]
}

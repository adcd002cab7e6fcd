package web

import (
	"bufio"
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"berth/core"
)

// TestWhatIsOpenEndsWithTheRight takes from everybody what lets them look, while they do: sockets are closed and streams
// end. How often they are asked is set lower here than the usual 20 seconds. Bad input 35.
func TestWhatIsOpenEndsWithTheRight(t *testing.T) {
	h := newHouse(t)
	tea, admin := h.own["tenant"], h.as(h.caller("admin"))
	made := func(in core.Token, secret string, err error) (core.Token, *caller) {
		t.Helper()
		h.ok(err)
		return in, &caller{name: in.Name, token: secret, client: h.caller("nobody").client}
	}
	tenants, byTenants := made(h.service.CreateToken(admin, core.Token{TenantID: tea, Name: "Of the team", Scope: core.ScopeRead}))
	own, byOwn := made(h.service.CreateOwnToken(admin, core.Token{Name: "Own", Scope: core.ScopeRead}))
	_, byExpiring := made(h.service.CreateOwnToken(admin, core.Token{Name: "Expiring", Scope: core.ScopeRead, ExpiresAt: time.Now().Add(3 * time.Second)}))
	_, byViewers := made(h.service.CreateOwnToken(h.as(h.caller("viewer")), core.Token{Name: "Viewer's", Scope: core.ScopeRead}))
	developer, helper := h.caller("developer"), h.caller("support with a session")
	sessions, err := h.service.SupportSessions(h.as(helper), core.SupportFilter{})
	h.ok(err)

	for _, x := range []struct {
		c      *caller
		revoke func() error
		after  int // of the same request again
	}{
		{byExpiring, func() error { return nil }, http.StatusUnauthorized},
		{byTenants, func() error { return h.service.DeleteToken(admin, tea, tenants.ID) }, http.StatusUnauthorized},
		{byOwn, func() error { return h.service.DeleteOwnToken(admin, own.ID) }, http.StatusUnauthorized},
		{byViewers, func() error { return h.service.RemoveMember(admin, tea, h.caller("viewer").userID) }, http.StatusNotFound},
		{developer, func() error { return h.service.RemoveMember(admin, tea, developer.userID) }, http.StatusNotFound},
		{helper, func() error { return h.service.EndSupport(admin, sessions[0].ID) }, http.StatusNotFound},
	} {
		socket, stream := h.openSocket(x.c), h.openStream(x.c)
		h.ok(x.revoke())
		if code := closedWith(t, socket); code != websocket.ClosePolicyViolation {
			t.Errorf("%s: the socket is closed with %d", x.c.name, code)
		}
		for stream.Scan() { // until it ends
		}
		for _, path := range []string{"/api/v1/apps/" + h.own["app"], "/apps/" + h.own["app"] + "/live"} {
			got := h.send(x.c, route{method: "GET", path: path}, h.request(path))
			if v := verdict(route{}, got); v != x.after {
				t.Errorf("%s of %s afterwards: %d", path, x.c.name, got.status)
			}
		}
	}
}

func (h *house) request(path string) *http.Request {
	h.t.Helper()
	r, err := http.NewRequest(http.MethodGet, h.url+path, nil)
	h.ok(err)
	return r
}

func (h *house) identity(c *caller) []string {
	if c.token != "" {
		return []string{"Authorization", "Bearer " + c.token}
	}
	return []string{"Cookie", c.cookie, "Origin", h.url}
}

func (h *house) openSocket(c *caller) *websocket.Conn {
	h.t.Helper()
	socket, status := h.dial("/api/v1/apps/"+h.own["app"]+"/logs", h.identity(c)...)
	if status != http.StatusSwitchingProtocols {
		h.t.Fatalf("%s opens a socket: %d", c.name, status)
	}
	return socket
}

func (h *house) openStream(c *caller) *bufio.Scanner {
	h.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	h.t.Cleanup(cancel)
	r := h.request("/apps/" + h.own["app"] + "/live").WithContext(ctx)
	id := h.identity(c)
	for i := 0; i < len(id); i += 2 {
		r.Header.Set(id[i], id[i+1])
	}
	res, err := c.client.Do(r)
	h.ok(err)
	h.t.Cleanup(func() { res.Body.Close() })
	lines := bufio.NewScanner(res.Body)
	lines.Buffer(nil, 1<<20)
	if res.StatusCode != http.StatusOK || !lines.Scan() {
		h.t.Fatalf("%s opens a stream: %d", c.name, res.StatusCode)
	}
	return lines
}

// TestTokensThatAreNoMore: expired, revoked, of somebody who is gone, of nobody. The API and the image registry answer
// the same to all.
func TestTokensThatAreNoMore(t *testing.T) {
	h := newHouse(t)
	admin := h.as(h.caller("admin"))
	token := func(in core.Token) string {
		t.Helper()
		in.ID, in.Name, in.SecretHash, in.Scope = core.NewID(), "spare", core.NewSecret(), core.ScopeAdmin
		secret := "berth_" + core.NewSecret()
		in.SecretHash = hashOf(secret)
		h.ok(h.store.Tokens().Create(h.system(), in))
		return secret
	}
	revoked, secret, err := h.service.CreateToken(admin, core.Token{TenantID: h.own["tenant"], Name: "Revoked", Scope: core.ScopeAdmin})
	h.ok(err)
	h.ok(h.service.DeleteToken(admin, h.own["tenant"], revoked.ID))
	good := token(core.Token{TenantID: h.own["tenant"]})
	for name, x := range map[string]struct {
		secret        string
		api, registry int
	}{
		"good":             {good, 200, 200},
		"expired":          {token(core.Token{TenantID: h.own["tenant"], ExpiresAt: time.Now().Add(-time.Second)}), 401, 401},
		"own and expired":  {token(core.Token{OwnerID: h.caller("admin").userID, ExpiresAt: time.Now().Add(-time.Second)}), 401, 401},
		"revoked":          {secret, 401, 401},
		"another tenant's": {token(core.Token{TenantID: h.foreign["tenant"]}), 404, 403},
		"of another app":   {token(core.Token{TenantID: h.own["tenant"], Apps: []string{h.own["blog"]}}), 404, 403},
		"changed":          {strings.ToUpper(good), 401, 401},
		"cut":              {good[:len(good)-1], 401, 401},
		"a hash":           {hashOf(good), 401, 401},
		"empty":            {"", 401, 401},
	} {
		if got := h.api(x.secret, http.MethodGet, "/apps/"+h.own["app"], ""); got.status != x.api {
			t.Errorf("%s, API: %d %s", name, got.status, got.body)
		}
		got := h.ask(nil, http.MethodGet, "/v2/"+h.own["app"]+"/manifests/"+h.own["version"], "", append(anyManifest, "Authorization", basic(x.secret))...)
		if got.status != x.registry {
			t.Errorf("%s, registry: %d %s", name, got.status, got.body)
		}
	}
}

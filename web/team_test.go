package web

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"berth/core"
)

// invite makes an invitation and returns the path of its link.
func (p realPortal) invite(tenant, email, role string) string {
	p.t.Helper()
	var made object
	p.must(201, http.MethodPost, "/tenants/"+tenant+"/invitations", object{"email": email, "role": role}, &made)
	link, err := url.Parse(made["url"].(string))
	if err != nil || link.Host != "localhost:8080" {
		p.t.Fatal("the link is not the portal's:", made["url"])
	}
	return link.Path
}

// Bad input 7 and 8, on invitations.
func TestInvitationLinkWorksOnce(t *testing.T) {
	p := newRealPortal(t)
	tenant, _ := p.tenant("Tea", core.ScopeRead)
	link := p.invite(tenant, "dev@example.com", "developer")
	for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodGet} {
		if got := p.ask(nil, method, link, ""); got.status != http.StatusOK {
			t.Fatalf("%s of the link: %d", method, got.status)
		}
	}
	page := p.ask(nil, http.MethodGet, link, "")
	for _, words := range []string{"Tea", "dev@example.com", `name="password"`} {
		if !strings.Contains(page.body, words) {
			t.Errorf("the page lacks %s", words)
		}
	}
	form := []string{"name", "Developer", "password", password, "role", "admin", "tenant_id", "coffee", "operator", "true", "email", "boss@example.com"}
	if got := p.post(nil, link, []string{"Sec-Fetch-Site", "cross-site"}, form...); got.status != http.StatusForbidden {
		t.Errorf("a foreign page joins: %d", got.status)
	}
	if got := p.post(nil, link, nil, "name", "Developer", "password", "short"); got.status != http.StatusUnprocessableEntity {
		t.Errorf("a short password: %d", got.status)
	}
	client := browser(t)
	if got := p.post(client, link, nil, form...); got.status != http.StatusSeeOther || got.header.Get("Location") != "/" {
		t.Fatalf("%d %s", got.status, got.body)
	}
	if got := p.ask(client, http.MethodGet, "/members?tenant="+tenant, ""); got.status != http.StatusOK || !strings.Contains(got.body, "dev@example.com") ||
		strings.Contains(got.body, "Invite somebody") {
		t.Errorf("what a developer sees of the members: %d", got.status)
	}
	if got := p.ask(client, http.MethodGet, "/people", ""); got.status != http.StatusForbidden {
		t.Errorf("who was invited sees all people: %d", got.status)
	}
	for _, method := range []string{http.MethodGet, http.MethodPost} {
		if got := p.ask(nil, method, link, "", "Content-Type", formType); got.status != http.StatusGone || !strings.Contains(got.body, "accepted already") {
			t.Errorf("%s of the used link: %d", method, got.status)
		}
	}
	if got := p.ask(nil, http.MethodGet, "/invitations/rubbish", ""); got.status != http.StatusGone {
		t.Errorf("a link that never was: %d", got.status)
	}
	if secret := strings.TrimPrefix(link, "/invitations/"); strings.Contains(p.logged.String(), secret) {
		t.Error("the secret is in the log")
	}
}

func TestInvitationIsForItsEmail(t *testing.T) {
	p := newRealPortal(t)
	client := p.setUp()
	tenant, _ := p.tenant("Coffee", core.ScopeRead)
	link := p.invite(tenant, "else@example.com", "viewer")
	if got := p.ask(client, http.MethodGet, link, ""); got.status != http.StatusOK || !strings.Contains(got.body, "signed in as somebody else") {
		t.Errorf("somebody else's: %d", got.status)
	}
	if got := p.post(client, link, nil); got.status != http.StatusForbidden {
		t.Errorf("somebody else accepts: %d", got.status)
	}
	own := p.invite(tenant, email, "viewer")
	if got := p.ask(nil, http.MethodGet, own, ""); !strings.Contains(got.body, "/sign-in?next="+url.QueryEscape(own)) {
		t.Error("somebody known is not asked to sign in")
	}
	if got := p.post(nil, own, nil, "name", "Ada", "password", password); got.status != http.StatusConflict {
		t.Errorf("an account is made twice: %d", got.status)
	}
	if got := p.post(client, own, nil); got.status != http.StatusSeeOther || got.header.Get("Location") != "/?tenant="+tenant {
		t.Errorf("accepted: %d %s", got.status, got.header.Get("Location"))
	}
}

// Bad input 7, on registration.
func TestRegistrationIgnoresWhatItDoesNotAsk(t *testing.T) {
	p := newRealPortal(t)
	p.setUp()
	if got := p.ask(nil, http.MethodGet, "/sign-in", ""); !strings.Contains(got.body, `href="/register"`) {
		t.Error("nothing leads to the registration")
	}
	client := browser(t)
	got := p.post(client, "/register", nil, "name", "New", "email", "new@example.com", "password", password, "team", "New team",
		"role", "operator", "operator", "1", "support", "1", "tenant_id", "tea", "tenant", "tea", "plan", "unlimited")
	if got.status != http.StatusSeeOther {
		t.Fatalf("%d %s", got.status, got.body)
	}
	for path, want := range map[string]int{"/": 200, "/members?tenant=new-team": 200, "/people": 403, "/hosts": 403, "/?tenant=tea": 404} {
		if got := p.ask(client, http.MethodGet, path, ""); got.status != want {
			t.Errorf("%s: %d, want %d", path, got.status, want)
		}
	}
	var shown object
	p.must(200, http.MethodGet, "/tenants/new-team", nil, &shown)
	if shown["plan"] != "starter" {
		t.Errorf("%v", shown)
	}
	if got := p.post(nil, "/register", nil, "name", "New", "email", "new@example.com", "password", password, "team", "x y"); got.status != http.StatusConflict {
		t.Errorf("the same email again: %d", got.status)
	}
}

// Somebody in no team gets pages that say so, and none that breaks.
func TestPagesWithoutATeam(t *testing.T) {
	p := newRealPortal(t)
	p.setUp()
	tenant, _ := p.tenant("Coffee", core.ScopeRead)
	client := browser(t)
	if got := p.post(client, p.invite(tenant, "gone@example.com", "viewer"), nil, "name", "Gone", "password", password); got.status != http.StatusSeeOther {
		t.Fatal(got)
	}
	if got := p.post(client, "/members/leave", nil, "tenant", tenant); got.status != http.StatusSeeOther {
		t.Fatalf("leave: %d %s", got.status, got.body)
	}
	if got := p.ask(client, http.MethodGet, "/", ""); got.status != http.StatusOK || !strings.Contains(got.body, "You are in no team yet") {
		t.Errorf("home: %d", got.status)
	}
	for _, path := range []string{"/activity", "/members", "/quota", "/audit", "/tokens", "/team", "/team/delete", "/new", "/new/upload", "/new/image",
		"/new/database", "/new/database/redis", "/profile", "/support", "/tenants", "/people", "/plans", "/hosts", "/platform/audit", "/not-there"} {
		if got := p.ask(client, http.MethodGet, path, "", "Accept", "text/html"); got.status >= 500 {
			t.Errorf("%s: %d", path, got.status)
		}
	}
	if got := p.post(client, "/team/new", nil, "team", "Mine"); got.status != http.StatusSeeOther {
		t.Errorf("a team of one's own: %d %s", got.status, got.body)
	}
}

func TestLastAdminOverTheAPI(t *testing.T) {
	p := newRealPortal(t)
	p.setUp()
	var members struct{ Items []object }
	p.must(200, http.MethodGet, "/tenants/tea/members", nil, &members)
	if len(members.Items) != 1 || members.Items[0]["role"] != "admin" {
		t.Fatal(members)
	}
	person := members.Items[0]["person"].(string)
	p.must(409, http.MethodPut, "/tenants/tea/members/"+person, object{"role": "viewer"}, nil)
	p.must(409, http.MethodDelete, "/tenants/tea/members/"+person, nil, nil)
	p.must(409, http.MethodDelete, "/people/"+person+"?email="+url.QueryEscape(email), nil, nil)
	p.must(409, http.MethodPatch, "/people/"+person, object{"operator": false}, nil)
	p.must(422, http.MethodPut, "/tenants/tea/members/"+person, object{"role": "owner", "tenant_id": "x"}, nil)
	var shown, op object
	p.must(200, http.MethodGet, "/people/"+person, nil, &shown)
	p.must(200, http.MethodGet, "/people", nil, nil)
	p.must(200, http.MethodGet, "/tenants/tea/estate", nil, nil)
	p.must(200, http.MethodPatch, "/tenants/tea", object{"name": "Tea house", "plan": "standard"}, &shown)
	if shown["name"] != "Tea house" || shown["plan"] != "standard" {
		t.Error(shown)
	}
	p.must(202, http.MethodDelete, "/tenants/tea", nil, &op)
	p.must(200, http.MethodGet, "/operations/"+op["operation"].(string), nil, &shown)
	if shown["kind"] != "delete_tenant" || shown["app"] != "" || shown["tenant"] != "tea" {
		t.Error(shown)
	}
	p.must(409, http.MethodPost, "/tenants/tea/invitations", object{"email": "late@example.com", "role": "viewer"}, nil)
}

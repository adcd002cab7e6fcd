package web

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

const (
	email    = "ada@example.com"
	password = "correct horse battery"
)

const formType = "application/x-www-form-urlencoded"

func (p realPortal) post(client *http.Client, path string, header []string, kv ...string) answer {
	p.t.Helper()
	form := url.Values{}
	for i := 0; i+1 < len(kv); i += 2 {
		form.Add(kv[i], kv[i+1])
	}
	return p.ask(client, http.MethodPost, path, form.Encode(), append([]string{"Content-Type", formType}, header...)...)
}

// setUp opens the setup link and returns the browser of the first operator.
func (p realPortal) setUp() *http.Client {
	p.t.Helper()
	secret, _, err := p.service.NewSetupLink(context.Background())
	if err != nil {
		p.t.Fatal(err)
	}
	client := browser(p.t)
	got := p.post(client, "/setup/"+secret, nil, "name", "Ada", "email", email, "password", password, "tenant", "Tea",
		"role", "viewer", "tenant_id", "coffee", "operator", "false")
	if got.status != http.StatusSeeOther || got.header.Get("Location") != "/" {
		p.t.Fatalf("setup: %d %s", got.status, got.body)
	}
	return client
}

// Bad input 7 and 8.
func TestSetupLinkWorksOnce(t *testing.T) {
	p := newRealPortal(t)
	secret, _, err := p.service.NewSetupLink(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodGet} {
		if got := p.ask(nil, method, "/setup/"+secret, ""); got.status != http.StatusOK {
			t.Fatalf("%s of the link: %d", method, got.status)
		}
	}
	form := []string{"name", "Ada", "email", email, "password", password, "role", "viewer", "tenant_id", "coffee"}
	weak := p.post(nil, "/setup/"+secret, nil, "name", "Ada", "email", email, "password", "short")
	if weak.status != http.StatusUnprocessableEntity || !strings.Contains(weak.body, email) || strings.Contains(weak.body, "value=\"short\"") {
		t.Errorf("a short password: %d", weak.status)
	}
	client := browser(t)
	if got := p.post(client, "/setup/"+secret, nil, form...); got.status != http.StatusSeeOther {
		t.Fatalf("%d %s", got.status, got.body)
	}
	if got := p.ask(client, http.MethodGet, "/hosts", ""); got.status != http.StatusOK {
		t.Errorf("the first person is no operator: %d", got.status)
	}
	if got := p.post(nil, "/setup/"+secret, nil, form...); got.status != http.StatusGone {
		t.Errorf("the link again: %d", got.status)
	}
	if strings.Contains(p.logged.String(), secret) || strings.Contains(p.logged.String(), password) {
		t.Error("a secret is in the log")
	}
}

// Bad input 1. That both cost the same is tested where the password is hashed.
func TestSignInTellsNothing(t *testing.T) {
	p := newRealPortal(t)
	p.setUp()
	var bodies []string
	for _, who := range []string{email, "nobody@example.com"} {
		got := p.post(nil, "/sign-in", nil, "email", who, "password", "wrong password")
		if got.status != http.StatusUnauthorized {
			t.Fatalf("%d %s", got.status, got.body)
		}
		bodies = append(bodies, withoutNonce(got, who))
	}
	if bodies[0] != bodies[1] {
		t.Errorf("the texts differ:\n%s\n%s", bodies[0], bodies[1])
	}
}

// withoutNonce returns a page without what differs in each.
func withoutNonce(a answer, typed string) string {
	_, rest, _ := strings.Cut(a.header.Get("Content-Security-Policy"), "'nonce-")
	nonce, _, _ := strings.Cut(rest, "'")
	return strings.NewReplacer(nonce, "", typed, "").Replace(a.body)
}

// Bad input 2.
func TestSignInIsLimited(t *testing.T) {
	p := newRealPortal(t)
	p.setUp()
	refused := false
	for range 25 {
		got := p.post(nil, "/sign-in", []string{"X-Forwarded-For", "198.51.100.7"}, "email", email, "password", "wrong password")
		if refused = got.status == http.StatusTooManyRequests; refused {
			break
		}
	}
	if !refused {
		t.Fatal("25 failures are not refused")
	}
	again := func(local, who, forwarded string) int {
		client := browser(t)
		client.Transport = &http.Transport{DialContext: (&net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(local)}}).DialContext}
		return p.post(client, "/sign-in", []string{"X-Forwarded-For", forwarded}, "email", who, "password", "wrong password").status
	}
	if got := again("127.0.0.1", "other@example.com", "203.0.113.9"); got != http.StatusTooManyRequests {
		t.Errorf("another account from the same peer, with another X-Forwarded-For: %d", got)
	}
	if got := again("127.0.0.2", email, "203.0.113.9"); got != http.StatusTooManyRequests {
		t.Errorf("the same account from another peer: %d", got)
	}
	if got := again("127.0.0.2", "other@example.com", ""); got != http.StatusUnauthorized {
		t.Errorf("another account from another peer: %d", got)
	}
}

// Bad input 3, 4 and 5, as a browser does it.
func TestSignInAndOut(t *testing.T) {
	p := newRealPortal(t)
	p.setUp()
	for next, want := range map[string]string{"//evil": "/", `/\evil`: "/", "https:evil": "/", "/hosts": "/hosts"} {
		client := browser(t)
		if got := p.ask(client, http.MethodGet, "/sign-in?next="+url.QueryEscape(next), ""); strings.Contains(got.body, "evil") {
			t.Errorf("%s is in the page", next)
		}
		got := p.post(client, "/sign-in", nil, "email", email, "password", password, "next", next)
		if got.status != http.StatusSeeOther || got.header.Get("Location") != want {
			t.Errorf("next=%s leads to %d %s", next, got.status, got.header.Get("Location"))
		}
	}
	client := browser(t)
	u, _ := url.Parse(p.url)
	client.Jar.SetCookies(u, []*http.Cookie{{Name: "berth", Value: "planted", Path: "/"}})
	p.post(client, "/sign-in", nil, "email", email, "password", password)
	cookie := client.Jar.Cookies(u)[0].String()
	if strings.Contains(cookie, "planted") {
		t.Fatal("the planted session was adopted")
	}
	if got := p.ask(client, http.MethodGet, "/", ""); got.status != http.StatusOK || !strings.Contains(got.body, "Tea") {
		t.Fatalf("home: %d", got.status)
	}
	if got := p.post(client, "/sign-out", []string{"Sec-Fetch-Site", "cross-site"}); got.status != http.StatusForbidden {
		t.Errorf("a foreign page signs out: %d", got.status)
	}
	if got := p.post(client, "/sign-out", nil); got.status != http.StatusSeeOther {
		t.Errorf("sign-out: %d %s", got.status, got.body)
	}
	for _, path := range []string{"/", "/hosts", "/api/v1/apps", "/live"} {
		got := p.ask(nil, http.MethodGet, path, "", "Cookie", cookie)
		if got.status != http.StatusUnauthorized {
			t.Errorf("%s with the old cookie: %d", path, got.status)
		}
		if !strings.HasPrefix(path, "/api") && !strings.Contains(got.body, `name="password"`) {
			t.Errorf("%s does not ask to sign in: %s", path, got.body)
		}
	}
}

// Bad input 6.
func TestLinksComeFromTheSettings(t *testing.T) {
	p := newRealPortal(t)
	client := p.setUp()
	app := p.app("tea", "Shop")
	u, _ := url.Parse(p.url)
	cookie := client.Jar.Cookies(u)[0].String()
	for _, path := range []string{"/", "/new", "/apps/" + app, "/apps/" + app + "/versions", "/apps/" + app + "/versions/new",
		"/tokens", "/hosts", "/not-there", "/api/v1/apps/" + app} {
		r, _ := http.NewRequest(http.MethodGet, p.url+path, nil)
		r.Host = "evil.example"
		r.Header.Set("X-Forwarded-Host", "evil.example")
		r.Header.Set("Forwarded", "host=evil.example")
		r.Header.Set("Cookie", cookie)
		res, err := browser(t).Do(r)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(res.Body)
		res.Body.Close()
		if strings.Contains(string(body), "evil.example") || strings.Contains(res.Header.Get("Location"), "evil.example") {
			t.Errorf("%s names the forged host: %d %s", path, res.StatusCode, body)
		}
		if res.StatusCode >= 500 {
			t.Errorf("%s: %d", path, res.StatusCode)
		}
	}
}

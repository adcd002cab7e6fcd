package web

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"berth/core/service"
	"berth/e2e/testenv"
	"berth/web/oidc"
)

// newProviderPortal is a real portal at which people may sign in with a provider.
func newProviderPortal(t *testing.T, register bool) (realPortal, *testenv.Provider) {
	t.Helper()
	provider := testenv.StartProvider(t)
	p := newRealPortalWith(t, func(d *service.Deps) { d.Register = register })
	p.server.handlers.Provider = oidc.New(oidc.Options{Issuer: provider.URL, ClientID: provider.Client, ClientSecret: provider.Secret,
		Name: "Example", Callback: p.url + "/sign-in/oidc/callback"})
	return p, provider
}

// away begins the way to the provider and returns the address at which the browser comes back.
func (p realPortal) away(client *http.Client, next string) string {
	p.t.Helper()
	there := p.ask(client, http.MethodGet, "/sign-in/oidc?next="+url.QueryEscape(next), "")
	if there.status != http.StatusSeeOther {
		p.t.Fatalf("%d %s", there.status, there.body)
	}
	res, err := client.Get(there.header.Get("Location"))
	if err != nil {
		p.t.Fatal(err)
	}
	res.Body.Close()
	back := res.Header.Get("Location")
	if !strings.HasPrefix(back, p.url+"/sign-in/oidc/callback?") {
		p.t.Fatalf("%s leads to %d %q", there.header.Get("Location"), res.StatusCode, back)
	}
	return strings.TrimPrefix(back, p.url)
}

// provided goes the whole way.
func (p realPortal) provided(next string) (*http.Client, answer) {
	p.t.Helper()
	client := browser(p.t)
	return client, p.ask(client, http.MethodGet, p.away(client, next), "")
}

func TestProviderSignsIn(t *testing.T) {
	p, provider := newProviderPortal(t, false)
	p.enrol(p.setUp()) // two-factor is the provider's business
	if page := p.ask(nil, http.MethodGet, "/sign-in?next=%2Fhosts", ""); !strings.Contains(page.body, "Sign in with Example") ||
		!strings.Contains(page.body, `href="/sign-in/oidc?next=%2Fhosts"`) {
		t.Error(page.body)
	}
	provider.Says(map[string]any{"email": strings.ToUpper(email)})
	for next, want := range map[string]string{"/hosts": "/hosts", "//evil": "/", `/\evil`: "/", "https:evil": "/"} {
		client, got := p.provided(next)
		if got.status != http.StatusSeeOther || got.header.Get("Location") != want {
			t.Fatalf("%s: %d %s %s", next, got.status, got.header.Get("Location"), got.body)
		}
		if got := p.ask(client, http.MethodGet, "/profile", ""); got.status != http.StatusOK || !strings.Contains(got.body, email) {
			t.Errorf("%d %s", got.status, got.body)
		}
	}
	provider.Says(map[string]any{"email": "changed@example.com", "email_verified": false}) // known by the subject now
	if _, got := p.provided("/"); got.status != http.StatusSeeOther {
		t.Errorf("with another email there: %d %s", got.status, got.body)
	}
}

func TestProviderIsRefused(t *testing.T) {
	p, provider := newProviderPortal(t, false)
	p.setUp()
	for name, c := range map[string]struct {
		claims map[string]any
		words  string
	}{
		"unverified":     {map[string]any{"email": email, "email_verified": false}, "has not verified your email"},
		"not said":       {map[string]any{"email": email, "email_verified": nil}, "has not verified your email"},
		"no email":       {map[string]any{"email": ""}, "has not verified your email"},
		"unknown":        {map[string]any{"email": "stranger@example.com"}, "Nobody here has the email stranger@example.com"},
		"no subject":     {map[string]any{"email": email, "sub": ""}, "in a way that Berth can keep"},
		"wrong nonce":    {map[string]any{"email": email, "nonce": "another"}, "could not be verified"},
		"no nonce":       {map[string]any{"email": email, "nonce": ""}, "could not be verified"},
		"wrong audience": {map[string]any{"email": email, "aud": "another"}, "could not be verified"},
		"wrong issuer":   {map[string]any{"email": email, "iss": "https://evil.example"}, "could not be verified"},
		"expired":        {map[string]any{"email": email, "exp": 1}, "could not be verified"},
	} {
		provider.Says(c.claims)
		client, got := p.provided("/")
		p.nobody(name, client, got, http.StatusForbidden, c.words)
	}
	provider.Says(map[string]any{"email": email})
	provider.Forge(t, true)
	client, got := p.provided("/")
	p.nobody("another key", client, got, http.StatusForbidden, "could not be verified")
}

// nobody checks that nobody was signed in, and that the page says why and still offers the password.
func (p realPortal) nobody(name string, client *http.Client, got answer, status int, words string) {
	p.t.Helper()
	if got.status != status || !strings.Contains(got.body, words) || !strings.Contains(got.body, `name="password"`) {
		p.t.Errorf("%s: %d %s", name, got.status, got.body)
	}
	if page := p.ask(client, http.MethodGet, "/profile", ""); page.status != http.StatusSeeOther {
		p.t.Errorf("%s is signed in: %d", name, page.status)
	}
}

// The way back belongs to the browser that began it, and is gone once.
func TestProviderAnswersOneBrowserOnce(t *testing.T) {
	p, provider := newProviderPortal(t, false)
	p.setUp()
	provider.Says(map[string]any{"email": email})
	mine := browser(t)
	back := p.away(mine, "/")
	victim := browser(t)
	p.nobody("another browser", victim, p.ask(victim, http.MethodGet, back, ""), http.StatusForbidden, "does not belong to a sign-in")
	p.away(victim, "/")
	p.nobody("a browser with a way of its own", victim, p.ask(victim, http.MethodGet, back, ""), http.StatusForbidden, "does not belong to a sign-in")
	if got := p.ask(mine, http.MethodGet, back, ""); got.status != http.StatusSeeOther {
		t.Errorf("%d %s", got.status, got.body)
	}
	client := browser(t)
	back = p.away(client, "/")
	for name, changed := range map[string]string{"wrong state": strings.Replace(back, "state=", "state=x", 1), "refused": "/sign-in/oidc/callback?error=access_denied"} {
		p.nobody(name, client, p.ask(client, http.MethodGet, changed, ""), http.StatusForbidden, "")
	}
	p.nobody("the right one afterwards", client, p.ask(client, http.MethodGet, back, ""), http.StatusForbidden, "does not belong to a sign-in")
	if strings.Contains(p.logged.String(), provider.Secret) {
		t.Error("the client's secret is in the log")
	}
}

func TestProviderIsDown(t *testing.T) {
	p, provider := newProviderPortal(t, false)
	p.setUp()
	provider.Says(map[string]any{"email": email})
	provider.Down(true)
	client := browser(t)
	p.nobody("down at the beginning", client, p.ask(client, http.MethodGet, "/sign-in/oidc", ""), http.StatusBadGateway, "does not answer just now")
	if got := p.post(nil, "/sign-in", nil, "email", email, "password", password); got.status != http.StatusSeeOther {
		t.Errorf("the password meanwhile: %d", got.status)
	}
	provider.Down(false)
	back := p.away(client, "/")
	provider.Down(true)
	p.nobody("down at the end", client, p.ask(client, http.MethodGet, back, ""), http.StatusBadGateway, "does not answer just now")
	provider.Down(false)
	if _, got := p.provided("/"); got.status != http.StatusSeeOther {
		t.Errorf("up again: %d", got.status)
	}
}

func TestProviderRegisters(t *testing.T) {
	p, provider := newProviderPortal(t, true)
	p.setUp()
	provider.Says(map[string]any{"email": "new@example.com", "email_verified": false, "sub": "2"})
	client, got := p.provided("/")
	p.nobody("unverified", client, got, http.StatusForbidden, "has not verified your email")
	provider.Says(map[string]any{"email": "new@example.com", "sub": "2", "name": "<b>New</b>"})
	client, got = p.provided("/profile")
	if got.status != http.StatusSeeOther {
		t.Fatalf("%d %s", got.status, got.body)
	}
	page := p.ask(client, http.MethodGet, "/profile", "")
	if page.status != http.StatusOK || !strings.Contains(page.body, "new@example.com") || strings.Contains(page.body, "<b>New") ||
		!strings.Contains(page.body, "have no password here") {
		t.Errorf("%d %s", page.status, page.body)
	}
	if got := p.ask(client, http.MethodGet, "/hosts", ""); got.status != http.StatusForbidden {
		t.Errorf("a new person at the hosts: %d", got.status)
	}
	if got := p.post(nil, "/sign-in", nil, "email", "new@example.com", "password", ""); got.status != http.StatusUnauthorized {
		t.Errorf("without a password: %d", got.status)
	}
}

package web

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"berth/core"
)

// Bad input 9.
func TestForeignPagesChangeNothing(t *testing.T) {
	p, client := newPortal(t, newFake(), nil), browser(t)
	p.signIn(client, "ada")
	foreign := [][]string{
		{"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Site", "same-site"}, {"Origin", "null"},
		{"Origin", "https://evil.example"}, {"Origin", "http://localhost:8000"},
	}
	for _, header := range foreign {
		for _, path := range []string{"/uploads/", "/new/upload", "/api/v1/apps/shop/versions"} {
			if got := p.ask(client, http.MethodPost, path, "x=1", header...); got.status != http.StatusForbidden {
				t.Errorf("%v POST %s: %d", header, path, got.status)
			}
		}
	}
	basic := p.ask(client, http.MethodPost, "/uploads/", "x", "Origin", "https://evil.example", "Authorization", "Basic YTpi")
	basic.problem(t, http.StatusUnauthorized)
	for _, own := range [][]string{{"Sec-Fetch-Site", "same-origin"}, {"Origin", p.url}, {}} {
		if got := p.ask(client, http.MethodPost, "/uploads/", "abc", own...); got.body != "uploads POST 3B" {
			t.Errorf("%v: %d %s", own, got.status, got.body)
		}
	}
}

func TestTokensNeedNoOrigin(t *testing.T) {
	p := newPortal(t, newFake(), nil)
	got := p.api("good", http.MethodPost, "/apps/shop/versions?label=1.0", "12345",
		"Content-Type", "application/x-tar", "Sec-Fetch-Site", "cross-site")
	if got.status != http.StatusCreated {
		t.Errorf("%d %s", got.status, got.body)
	}
}

func TestPagesAreArmoured(t *testing.T) {
	p := newPortal(t, newFake(), nil)
	one, two := p.ask(nil, http.MethodGet, "/nothing", ""), p.ask(nil, http.MethodGet, "/nothing", "")
	policy := one.header.Get("Content-Security-Policy")
	for _, part := range []string{"script-src 'self' 'nonce-", "style-src 'self';", "frame-ancestors 'none'",
		"form-action 'self'", "base-uri 'none'", "object-src 'none'"} {
		if !strings.Contains(policy, part) {
			t.Errorf("the policy lacks %q: %s", part, policy)
		}
	}
	if strings.Contains(policy, "unsafe") || policy == two.header.Get("Content-Security-Policy") {
		t.Errorf("policy %s", policy)
	}
	for name, want := range map[string]string{"X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin",
		"Cross-Origin-Opener-Policy": "same-origin"} {
		if got := one.header.Get(name); got != want {
			t.Errorf("%s: %q", name, got)
		}
	}
}

// Bad input 2: whatever a header says, the peer is the connection.
func TestRateIsLimitedByPeer(t *testing.T) {
	p, client := newPortal(t, newFake(), nil), browser(t)
	refused := 0
	for i := range signBurst + 20 {
		got := p.ask(client, http.MethodPost, "/sign-in", "email=a", "X-Forwarded-For", fmt.Sprintf("10.0.0.%d", i),
			"X-Real-IP", fmt.Sprintf("10.0.1.%d", i), "Forwarded", fmt.Sprintf("for=10.0.2.%d", i))
		if got.status == http.StatusTooManyRequests {
			refused++
			if got.header.Get("Retry-After") == "" {
				t.Error("no Retry-After")
			}
		}
	}
	if refused < 15 {
		t.Errorf("%d refused", refused)
	}
	if got := p.ask(client, http.MethodGet, "/healthz", ""); got.status != http.StatusOK {
		t.Errorf("healthz: %d", got.status)
	}
}

func TestFormsEnd(t *testing.T) {
	p := newPortal(t, newFake(), nil)
	got := p.ask(nil, http.MethodPost, "/sign-in", "a="+strings.Repeat("x", int(maxForm)),
		"Content-Type", "application/x-www-form-urlencoded")
	if got.status != http.StatusRequestEntityTooLarge && got.status != http.StatusNotFound {
		t.Errorf("%d %s", got.status, got.body)
	}
	p.api("good", http.MethodPost, "/apps", `{"name":"`+strings.Repeat("x", int(maxForm))+`"}`).
		problem(t, http.StatusRequestEntityTooLarge)
}

// Bad input 19: who may not is told before the body is read.
func TestNobodySendsABody(t *testing.T) {
	fake := newFake()
	viewer := core.Actor{Kind: core.ActorToken, ID: "v", Roles: map[string]core.Role{"tea": core.RoleViewer}}
	fake.tokens["viewer"] = viewer
	p := newPortal(t, fake, nil)
	for token, status := range map[string]int{"wrong": 401, "viewer": 403} {
		r, err := http.NewRequest(http.MethodPost, p.url+"/api/v1/apps/shop/versions", unread{t})
		if err != nil {
			t.Fatal(err)
		}
		r.ContentLength = 1 << 30
		r.Header.Set("Authorization", "Bearer "+token)
		r.Header.Set("Expect", "100-continue")
		client := browser(t)
		client.Transport.(*http.Transport).ExpectContinueTimeout = 1 << 40
		res, err := client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode != status {
			t.Errorf("%s: %d", token, res.StatusCode)
		}
	}
}

type unread struct{ t *testing.T }

func (u unread) Read([]byte) (int, error) {
	u.t.Error("the body was read")
	return 0, http.ErrBodyReadAfterClose
}

// A body that never comes holds no connection.
func TestUnsentBodiesEnd(t *testing.T) {
	p := newPortal(t, newFake(), nil)
	paths := []string{"/api/v1/apps", "/uploads/", "/new/upload"}
	var conns []net.Conn
	for _, path := range paths {
		conn, err := net.Dial("tcp", strings.TrimPrefix(p.url, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n", path)
		conn.SetReadDeadline(time.Now().Add(leftoverTimeout + 30*time.Second))
		conns = append(conns, conn)
	}
	for i, conn := range conns {
		answer, err := io.ReadAll(conn)
		if err != nil {
			t.Errorf("%s: %v after %q", paths[i], err, answer)
		}
		if !bytes.HasPrefix(answer, []byte("HTTP/1.1 401")) && !bytes.HasPrefix(answer, []byte("HTTP/1.1 303")) {
			t.Errorf("%s: %q", paths[i], answer)
		}
	}
}

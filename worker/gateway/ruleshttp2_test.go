package gateway

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"berth/core"
)

// The rules hold for HTTP/2 as for HTTP/1.1.
func TestRulesOverHTTP2(t *testing.T) {
	s := startSecure(t, Options{}, "app.test")
	s.app(told(t))
	c := s.http2Client()
	ask := func(change func(*http.Request)) (*http.Response, string) {
		r := newRequest(t, "GET", "https://app.test/old/x", nil)
		change(r)
		return s.do(c, r)
	}
	nothing := func(*http.Request) {}
	s.rule(core.Rules{Deny: []string{"127.0.0.0/8", "::1"}})
	res, _ := ask(nothing)
	wantStatus(t, res, 403)
	s.rule(core.Rules{Allow: []string{"127.0.0.0/8", "::1"}, Redirects: []core.Redirect{{From: "/old", To: "/new"}}})
	if res, _ = ask(nothing); res.StatusCode != 302 || res.Header.Get("Location") != "/new/x" {
		t.Errorf("%d to %q", res.StatusCode, res.Header.Get("Location"))
	}
	s.rule(core.Rules{Auth: []core.BasicUser{userNamed(t, "ann", "right")}, Affinity: true, RequestHeaders: []core.HeaderRule{{Name: "X-Team", Value: "blue"}}})
	res, _ = ask(nothing)
	wantStatus(t, res, 401)
	res, got := ask(func(r *http.Request) { r.SetBasicAuth("ann", "right"); r.Header.Set("x-team", "forged") })
	wantStatus(t, res, 200)
	if strings.Contains(got, "Authorization") || !strings.Contains(got, "X-Team:[blue]") {
		t.Errorf("the instance gets %s", got)
	}
	cookies := res.Cookies()
	if len(cookies) != 1 || !cookies[0].Secure || !cookies[0].HttpOnly || cookies[0].SameSite != http.SameSiteLaxMode {
		t.Fatalf("cookies: %v", res.Header["Set-Cookie"])
	}
	res, _ = ask(func(r *http.Request) { r.SetBasicAuth("ann", "right"); r.AddCookie(cookies[0]) })
	if len(res.Cookies()) != 0 {
		t.Errorf("the cookie is not found: %v", res.Header)
	}
	s.rule(core.Rules{MaxBody: 10})
	res, err := c.Do(newRequest(t, "POST", "https://app.test/", struct{ io.Reader }{strings.NewReader(repeat("x", 11))}))
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	wantStatus(t, res, 413)
	s.rule(core.Rules{Rate: core.RateLimit{Requests: 1, Per: core.Duration(3600e9)}})
	ask(nothing)
	res, _ = ask(nothing)
	wantStatus(t, res, 429)
}

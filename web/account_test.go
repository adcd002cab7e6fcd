package web

import (
	"context"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"berth/core"
)

var (
	secretShown = regexp.MustCompile(`id="two-factor-secret">([A-Z2-7 ]+)<`)
	codeShown   = regexp.MustCompile(`<li><code>([0-9a-z-]{19})</code></li>`)
	sessionEnds = regexp.MustCompile(`/profile/sessions/([0-9a-z]{26})/end`)
)

// codeAt is what the person's device shows at a time.
func codeAt(t *testing.T, secret string, at time.Time) string {
	t.Helper()
	code, err := totp.GenerateCode(secret, at)
	if err != nil {
		t.Fatal(err)
	}
	return code
}

// enrol switches two-factor on and returns the secret, the code that did it, and the recovery codes.
func (p realPortal) enrol(client *http.Client) (secret, used string, recovery []string) {
	p.t.Helper()
	if got := p.post(client, "/profile/two-factor", nil); got.status != http.StatusSeeOther {
		p.t.Fatalf("%d %s", got.status, got.body)
	}
	page := p.ask(client, http.MethodGet, "/profile/two-factor", "")
	m := secretShown.FindStringSubmatch(page.body)
	if m == nil || !strings.Contains(page.body, `class="qr"`) {
		p.t.Fatalf("no secret or no picture: %d %s", page.status, page.body)
	}
	secret = strings.ReplaceAll(m[1], " ", "")
	if got := p.post(client, "/profile/two-factor/confirm", nil, "code", "000000"); got.status != http.StatusUnprocessableEntity {
		p.t.Errorf("a wrong first code: %d", got.status)
	}
	used = codeAt(p.t, secret, time.Now())
	shown := p.post(client, "/profile/two-factor/confirm", nil, "code", used)
	for _, m := range codeShown.FindAllStringSubmatch(shown.body, -1) {
		recovery = append(recovery, m[1])
	}
	if shown.status != http.StatusOK || len(recovery) != 10 {
		p.t.Fatalf("%d recovery codes: %d %s", len(recovery), shown.status, shown.body)
	}
	return secret, used, recovery
}

// firstStep gives email and password and returns the browser on its way to the second.
func (p realPortal) firstStep(next string) *http.Client {
	p.t.Helper()
	client := browser(p.t)
	got := p.post(client, "/sign-in", nil, "email", email, "password", password, "next", next)
	if got.status != http.StatusSeeOther || !strings.HasPrefix(got.header.Get("Location"), "/sign-in/code") {
		p.t.Fatalf("%d %s", got.status, got.header.Get("Location"))
	}
	return client
}

func TestTwoFactorSignIn(t *testing.T) {
	p := newRealPortal(t)
	first := p.setUp()
	secret, used, recovery := p.enrol(first)
	if got := p.ask(first, http.MethodGet, "/profile/two-factor", ""); got.status != http.StatusSeeOther {
		t.Errorf("the secret is shown again: %d", got.status)
	}
	u, _ := url.Parse(p.url)
	client := p.firstStep("/hosts")
	for _, path := range []string{"/", "/profile", "/hosts", "/api/v1/apps", "/live", "/setup/x"} {
		if got := p.ask(client, http.MethodGet, path, ""); got.status == http.StatusOK {
			t.Errorf("half signed in, %s is answered", path)
		}
	}
	if got := p.post(client, "/profile/two-factor/off", nil, "proof", password); got.status == http.StatusSeeOther && got.header.Get("Location") != "/sign-in" {
		t.Errorf("half signed in, two-factor goes off: %d %s", got.status, got.header.Get("Location"))
	}
	if got := p.post(client, "/sign-in/code", nil, "code", used, "next", "/hosts"); got.status != http.StatusUnauthorized ||
		!strings.Contains(got.body, `aria-invalid="true"`) {
		t.Errorf("the code that switched it on, again: %d", got.status)
	}
	step := client.Jar.Cookies(u)
	code := codeAt(t, secret, time.Now().Add(30*time.Second))
	if got := p.post(client, "/sign-in/code", []string{"Sec-Fetch-Site", "cross-site"}, "code", code); got.status != http.StatusForbidden {
		t.Errorf("from a foreign page: %d", got.status)
	}
	for n, c := range []struct{ next, code, want string }{{"//evil", code, "/"}, {"/hosts", recovery[0], "/hosts"}} {
		if n > 0 {
			client = p.firstStep(c.next)
		}
		got := p.post(client, "/sign-in/code", nil, "code", c.code, "next", c.next)
		if got.status != http.StatusSeeOther || got.header.Get("Location") != c.want {
			t.Errorf("%s: %d %s", c.next, got.status, got.header.Get("Location"))
		}
		if got := p.ask(client, http.MethodGet, "/profile", ""); got.status != http.StatusOK {
			t.Errorf("signed in: %d", got.status)
		}
	}
	again := browser(t)
	again.Jar.SetCookies(u, step)
	if got := p.post(again, "/sign-in/code", nil, "code", recovery[1]); got.status != http.StatusUnauthorized || !strings.Contains(got.body, `name="password"`) {
		t.Errorf("the same step again: %d", got.status)
	}
	if got := p.post(p.firstStep("/"), "/sign-in/code", nil, "code", recovery[0]); got.status != http.StatusUnauthorized {
		t.Errorf("a recovery code again: %d", got.status)
	}
	if strings.Contains(p.logged.String(), secret) || strings.Contains(p.logged.String(), recovery[1]) {
		t.Error("a secret is in the log")
	}
	for name, tries := range map[string]string{"two-factor/codes": "wrong", "two-factor/off": "wrong"} {
		if got := p.post(client, "/profile/"+name, nil, "proof", tries); got.status != http.StatusUnprocessableEntity {
			t.Errorf("%s by a wrong password: %d", name, got.status)
		}
	}
	if got := p.post(client, "/profile/two-factor/off", nil, "proof", password); got.status != http.StatusSeeOther {
		t.Errorf("off: %d %s", got.status, got.body)
	}
	if got := p.post(nil, "/sign-in", nil, "email", email, "password", password); got.header.Get("Location") != "/" {
		t.Errorf("afterwards: %d %s", got.status, got.header.Get("Location"))
	}
}

// Bad input 1 and 2, with two-factor on.
func TestTwoFactorTellsNothingAndIsLimited(t *testing.T) {
	p := newRealPortal(t)
	p.enrol(p.setUp())
	var bodies []string
	for _, who := range []string{email, "nobody@example.com"} {
		got := p.post(nil, "/sign-in", nil, "email", who, "password", "wrong password")
		bodies = append(bodies, withoutNonce(got, who))
	}
	if bodies[0] != bodies[1] {
		t.Error("a wrong password tells that two-factor is on")
	}
	client, refused := p.firstStep("/"), 0
	for range 25 {
		got := p.post(client, "/sign-in/code", []string{"X-Forwarded-For", "198.51.100.7"}, "code", "000000")
		if got.status == http.StatusTooManyRequests {
			refused++
		}
	}
	if refused < 5 {
		t.Errorf("%d of 25 wrong codes were refused", refused)
	}
	if got := p.post(nil, "/sign-in", nil, "email", email, "password", password); got.status != http.StatusTooManyRequests {
		t.Errorf("the password of that account meanwhile: %d", got.status)
	}
}

// A session that is ended from elsewhere is nobody's at its next request; what it has open ends.
func TestSessionsAreSeenAndEnded(t *testing.T) {
	p := newRealPortal(t)
	client := p.setUp()
	other := browser(t)
	if got := p.post(other, "/sign-in", []string{"User-Agent", "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:143.0) Gecko/20100101 Firefox/143.0"},
		"email", email, "password", password); got.status != http.StatusSeeOther {
		t.Fatalf("%d", got.status)
	}
	r, _ := http.NewRequest(http.MethodGet, p.url+"/live?tenant=tea", nil)
	r.Header.Set("Accept", "text/event-stream")
	stream, err := other.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Body.Close()
	page := p.ask(client, http.MethodGet, "/profile", "")
	ids := sessionEnds.FindAllStringSubmatch(page.body, -1)
	if len(ids) != 1 || !strings.Contains(page.body, "Firefox on Windows") || !strings.Contains(page.body, "127.0.0.1") || !strings.Contains(page.body, "This one") {
		t.Fatalf("%v in %s", ids, page.body)
	}
	for _, id := range []string{"0", "-1", "../x", strings.Repeat("0", 26)} {
		if got := p.post(client, "/profile/sessions/"+url.PathEscape(id)+"/end", nil); got.status != http.StatusNotFound {
			t.Errorf("%s: %d", id, got.status)
		}
	}
	if got := p.post(client, "/profile/sessions/"+ids[0][1]+"/end", nil); got.status != http.StatusSeeOther {
		t.Fatalf("%d %s", got.status, got.body)
	}
	if got := p.ask(other, http.MethodGet, "/profile", ""); got.status != http.StatusUnauthorized {
		t.Errorf("the ended session: %d", got.status)
	}
	if data, err := io.ReadAll(stream.Body); err != nil || !strings.Contains(string(data), "event: message") {
		t.Errorf("what it has open does not end: %v after %q", err, data)
	}
	if got := p.ask(client, http.MethodGet, "/profile", ""); got.status != http.StatusOK {
		t.Errorf("this session: %d", got.status)
	}
}

// The new password ends every other session; extra fields are ignored (bad input 7).
func TestPasswordAndProfileChange(t *testing.T) {
	p := newRealPortal(t)
	client, other := p.setUp(), browser(t)
	p.post(other, "/sign-in", nil, "email", email, "password", password)
	for _, c := range [][]string{{"present", "wrong password", "password", "another good password"}, {"present", password, "password", "short"}} {
		got := p.post(client, "/profile/password", nil, c...)
		if got.status != http.StatusUnprocessableEntity || strings.Contains(got.body, c[1]) || strings.Contains(got.body, `value="`+c[3]) {
			t.Errorf("%v: %d", c, got.status)
		}
	}
	if got := p.post(client, "/profile/password", nil, "present", password, "password", "another good password"); got.status != http.StatusSeeOther {
		t.Fatalf("%d %s", got.status, got.body)
	}
	if got := p.ask(other, http.MethodGet, "/profile", ""); got.status != http.StatusUnauthorized {
		t.Errorf("the other session: %d", got.status)
	}
	if got := p.ask(client, http.MethodGet, "/profile", ""); got.status != http.StatusOK {
		t.Errorf("this session: %d", got.status)
	}
	if got := p.post(nil, "/sign-in", nil, "email", email, "password", password); got.status != http.StatusUnauthorized {
		t.Errorf("the old password: %d", got.status)
	}
	got := p.post(client, "/profile", nil, "name", "New name", "language", "zh-Hans", "theme", "dark", "email", "other@example.com", "operator", "false",
		"role", "viewer", "tenant_id", "x", "password_hash", "x")
	if got.status != http.StatusSeeOther {
		t.Fatalf("%d %s", got.status, got.body)
	}
	page := p.ask(client, http.MethodGet, "/profile", "")
	if !strings.Contains(page.body, "New name") || !strings.Contains(page.body, `data-theme="dark"`) || !strings.Contains(page.body, `lang="zh-Hans"`) ||
		!strings.Contains(page.body, email) {
		t.Error(page.body)
	}
	if got := p.ask(client, http.MethodGet, "/hosts", ""); got.status != http.StatusOK {
		t.Errorf("no operator any more: %d", got.status)
	}
	bad := p.post(client, "/profile", nil, "name", "<b>", "language", "tlh", "theme", "pink")
	if bad.status != http.StatusUnprocessableEntity || strings.Count(bad.body, `class="error"`) != 3 || strings.Contains(bad.body, "<b></") {
		t.Errorf("%d %s", bad.status, bad.body)
	}
}

func TestResetLinkWorksOnce(t *testing.T) {
	p := newRealPortal(t)
	client := p.setUp()
	user, err := p.store.Users().ByEmail(context.Background(), email)
	if err != nil {
		t.Fatal(err)
	}
	actor, _, err := p.service.ActorOfUser(context.Background(), user.ID)
	if err != nil {
		t.Fatal(err)
	}
	secret, _, err := p.service.NewResetLink(core.WithActor(context.Background(), actor), user.ID)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // opening it changes nothing
		if got := p.ask(nil, http.MethodGet, "/reset/"+secret, ""); got.status != http.StatusOK || !strings.Contains(html.UnescapeString(got.body), email) {
			t.Fatalf("%d %s", got.status, got.body)
		}
	}
	if got := p.post(nil, "/reset/"+secret, nil, "password", "short"); got.status != http.StatusUnprocessableEntity {
		t.Errorf("a short one: %d", got.status)
	}
	if got := p.post(nil, "/reset/"+secret, nil, "password", "another good password"); got.status != http.StatusSeeOther || got.header.Get("Location") != "/sign-in" {
		t.Fatalf("%d %s", got.status, got.body)
	}
	for _, s := range []string{secret, "x", "../x"} {
		if got := p.post(nil, "/reset/"+url.PathEscape(s), nil, "password", "a third good password"); got.status != http.StatusGone {
			t.Errorf("%s again: %d", s, got.status)
		}
	}
	if got := p.ask(client, http.MethodGet, "/profile", ""); got.status != http.StatusUnauthorized {
		t.Errorf("the session: %d", got.status)
	}
	if got := p.post(nil, "/sign-in", nil, "email", email, "password", "another good password"); got.status != http.StatusSeeOther {
		t.Errorf("the new password: %d", got.status)
	}
	if got := p.ask(nil, http.MethodGet, "/forgot", ""); got.status != http.StatusNotFound {
		t.Errorf("without a mail server there is nothing to forget with: %d", got.status)
	}
}

func TestProfileOverTheAPI(t *testing.T) {
	p := newRealPortal(t)
	client := p.setUp()
	var list struct{ Items []object }
	p.ask(client, http.MethodGet, "/api/v1/profile/sessions", "").json(t, &list)
	if len(list.Items) != 1 || list.Items[0]["current"] != true || list.Items[0]["address"] != "127.0.0.1" {
		t.Errorf("%v", list)
	}
	own := []string{"Sec-Fetch-Site", "same-origin"}
	if got := p.ask(client, http.MethodPatch, "/api/v1/profile", `{"name":"New name"}`, own...); got.status != http.StatusNoContent {
		t.Errorf("%d %s", got.status, got.body)
	}
	p.ask(client, http.MethodPatch, "/api/v1/profile", `{"name":"<b>","operator":true}`, own...).problem(t, 422)
	p.ask(client, http.MethodDelete, "/api/v1/profile/sessions/0", "", own...).problem(t, 404)
	p.api(operatorToken, http.MethodGet, "/profile/sessions", "").problem(t, 403)
	p.api(operatorToken, http.MethodPatch, "/profile", `{"name":"Mine"}`).problem(t, 403)
	if got := p.ask(client, http.MethodDelete, "/api/v1/profile/sessions/"+list.Items[0]["id"].(string), "", own...); got.status != http.StatusNoContent {
		t.Errorf("%d %s", got.status, got.body)
	}
	p.ask(client, http.MethodGet, "/api/v1/profile/sessions", "").problem(t, 401)
}

// What people do with their own account is in the audit, done and refused, without what is secret.
func TestProfileIsAudited(t *testing.T) {
	p := newRealPortal(t)
	client := p.setUp()
	own := []string{"Sec-Fetch-Site", "same-origin"}
	p.ask(client, http.MethodPatch, "/api/v1/profile", `{"name":"New name"}`, own...)
	p.ask(client, http.MethodPatch, "/api/v1/profile", `{"name":"<b>"}`, own...)
	p.ask(client, http.MethodDelete, "/api/v1/profile/sessions/absent", "", own...)
	p.post(client, "/profile/password", nil, "present", "not my password", "password", "another good password")
	p.post(client, "/profile/password", nil, "present", password, "password", "another good password")
	p.post(client, "/profile/sessions/end", nil)
	p.post(client, "/sign-out", nil)
	ctx := core.WithActor(context.Background(), core.System())
	entries, _, err := p.store.Audit().List(ctx, core.AuditFilter{Platform: true})
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]int{}
	for _, e := range entries {
		got[e.Action+" "+string(e.Outcome)]++
		if said := fmt.Sprint(e); strings.Contains(said, password) || strings.Contains(said, "not my password") || strings.Contains(said, "another good password") {
			t.Errorf("a password is in the audit: %s", said)
		}
	}
	for _, want := range []string{"profile.update done", "profile.update refused", "session.revoke refused", "password.change refused",
		"password.change done", "session.revoke_others done", "session.delete done"} {
		if got[want] != 1 {
			t.Errorf("%d entries of %s in %v", got[want], want, got)
		}
	}
}

package web

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/labstack/echo/v4"

	"berth/core"
)

// signIn gives the client a session of the person, as the sign-in page does, and returns its cookie.
func (p *portal) signIn(client *http.Client, userID string) *http.Cookie {
	p.t.Helper()
	e, s := echo.New(), p.server.sessions
	r, _ := http.NewRequest(http.MethodPost, p.url+"/sign-in", nil)
	u, _ := url.Parse(p.url)
	for _, cookie := range client.Jar.Cookies(u) {
		r.AddCookie(cookie)
	}
	ctx, _, err := s.load(context.Background(), s.token(r))
	if err != nil {
		p.t.Fatal(err)
	}
	w := &headerOnly{header: http.Header{}}
	if err := s.SignIn(e.NewContext(r.WithContext(ctx), w), userID); err != nil {
		p.t.Fatal(err)
	}
	cookies := (&http.Response{Header: w.header}).Cookies()
	if len(cookies) != 1 {
		p.t.Fatalf("cookies %v", cookies)
	}
	client.Jar.SetCookies(u, cookies)
	return cookies[0]
}

type headerOnly struct{ header http.Header }

func (h *headerOnly) Header() http.Header         { return h.header }
func (h *headerOnly) Write(b []byte) (int, error) { return len(b), nil }
func (h *headerOnly) WriteHeader(int)             {}

func TestSessionCookieIsHidden(t *testing.T) {
	for _, https := range []bool{false, true} {
		p := newPortal(t, newFake(), func(o *Options) {
			if https {
				o.Handlers.PortalURL = "https://berth.test"
			}
		})
		cookie := p.signIn(browser(t), "ada")
		name := map[bool]string{false: "berth", true: "__Host-berth"}[https]
		if cookie.Name != name || cookie.Secure != https || !cookie.HttpOnly || cookie.Path != "/" ||
			cookie.SameSite != http.SameSiteLaxMode || cookie.Domain != "" || len(cookie.Value) < 32 {
			t.Errorf("https %v: %v", https, cookie)
		}
		answer := p.ask(nil, http.MethodGet, "/static/app.css", "")
		if got := answer.header.Get("Strict-Transport-Security") != ""; got != https {
			t.Errorf("https %v: HSTS %v", https, got)
		}
	}
}

func TestSessionIsStoredHashed(t *testing.T) {
	p := newPortal(t, newFake(), nil)
	cookie := p.signIn(browser(t), "ada")
	if _, ok, err := p.store.Sessions().Find(context.Background(), cookie.Value); ok || err != nil {
		t.Errorf("the database knows the token itself: %v %v", ok, err)
	}
}

// Bad input 3.
func TestSignInGivesANewSession(t *testing.T) {
	p, client := newPortal(t, newFake(), nil), browser(t)
	u, _ := url.Parse(p.url)
	client.Jar.SetCookies(u, []*http.Cookie{{Name: "berth", Value: "planted-by-somebody-else", Path: "/"}})
	first := p.signIn(client, "ada")
	if first.Value == "planted-by-somebody-else" {
		t.Fatal("the planted session was adopted")
	}
	second := p.signIn(client, "ada")
	if first.Value == second.Value {
		t.Error("the session id stays at sign-in")
	}
	old := p.ask(nil, http.MethodGet, "/api/v1/apps/shop", "", "Cookie", "berth="+first.Value)
	old.problem(t, http.StatusUnauthorized)
	if got := p.ask(client, http.MethodGet, "/api/v1/apps/shop", ""); got.status != http.StatusOK {
		t.Errorf("new session: %d %s", got.status, got.body)
	}
}

// Bad input 5.
func TestSignOutRevokes(t *testing.T) {
	p, client := newPortal(t, newFake(), nil), browser(t)
	cookie := p.signIn(client, "ada")
	ctx, _, err := p.server.sessions.load(context.Background(), cookie.Value)
	if err != nil {
		t.Fatal(err)
	}
	r, _ := http.NewRequestWithContext(ctx, http.MethodPost, p.url+"/sign-out", nil)
	w := &headerOnly{header: http.Header{}}
	if err := p.server.sessions.SignOut(echo.New().NewContext(r, w)); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(w.header.Get("Set-Cookie"), "Max-Age=0") {
		t.Errorf("the browser keeps its cookie: %v", w.header)
	}
	p.ask(nil, http.MethodGet, "/api/v1/apps", "", "Cookie", "berth="+cookie.Value).problem(t, http.StatusUnauthorized)
	page := p.ask(nil, http.MethodGet, "/live", "", "Cookie", "berth="+cookie.Value)
	if page.status != http.StatusUnauthorized {
		t.Errorf("a page answers %d to a revoked cookie", page.status)
	}
}

// A request that began before the sign-out must not bring the session back when it notes its use.
func TestRevokedSessionStaysRevoked(t *testing.T) {
	p := newPortal(t, newFake(), nil)
	cookie := p.signIn(browser(t), "ada")
	s := p.server.sessions
	slow, userID, err := s.load(context.Background(), cookie.Value)
	if err != nil || userID != "ada" {
		t.Fatal(userID, err)
	}
	quick, _, _ := s.load(context.Background(), cookie.Value)
	if err := s.manager.Destroy(quick); err != nil {
		t.Fatal(err)
	}
	if _, _, err := s.commit(slow); err != nil {
		t.Fatal(err)
	}
	if _, userID, _ = s.load(context.Background(), cookie.Value); userID != "" {
		t.Error("the session is back")
	}
}

func TestSessionEndsWhenIdle(t *testing.T) {
	p := newPortal(t, newFake(), nil)
	s := p.server.sessions
	saved := &spySessions{SessionStore: p.store.Sessions()}
	s.manager.Store = &sessionStore{store: saved}
	cookie := p.signIn(browser(t), "ada")
	if left := time.Until(saved.expires); left < 29*time.Minute || left > sessionIdle {
		t.Errorf("an idle session lasts %v", left)
	}
	ctx, _, _ := s.load(context.Background(), cookie.Value)
	if err := s.touch(ctx); err != nil || saved.count != 1 {
		t.Errorf("a use within a minute is written: %d, %v", saved.count, err)
	}
	s.manager.Put(ctx, sessionSeen, time.Now().Add(-2*time.Minute).Unix())
	if err := s.touch(ctx); err != nil || saved.count != 2 {
		t.Errorf("a use after a minute is not written: %d, %v", saved.count, err)
	}
	if deadline := s.manager.Deadline(ctx); time.Until(deadline) > sessionLifetime {
		t.Errorf("a session lasts until %v", deadline)
	}
}

// A long upload keeps its session, but does not bring back one that has ended.
func TestLongRequestsKeepTheSession(t *testing.T) {
	p := newPortal(t, newFake(), nil)
	s, ctx := p.server.sessions, context.Background()
	cookie := p.signIn(browser(t), "ada")
	old, _, _ := s.load(ctx, cookie.Value)
	s.manager.Put(old, sessionSeen, time.Now().Add(-2*sessionTouch).Unix())
	if _, _, err := s.manager.Commit(old); err != nil {
		t.Fatal(err)
	}
	if alive, err := s.refresh(ctx, cookie.Value); !alive || err != nil {
		t.Fatal(alive, err)
	}
	now, _, _ := s.load(ctx, cookie.Value)
	if seen := time.Unix(s.manager.GetInt64(now, sessionSeen), 0); time.Since(seen) > sessionTouch {
		t.Errorf("seen %v ago", time.Since(seen))
	}
	if err := s.manager.Destroy(now); err != nil {
		t.Fatal(err)
	}
	if alive, err := s.refresh(ctx, cookie.Value); alive || err != nil {
		t.Errorf("a revoked session: %v %v", alive, err)
	}
}

type spySessions struct {
	core.SessionStore
	count   int
	expires time.Time
}

func (s *spySessions) Create(ctx context.Context, session core.Session) error {
	s.count, s.expires = s.count+1, session.ExpiresAt
	return s.SessionStore.Create(ctx, session)
}

func (s *spySessions) Touch(ctx context.Context, hash string, data []byte, seen, expires time.Time) error {
	s.count, s.expires = s.count+1, expires
	return s.SessionStore.Touch(ctx, hash, data, seen, expires)
}

func TestSignInComesFirst(t *testing.T) {
	p := newPortal(t, newFake(), nil)
	page := p.ask(nil, http.MethodGet, "/live?tenant=tea", "")
	if page.status != http.StatusSeeOther || page.header.Get("Location") != "/sign-in?next=%2Flive%3Ftenant%3Dtea" {
		t.Errorf("%d %s", page.status, page.header.Get("Location"))
	}
	part := p.ask(nil, http.MethodGet, "/live", "", "HX-Request", "true", "HX-Current-URL", p.url+"/apps/shop?x=1")
	if part.status != http.StatusUnauthorized || part.header.Get("HX-Redirect") != "/sign-in?next=%2Fapps%2Fshop%3Fx%3D1" {
		t.Errorf("%d %v", part.status, part.header)
	}
	p.ask(nil, http.MethodGet, "/api/v1/apps", "").problem(t, http.StatusUnauthorized)
	p.api("wrong", http.MethodGet, "/apps", "").problem(t, http.StatusUnauthorized)
	p.ask(nil, http.MethodPost, "/uploads/", "x").problem(t, http.StatusUnauthorized)
}

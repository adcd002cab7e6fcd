package web

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/alexedwards/scs/v2"
	"github.com/labstack/echo/v4"

	"berth/core"
)

// The times of a session, and how often its use is noted: more often would be a write for every request.
const (
	sessionIdle     = 30 * time.Minute
	sessionLifetime = 12 * time.Hour
	sessionTouch    = time.Minute
	touchTimeout    = time.Second
)

// What a session holds.
const (
	sessionID   = "id"   // of the session itself
	sessionUser = "user" // id of the person
	sessionSeen = "seen" // when its use was last noted, Unix seconds
)

// sessions knows browsers again. It implements handlers.Sessions. A session begins at sign-in, so a visitor has none,
// and everything is written before the handler answers, so no answer is held back for it.
type sessions struct {
	manager *scs.SessionManager
}

func newSessions(store core.SessionStore, portalURL string) *sessions {
	m := scs.New()
	m.Store = &sessionStore{store: store}
	m.HashTokenInStore = true
	m.IdleTimeout, m.Lifetime = sessionIdle, sessionLifetime
	m.Cookie.Name = "berth"
	m.Cookie.Persist = false
	if isHTTPS(portalURL) {
		m.Cookie.Name, m.Cookie.Secure = "__Host-berth", true
	}
	return &sessions{m}
}

func isHTTPS(portalURL string) bool { return strings.HasPrefix(portalURL, "https://") }

// token returns the session token that a request presents, "" when it presents none.
func (s *sessions) token(r *http.Request) string {
	cookie, err := r.Cookie(s.manager.Cookie.Name)
	if err != nil {
		return ""
	}
	return cookie.Value
}

// load returns a context that holds the session of a token, a new and empty one when there is none, and the id of
// the person whose it is. ctx must not hold a session yet.
func (s *sessions) load(ctx context.Context, token string) (context.Context, string, error) {
	ctx, err := s.manager.Load(ctx, token)
	if err != nil {
		return ctx, "", unavailable(err)
	}
	return ctx, s.manager.GetString(ctx, sessionUser), nil
}

// touch notes that a session is in use. A database that cannot write just now delays no page for long.
func (s *sessions) touch(ctx context.Context) error {
	seen := time.Unix(s.manager.GetInt64(ctx, sessionSeen), 0)
	if time.Since(seen) < sessionTouch {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, touchTimeout)
	defer cancel()
	_, _, err := s.commit(ctx)
	return err
}

func (s *sessions) commit(ctx context.Context) (token string, expires time.Time, err error) {
	s.manager.Put(ctx, sessionSeen, time.Now().Unix())
	token, expires, err = s.manager.Commit(ctx)
	return token, expires, unavailable(err)
}

// SignIn gives the browser a new session of the person. The one it came with, whoever made it, ends.
func (s *sessions) SignIn(c echo.Context, userID string) error {
	ctx := c.Request().Context()
	if err := s.manager.RenewToken(ctx); err != nil {
		return unavailable(err)
	}
	origin := core.OriginFrom(ctx)
	session := core.Session{ID: core.NewID(), UserID: userID, Peer: origin.Peer, Agent: short(origin.Agent)}
	s.manager.Put(ctx, sessionID, session.ID)
	s.manager.Put(ctx, sessionUser, userID)
	token, expires, err := s.commit(beginning(ctx, session))
	if err != nil {
		return err
	}
	s.manager.WriteSessionCookie(ctx, c.Response(), token, expires)
	return nil
}

// maxAgent is how much of what a browser calls itself is kept.
const maxAgent = 255

// short cuts what a browser calls itself, and leaves out what no honest one sends.
func short(agent string) string {
	agent = strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return -1
		}
		return r
	}, agent)
	return agent[:min(len(agent), maxAgent)]
}

// Current returns the id of the session of a request, "" when there is none.
func (s *sessions) Current(c echo.Context) string {
	if core.ActorFrom(c.Request().Context()).Kind != core.ActorUser {
		return ""
	}
	return s.manager.GetString(c.Request().Context(), sessionID)
}

// SignOut revokes the session.
func (s *sessions) SignOut(c echo.Context) error {
	ctx := c.Request().Context()
	if err := s.manager.Destroy(ctx); err != nil {
		return unavailable(err)
	}
	s.forget(c)
	return nil
}

// forget has the browser drop its cookie.
func (s *sessions) forget(c echo.Context) {
	s.manager.WriteSessionCookie(c.Request().Context(), c.Response(), "", time.Time{})
}

// unavailable keeps a coded error and makes any other one of the store's.
func unavailable(err error) error {
	if err == nil || core.ErrorCode(err) != core.EINTERNAL {
		return err
	}
	return core.Wrap(err, core.EUNAVAILABLE, "error.sessions_unavailable")
}

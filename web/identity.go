package web

import (
	"context"
	"log/slog"
	"strings"

	"github.com/labstack/echo/v4"

	"berth/core"
	"berth/handlers"
)

// identifier finds out who sends a request: by the token in its head, else by the session of its cookie.
type identifier struct {
	service  handlers.Service
	sessions *sessions
	log      *slog.Logger
}

// deadCookie marks a request whose cookie belongs to no session any more.
const deadCookie = "berth.dead_cookie"

// browser is the middleware of what people's browsers ask for: sessions only. It notes that the session is in use.
func (i identifier) browser(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		withOrigin(c)
		if err := i.bySession(c); err != nil {
			return err
		}
		ctx := c.Request().Context()
		if core.ActorFrom(ctx).Kind != core.ActorNobody {
			if err := i.sessions.touch(ctx); err != nil {
				i.log.WarnContext(ctx, "the use of a session is not noted", "err", err)
			}
		}
		return next(c)
	}
}

// any is the middleware of what programs and open pages ask for: a token or a session, whose use is not noted.
func (i identifier) any(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		withOrigin(c)
		find := i.bySession
		if c.Request().Header.Get(echo.HeaderAuthorization) != "" {
			find = i.byToken
		}
		if err := find(c); err != nil {
			return err
		}
		return next(c)
	}
}

// noteOrigin is the middleware for what finds its actors by itself.
func noteOrigin(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		withOrigin(c)
		return next(c)
	}
}

// withOrigin notes in the context where the request comes from.
func withOrigin(c echo.Context) {
	r := c.Request()
	origin := core.Origin{Peer: c.RealIP(), Agent: r.UserAgent()}
	c.SetRequest(r.WithContext(core.WithOrigin(r.Context(), origin)))
}

func (i identifier) byToken(c echo.Context) error {
	r := c.Request()
	ctx := r.Context()
	secret, ok := bearer(r.Header.Get(echo.HeaderAuthorization))
	if !ok {
		return core.Errorf(core.EUNAUTHORIZED, "error.token_wrong")
	}
	actor, err := i.service.ActorOfToken(ctx, secret)
	if err != nil {
		return err
	}
	again := func(ctx context.Context) (core.Actor, error) { return i.service.ActorOfToken(ctx, secret) }
	ctx = handlers.WithIdentity(core.WithActor(ctx, actor), handlers.Identity{Again: again})
	c.SetRequest(r.WithContext(ctx))
	return nil
}

func bearer(authorization string) (secret string, ok bool) {
	scheme, secret, ok := strings.Cut(authorization, " ")
	return strings.TrimSpace(secret), ok && strings.EqualFold(scheme, "Bearer")
}

// bySession finds the person of the session. Whoever has none stays nobody, with an empty session to sign in with.
func (i identifier) bySession(c echo.Context) error {
	r := c.Request()
	token := i.sessions.token(r)
	ctx, actor, user, err := i.person(r.Context(), token)
	switch {
	case core.ErrorCode(err) == core.EUNAUTHORIZED:
		c.Set(deadCookie, true)
	case err != nil:
		return err
	case actor.Kind != core.ActorNobody:
		again := func(ctx context.Context) (core.Actor, error) {
			_, actor, _, err := i.person(bare{ctx}, token)
			return actor, err
		}
		ctx = handlers.WithUser(core.WithActor(ctx, actor), user)
		ctx = handlers.WithIdentity(ctx, handlers.Identity{Cookie: true, Again: again})
	}
	c.SetRequest(r.WithContext(ctx))
	return nil
}

// bare is a context without its values. From one that has a session, scs would take that and not look whether it has
// ended meanwhile.
type bare struct{ context.Context }

// Value implements context.Context.
func (bare) Value(any) any { return nil }

// person returns who has the session of a token, and ctx with that session. Without a token it is nobody.
// Errors: EUNAUTHORIZED when the token belongs to no session.
func (i identifier) person(ctx context.Context, token string) (context.Context, core.Actor, core.User, error) {
	ctx, userID, err := i.sessions.load(ctx, token)
	if err != nil || token == "" {
		return ctx, core.Actor{}, core.User{}, err
	}
	if userID == "" {
		return ctx, core.Actor{}, core.User{}, core.Errorf(core.EUNAUTHORIZED, "error.session_ended")
	}
	actor, user, err := i.service.ActorOfUser(ctx, userID)
	return ctx, actor, user, err
}

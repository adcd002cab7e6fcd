package web

import (
	"context"
	"time"

	"github.com/labstack/echo/v4"

	"berth/handlers"
)

// stayInUse is the middleware of uploads: whoever sends a file for an hour has not been idle, though it is one request.
func (i identifier) stayInUse(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		r := c.Request()
		if !handlers.IdentityFrom(r.Context()).Cookie {
			return next(c)
		}
		ctx, done := context.WithCancel(context.Background())
		defer done()
		go i.noteUse(ctx, i.sessions.token(r))
		return next(c)
	}
}

// noteUse notes again and again that a session is in use, until ctx ends or the session has.
func (i identifier) noteUse(ctx context.Context, token string) {
	tick := time.NewTicker(sessionTouch)
	defer tick.Stop()
	for alive := true; alive; {
		var err error
		if alive, err = i.sessions.refresh(ctx, token); err != nil {
			i.log.WarnContext(ctx, "the use of a session is not noted", "err", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// refresh notes the use of a session if there still is one. It reads the session anew, since one that ended while a
// long request was running must not come back.
func (s *sessions) refresh(ctx context.Context, token string) (alive bool, err error) {
	ctx, userID, err := s.load(ctx, token)
	if err != nil {
		return true, err
	}
	if userID == "" {
		return false, nil
	}
	return true, s.touch(ctx)
}

package web

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"berth/core"
	"berth/handlers"
	"berth/views/i18n"
	"berth/views/paths"
)

// statusClientGone is noted in the log for a browser that went before its answer.
const statusClientGone = 499

// retryAfter is what is answered when a part of Berth does not say when to come again.
const retryAfter = 5 * time.Second

// answerError answers what a handler returned as an error: a problem document to programs, a page to people.
func (s *Server) answerError(err error, c echo.Context) {
	r := c.Request()
	if errors.Is(err, context.Canceled) && r.Context().Err() != nil {
		c.Response().Status = statusClientGone
		return
	}
	e := coded(err, r.Method)
	status := statusOf(e.Code)
	if status == http.StatusInternalServerError || c.Response().Committed {
		s.log.ErrorContext(r.Context(), "request failed", "request", requestID(c), "path", shownPath(c), "err", e)
	}
	if c.Response().Committed {
		return
	}
	c.SetRequest(r.WithContext(i18n.With(r.Context(), s.handlers.Localizer(r))))
	setRetryAfter(c.Response().Header(), e)
	c.Response().Header().Set(echo.HeaderCacheControl, "no-store")
	defer s.lastResort(c, status)
	if err := s.writeError(c, e, status); err != nil {
		s.log.ErrorContext(r.Context(), "error page failed", "request", requestID(c), "err", err)
	}
}

// lastResort answers when the error page itself has a fault.
func (s *Server) lastResort(c echo.Context, status int) {
	fault := recover()
	if fault == nil {
		return
	}
	s.log.ErrorContext(c.Request().Context(), "panic in the error page", "request", requestID(c), "err", fault)
	if !c.Response().Committed {
		_ = c.String(status, http.StatusText(status)) // nobody is left to tell
	}
}

func (s *Server) writeError(c echo.Context, e *core.Error, status int) error {
	switch {
	case forPrograms(c.Request()):
		return writeProblem(c, e, status)
	case status == http.StatusUnauthorized && c.Get(deadCookie) == nil:
		return s.askToSignIn(c)
	case status == http.StatusUnauthorized:
		s.sessions.forget(c)
		return s.handlers.SignInAgain(c, e)
	}
	return s.handlers.ErrorPage(c, status, e)
}

// forPrograms reports whether a program reads the answer and not a person.
func forPrograms(r *http.Request) bool {
	return strings.HasPrefix(r.URL.Path, "/api/") || r.URL.Path == pathMetrics || strings.HasPrefix(r.URL.Path, paths.Uploads) ||
		strings.Contains(r.Header.Get(echo.HeaderAccept), "text/event-stream") ||
		strings.EqualFold(r.Header.Get(echo.HeaderUpgrade), "websocket")
}

func writeProblem(c echo.Context, e *core.Error, status int) error {
	if status == http.StatusUnauthorized {
		c.Response().Header().Set(echo.HeaderWWWAuthenticate, `Bearer realm="Berth"`)
	}
	data, err := json.Marshal(handlers.NewProblem(c.Request().Context(), e, status))
	if err != nil {
		return err
	}
	return c.Blob(status, handlers.ProblemType, data)
}

// askToSignIn leads to the sign-in page and from there back. A part of a page has the whole page led there.
func (s *Server) askToSignIn(c echo.Context) error {
	r := c.Request()
	next := r.URL.RequestURI()
	if r.Header.Get("HX-Request") == "true" {
		if u, err := url.Parse(r.Header.Get("HX-Current-URL")); err == nil {
			next = u.RequestURI()
		}
		c.Response().Header().Set("HX-Redirect", signInURL(next))
		return c.NoContent(http.StatusUnauthorized)
	}
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		next = "/"
	}
	return c.Redirect(http.StatusSeeOther, signInURL(next))
}

func signInURL(next string) string {
	if next = handlers.SafeNext(next); next == "/" {
		return paths.SignIn
	}
	return paths.SignIn + "?next=" + url.QueryEscape(next)
}

func setRetryAfter(header http.Header, e *core.Error) {
	wait := e.RetryAfter
	switch {
	case e.Code != core.ETOOMANY && e.Code != core.EUNAVAILABLE:
		return
	case wait <= 0:
		wait = retryAfter
	}
	header.Set("Retry-After", strconv.Itoa(int(math.Ceil(wait.Seconds()))))
}

// Package web is the portal's HTTP server: routes, sessions, what keeps strangers out, and the one map from codes of
// errors to statuses.
package web

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"berth/core"
	"berth/handlers"
)

// Options are the parts that the server leads requests to. None may be nil.
type Options struct {
	Handlers *handlers.Handlers // its Sessions is set by New
	Sessions core.SessionStore
	Registry http.Handler // the image registry, at /v2/
	Uploads  http.Handler // resumable uploads, at /uploads/
	Static   http.Handler // at /static/
	Metrics  http.Handler // at /metrics, for this machine and for operators

	MetricsOpen bool // for everybody

	Ready func(ctx context.Context) map[string]Part
	Log   *slog.Logger
}

// Server serves the portal, the API and the image registry at one address.
type Server struct {
	handlers *handlers.Handlers
	sessions *sessions
	ready    func(ctx context.Context) map[string]Part
	log      *slog.Logger
	router   *echo.Echo
	handler  http.Handler
}

// The times of a connection. There is no limit for a whole request or answer: uploads, pushes and streams last as
// long as they do.
const (
	readHeaderTimeout = 10 * time.Second
	idleTimeout       = 2 * time.Minute
	leftoverTimeout   = 3 * time.Second
	maxHeader         = 64 << 10
	stopTimeout       = 25 * time.Second
)

// New puts the server together.
func New(o Options) *Server {
	s := &Server{handlers: o.Handlers, sessions: newSessions(o.Sessions, o.Handlers.PortalURL), ready: o.Ready, log: o.Log}
	o.Handlers.Sessions = s.sessions
	s.router = s.routes(o)
	s.handler = headAsGet(s.router)
	return s
}

// ServeHTTP answers one request. What its handler left of the body has a moment to arrive and then ends the connection.
// A connection that has become a websocket is no longer the server's.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.handler.ServeHTTP(w, r)
	if _, err := w.Write(nil); err == http.ErrHijacked {
		return
	}
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(leftoverTimeout)) // not every transport has deadlines
}

// Run serves l until ctx ends, then lets requests finish for up to 25 seconds while streams and sockets end at once.
func (s *Server) Run(ctx context.Context, l net.Listener) error {
	server := &http.Server{
		Handler:           s,
		ReadHeaderTimeout: readHeaderTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeader,
		ErrorLog:          slog.NewLogLogger(s.log.Handler(), slog.LevelDebug),
	}
	served := make(chan error, 1)
	go func() { served <- server.Serve(l) }()
	select {
	case err := <-served:
		return err
	case <-ctx.Done():
	}
	stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTimeout)
	defer cancel()
	go s.handlers.CloseStreams(stopping)
	err := server.Shutdown(stopping)
	s.handlers.CloseStreams(stopping)
	if err != nil {
		err = errors.Join(err, server.Close())
	}
	<-served
	return err
}

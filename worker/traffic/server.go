package traffic

import (
	"context"
	"crypto/subtle"
	"encoding/gob"
	"encoding/json"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"berth/core"
)

// Server answers the readers of other processes: counts, and the access log. What it tells is of all tenants, so it
// asks for a secret that only the processes of one Berth have.
type Server struct {
	Local  *Local
	Listen string // "ip:port"
	Secret string
	Log    *slog.Logger
}

// Run serves until ctx ends.
func (s *Server) Run(ctx context.Context) error {
	l, err := net.Listen("tcp", s.Listen)
	if err != nil {
		return err
	}
	return s.Serve(ctx, l)
}

// Serve is Run on a listener that is open.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	server := &http.Server{Handler: s.Handler(), ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second, IdleTimeout: time.Minute,
		MaxHeaderBytes: 8 << 10, BaseContext: func(net.Listener) context.Context { return ctx }}
	stop := context.AfterFunc(ctx, func() { server.Close() })
	defer stop()
	err := server.Serve(l)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}

// Handler answers whoever has the secret.
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /counts", s.counts)
	mux.HandleFunc("GET /access", s.access)
	mux.HandleFunc("GET /follow", s.follow)
	want := []byte("Bearer " + s.Secret)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s.Secret == "" || subtle.ConstantTimeCompare([]byte(r.Header.Get("Authorization")), want) != 1 {
			http.Error(w, "The secret is missing.", http.StatusUnauthorized)
			return
		}
		mux.ServeHTTP(w, r)
	})
}

func (s *Server) counts(w http.ResponseWriter, r *http.Request) {
	since, _ := strconv.ParseInt(r.URL.Query().Get("since"), 10, 64)
	at := time.Time{}
	if since > 0 {
		at = time.Unix(since, 0)
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	if err := gob.NewEncoder(w).Encode(s.Local.stats(at)); err != nil {
		s.Log.Debug("counts were not sent", "error", err)
	}
}

func (s *Server) access(w http.ResponseWriter, r *http.Request) {
	appID, q := parseQuery(r.URL.Query())
	page, err := s.Local.Access.Search(r.Context(), appID, q)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(page)
}

// followed is one line of a stream. An empty one says that the gateway is still there.
type followed struct {
	Line   *core.AccessLine `json:"line,omitempty"`
	Missed int              `json:"missed,omitempty"`
}

func (s *Server) follow(w http.ResponseWriter, r *http.Request) {
	appID, q := parseQuery(r.URL.Query())
	if err := q.Validate(); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	out := http.NewResponseController(w)
	send := func(f followed) error {
		out.SetWriteDeadline(time.Now().Add(10 * time.Second))
		if err := json.NewEncoder(w).Encode(f); err != nil {
			return err
		}
		return out.Flush()
	}
	if send(followed{}) != nil {
		return
	}
	s.Local.Access.Follow(r.Context(), appID, q, func(l core.AccessLine, missed int) error { return send(followed{&l, missed}) })
}

func (o Remote) query(appID string, q core.AccessQuery) string {
	v := url.Values{"app": {appID}, "status": {q.Status}, "path": {q.Path}, "source": {q.Source}, "limit": {strconv.Itoa(q.Limit)}}
	if !q.Before.IsZero() {
		v.Set("before", strconv.FormatInt(q.Before.UnixMicro(), 10))
	}
	if !q.After.IsZero() {
		v.Set("after", strconv.FormatInt(q.After.UnixMicro(), 10))
	}
	return v.Encode()
}

func parseQuery(v url.Values) (string, core.AccessQuery) {
	q := core.AccessQuery{Status: v.Get("status"), Path: v.Get("path"), Source: v.Get("source")}
	q.Limit, _ = strconv.Atoi(v.Get("limit"))
	if us, err := strconv.ParseInt(v.Get("before"), 10, 64); err == nil {
		q.Before = time.UnixMicro(us)
	}
	if us, err := strconv.ParseInt(v.Get("after"), 10, 64); err == nil {
		q.After = time.UnixMicro(us)
	}
	return v.Get("app"), q
}

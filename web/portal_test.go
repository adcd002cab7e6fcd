package web

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/cookiejar"
	"strings"
	"sync"
	"testing"
	"time"

	"berth/core"
	"berth/core/store"
	"berth/handlers"
	"berth/views/i18n"
)

// portal is a served Server on a real listener and a real session store.
type portal struct {
	t       *testing.T
	url     string
	server  *Server
	store   *store.Store
	dir     string // of the database
	logged  *logBuffer
	stop    context.CancelFunc
	stopped chan error
}

// newPortal serves service. change may alter the options before.
func newPortal(t *testing.T, service handlers.Service, change func(*Options)) *portal {
	t.Helper()
	messages, err := i18n.Load()
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &portal{t: t, url: "http://" + l.Addr().String(), logged: &logBuffer{}, stopped: make(chan error, 1), dir: t.TempDir()}
	p.store = openStore(t, p.dir)
	o := Options{
		Handlers: &handlers.Handlers{Service: service, Messages: messages, PortalURL: p.url, BaseDomain: "localhost",
			GatewayURL: "http://localhost:8000", Recheck: 100 * time.Millisecond, Asset: func(name string) string { return "/static/" + name }},
		Sessions: p.store.Sessions(),
		Registry: echoBack("registry"),
		Uploads:  echoBack("uploads"),
		Static:   echoBack("static"),
		Metrics:  echoBack("metrics"),
		Ready:    func(context.Context) map[string]Part { return nil },
		Log:      slog.New(slog.NewTextHandler(p.logged, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
	if change != nil {
		change(&o)
	}
	p.server = New(o)
	ctx, cancel := context.WithCancel(context.Background())
	p.stop = cancel
	go func() { p.stopped <- p.server.Run(ctx, l) }()
	t.Cleanup(func() {
		cancel()
		select {
		case err := <-p.stopped:
			if err != nil {
				t.Error("stop:", err)
			}
		case <-time.After(time.Minute):
			t.Error("the server does not stop")
		}
	})
	return p
}

func openStore(t *testing.T, dir string) *store.Store {
	t.Helper()
	ctx := context.Background()
	o := store.Options{Dir: dir, Key: bytes.Repeat([]byte{7}, 32)}
	if err := store.Migrate(ctx, o); err != nil {
		t.Fatal(err)
	}
	s, err := store.Open(ctx, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// echoBack answers with its name, the method and the length of the body.
func echoBack(name string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n, _ := io.Copy(io.Discard, r.Body)
		w.Header().Set("X-Part", name)
		w.Write([]byte(name + " " + r.Method + " " + core.Bytes(n).String()))
	})
}

// logBuffer keeps what was logged.
type logBuffer struct {
	mu  sync.Mutex
	all bytes.Buffer
}

func (b *logBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.all.Write(p)
}

func (b *logBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.all.String()
}

// answer is what came back.
type answer struct {
	status int
	header http.Header
	body   string
}

// json reads the answer into v.
func (a answer) json(t *testing.T, v any) {
	t.Helper()
	if err := json.Unmarshal([]byte(a.body), v); err != nil {
		t.Fatalf("%v in %d %s", err, a.status, a.body)
	}
}

// problem returns the problem document, which must be of the status.
func (a answer) problem(t *testing.T, status int) handlers.Problem {
	t.Helper()
	var p handlers.Problem
	if a.status != status || a.header.Get("Content-Type") != handlers.ProblemType {
		t.Fatalf("got %d %s %s, want a problem of %d", a.status, a.header.Get("Content-Type"), a.body, status)
	}
	a.json(t, &p)
	if p.Status != status || p.Detail == "" || p.Title == "" || strings.Contains(p.Detail, "error.") {
		t.Errorf("problem %+v", p)
	}
	return p
}

// browser returns a client that keeps cookies and follows no redirect.
func browser(t *testing.T) *http.Client {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Jar: jar, Transport: transport, Timeout: time.Minute,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// ask sends a request; header alternates names and values.
func (p *portal) ask(client *http.Client, method, path, body string, header ...string) answer {
	p.t.Helper()
	r, err := http.NewRequest(method, p.url+path, strings.NewReader(body))
	if err != nil {
		p.t.Fatal(err)
	}
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	if client == nil {
		client = browser(p.t)
	}
	res, err := client.Do(r)
	if err != nil {
		p.t.Fatal(err)
	}
	defer res.Body.Close()
	data, err := io.ReadAll(res.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	a := answer{res.StatusCode, res.Header, string(data)}
	if strings.HasPrefix(path, "/api/v1/") {
		describes(p.t, method, r.URL.Path, a)
	}
	return a
}

// api asks with a token.
func (p *portal) api(token, method, path, body string, header ...string) answer {
	p.t.Helper()
	header = append([]string{"Authorization", "Bearer " + token, "Content-Type", "application/json"}, header...)
	return p.ask(nil, method, "/api/v1"+path, body, header...)
}

// eventually waits for a condition.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		if ok() {
			return
		}
	}
	t.Fatal("never: " + what)
}

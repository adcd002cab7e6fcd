package victoria_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"os"
	"os/signal"
	"syscall"
	"testing"
	"time"

	"berth/core"
	"berth/worker/logs/storetest"
	"berth/worker/logs/victoria"
	"berth/worker/logs/victoria/process"
)

// TestMain is also the child: it serves when it is told a directory.
func TestMain(m *testing.M) {
	if len(os.Args) == 3 && os.Args[1] == "serve" {
		ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
		defer stop()
		if err := process.Serve(ctx, os.Args[2], 30*24*time.Hour); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// start runs a child until the end of the test.
func start(t testing.TB, dir string) (*victoria.Store, context.CancelFunc) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		k := process.Keeper{Dir: dir, Command: []string{"serve", dir}, Log: slog.Default()}
		if err := k.Run(ctx); ctx.Err() == nil {
			t.Error(err)
		}
	}()
	stop := func() { cancel(); <-ended }
	t.Cleanup(stop)
	s := victoria.NewLocal(process.Socket(dir))
	for end := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
		if _, err := s.Epoch(ctx); err == nil {
			return s, stop
		} else if time.Now().After(end) {
			t.Fatal(err)
		}
	}
}

func TestStore(t *testing.T) {
	s, _ := start(t, t.TempDir())
	storetest.Test(t, s)
}

// What was appended is there after an ordinary end, and the epoch tells one start from another.
func TestLinesOutliveTheProcess(t *testing.T) {
	dir := t.TempDir()
	s, stop := start(t, dir)
	first, err := s.Epoch(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	line := core.LogRecord{TenantID: "acme", AppID: "shop", LogLine: core.LogLine{Time: time.Now(), Instance: "a", Line: "kept"}}
	if err := s.Append(t.Context(), []core.LogRecord{line}); err != nil {
		t.Fatal(err)
	}
	stop()
	time.Sleep(1100 * time.Millisecond) // the epoch is in seconds
	s, _ = start(t, dir)
	if second, err := s.Epoch(t.Context()); err != nil || second == first {
		t.Errorf("epoch %q, %v", second, err)
	}
	found, _, err := s.Search(t.Context(), core.LogSearch{TenantID: "acme", AppID: "shop", Limit: 10})
	if err != nil || len(found) != 1 || found[0].Line != "kept" {
		t.Errorf("%v, %v", found, err)
	}
}

// A server elsewhere is spoken to over TCP, with the user and the password of its URL.
func TestRemoteStore(t *testing.T) {
	dir := t.TempDir()
	start(t, dir)
	server := httptest.NewServer(&httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) { r.Out.URL.Scheme, r.Out.URL.Host = "http", "logs" },
		Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "unix", process.Socket(dir))
		}},
		ModifyResponse: func(res *http.Response) error {
			if user, password, _ := res.Request.BasicAuth(); user != "berth" || password != "p@ss:w" {
				res.StatusCode = http.StatusUnauthorized
			}
			return nil
		},
	})
	t.Cleanup(server.Close)
	address := server.Listener.Addr().String()
	storetest.Test(t, victoria.New("http://berth:p%40ss%3Aw@"+address+"/"))
	if _, err := victoria.New("http://" + address).Epoch(t.Context()); core.ErrorCode(err) != core.EUNAVAILABLE {
		t.Errorf("without a password: %v", err)
	}
}

// An answer that breaks off is asked for once more, and no line comes twice.
func TestABrokenAnswer(t *testing.T) {
	asked := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		const row = `{"_time":"2026-01-02T03:04:05Z","_msg":"one","tenant":"acme","app":"shop","instance":"a"}` + "\n"
		if asked++; asked == 1 {
			w.Header().Set("Content-Length", "1000")
		}
		io.WriteString(w, row)
	}))
	t.Cleanup(server.Close)
	search := core.LogSearch{TenantID: "acme", AppID: "shop", Limit: 10, From: time.Now().Add(-time.Minute)}
	lines, _, err := victoria.New(server.URL).Search(t.Context(), search)
	if err != nil || len(lines) != asked-1 { // a line of each window that was asked for
		t.Errorf("%d lines, asked %d times, %v", len(lines), asked, err)
	}
}

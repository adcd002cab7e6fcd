package e2e

import (
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"berth/e2e/testenv"
	"berth/worker/logs/elastic/elastictest"
	"berth/worker/logs/loki/lokitest"
)

// realLoki is the URL of a real one, which then stands in place of the stand-in.
var realLoki = flag.String("loki", "", "the URL of a Loki that apps' lines are to be kept in")

// TestLogsAreKeptElsewhere keeps what an app writes in the servers that settings name. While they are away lines wait
// and pages say why; then each line is there once.
func TestLogsAreKeptElsewhere(t *testing.T) {
	t.Parallel()
	for kind, at := range map[string]func() string{
		"loki": func() string {
			if *realLoki != "" {
				return *realLoki
			}
			return lokitest.Start(t).URL
		},
		"elasticsearch": func() string { return elastictest.Start(t).URL },
	} {
		t.Run(kind, func(t *testing.T) { keptElsewhere(t, kind, at()) })
	}
}

func keptElsewhere(t *testing.T, kind, at string) {
	to, err := url.Parse(at)
	if err != nil {
		t.Fatal(err)
	}
	var away atomic.Bool
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(to) }}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, password, _ := r.BasicAuth(); password != "hunter2" {
			http.Error(w, "who are you", http.StatusUnauthorized)
		} else if away.Load() {
			http.Error(w, "away", http.StatusBadGateway)
		} else {
			proxy.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(server.Close)
	address := "http://berth:hunter2@" + server.Listener.Addr().String()
	b, app := online(t, testenv.ImageOptions{}, nil, withArgs("--logs-kind", kind, "--logs-url", address))
	write := func(line string) {
		if status, _, err := b.get(app, "/log?line="+url.QueryEscape(line)); err != nil || status != http.StatusOK {
			t.Fatal(status, err)
		}
	}
	for n := range 20 {
		write(fmt.Sprint("number ", n))
	}
	b.awaitNumbers(app, 20)
	write(`{"level":"error","status":503,"path":"/a\"b"}`)
	b.eventually(time.Minute, func() error {
		for _, query := range []string{"field=status%3D503", "level=error&q=503", "q=" + url.QueryEscape(`"\"b"`)} {
			if lines, err := b.found(app, query); err != nil || len(lines) != 1 || !strings.Contains(lines[0], `"status":503`) {
				return fmt.Errorf("%s: %q, %v", query, lines, err)
			}
		}
		return nil
	})

	away.Store(true)
	for n := 20; n < 40; n++ {
		write(fmt.Sprint("number ", n))
	}
	if _, err := b.found(app, "q=number"); err == nil || !strings.Contains(err.Error(), "503") {
		t.Errorf("while it is away a search says %v", err)
	}
	page := b.page(b.firstOperator(), "/apps/"+app+"/logs")
	if !strings.Contains(page, "the log store does not answer") || strings.Contains(page, "hunter2") {
		t.Errorf("while it is away the page says %s", page)
	}
	away.Store(false)
	b.awaitNumbers(app, 40)
	if strings.Contains(b.output.String(), "hunter2") {
		t.Error("the log shows the password")
	}
}

func (b *Berth) page(client *http.Client, path string) string {
	b.t.Helper()
	res, err := client.Get(b.Portal + path)
	if err != nil {
		b.t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		b.t.Fatal(res.Status, err)
	}
	return string(text)
}

package drain

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"flag"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/VictoriaMetrics/VictoriaLogs/app/vlinsert"
	"github.com/VictoriaMetrics/VictoriaLogs/app/vlinsert/insertutil"
	"github.com/VictoriaMetrics/VictoriaLogs/app/vlselect"
	"github.com/VictoriaMetrics/VictoriaLogs/app/vlstorage"
	"github.com/VictoriaMetrics/VictoriaMetrics/lib/logger"

	"berth/core"
	"berth/worker/logs/victoria"
)

// TestMain is also the child: a VictoriaLogs with all its ways in, when it is told a directory and its addresses.
func TestMain(m *testing.M) {
	if len(os.Args) == 5 && os.Args[1] == "serve" {
		serveVictoria(os.Args[2], os.Args[3], os.Args[4])
		return
	}
	os.Exit(m.Run())
}

func serveVictoria(dir, web, syslog string) {
	settings := map[string]string{"storageDataPath": filepath.Join(dir, "data"), "loggerLevel": "ERROR", "syslog.listenAddr.tcp": syslog, "syslog.tls": "true",
		"syslog.tlsCertFile": filepath.Join(dir, "cert.pem"), "syslog.tlsKeyFile": filepath.Join(dir, "key.pem")}
	if err := flag.CommandLine.Parse(nil); err != nil {
		panic(err)
	}
	for name, value := range settings {
		if err := flag.Set(name, value); err != nil {
			panic(err)
		}
	}
	logger.Init()
	vlstorage.Init()
	vlselect.Init()
	insertutil.SetLogRowsStorage(&vlstorage.Storage{})
	vlinsert.Init()
	panic(http.ListenAndServe(web, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !vlinsert.RequestHandler(w, r) && !vlselect.RequestHandler(w, r) && !vlstorage.RequestHandler(w, r) {
			http.NotFound(w, r)
		}
	})))
}

// startVictoria runs the child until the end of the test. roots trust the certificate of its syslog.
func startVictoria(t *testing.T) (web, syslog string, roots *x509.CertPool) {
	dir := t.TempDir()
	pair := httptest.NewTLSServer(nil)
	pair.Close()
	roots = x509.NewCertPool()
	roots.AddCert(pair.Certificate())
	key, err := x509.MarshalPKCS8PrivateKey(pair.TLS.Certificates[0].PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	for name, block := range map[string]*pem.Block{"cert.pem": {Type: "CERTIFICATE", Bytes: pair.Certificate().Raw}, "key.pem": {Type: "PRIVATE KEY", Bytes: key}} {
		if err := os.WriteFile(filepath.Join(dir, name), pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	web, syslog = freeAddress(t), freeAddress(t)
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program, "serve", dir, web, syslog)
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	for end := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
		if _, err := victoria.New("http://"+web).Times(t.Context(), "none", time.Now()); err == nil {
			return web, syslog, roots
		} else if time.Now().After(end) {
			t.Fatal(err)
		}
	}
}

func freeAddress(t *testing.T) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// A real server takes what drains of each kind send, and has every line once, with its time.
func TestARealServerTakesTheLines(t *testing.T) {
	web, syslog, roots := startVictoria(t)
	fields := url.Values{"_stream_fields": {"tenant,app,instance"}, "_time_field": {"@timestamp"}, "_msg_field": {"message"}}
	plain := url.Values{"_stream_fields": {"tenant,app,instance"}, "_time_field": {"time"}, "_msg_field": {"line"}}
	for kind, target := range map[core.DrainKind]string{
		core.DrainHTTP:          "http://" + web + "/insert/jsonline?" + plain.Encode(),
		core.DrainLoki:          "http://" + web + "/insert/loki/api/v1/push?disable_message_parsing=1",
		core.DrainElasticsearch: "http://" + web + "/insert/elasticsearch?" + fields.Encode(),
		core.DrainSyslog:        "tls://" + syslog,
	} {
		t.Run(string(kind), func(t *testing.T) {
			w := newWorld(t)
			w.options.TLS = &tls.Config{RootCAs: roots}
			instance := "of-" + string(kind)
			w.drain(kind, core.DrainTarget{URL: target})
			w.start()
			texts := append(numbered(0, 1000), `{"status":503,"quote":"\""}`, "<b>数据</b> \x1b[31mred\x1b[0m", strings.Repeat("x", core.MaxLogLine))
			w.write(instance, texts...)
			if kind == core.DrainSyslog {
				w.untilStored(web, `{hostname="tea",app_name="shop",proc_id="`+instance+`"}`, texts)
				return
			}
			w.untilStored(web, `{tenant="tea",app="shop",instance="`+instance+`"} level:info version:"1.0"`, texts)
			times, err := victoria.New("http://"+web).Times(t.Context(), instance, w.began)
			slices.SortFunc(times, time.Time.Compare)
			if err != nil || len(times) != len(texts) || !times[0].Equal(w.kept[0].Time) || !times[len(times)-1].Equal(w.kept[len(texts)-1].Time) {
				t.Errorf("%d times, %v", len(times), err)
			}
		})
	}
}

// untilStored waits until the server finds exactly the lines of the texts.
func (w *world) untilStored(web, query string, texts []string) {
	w.Helper()
	want := slices.Sorted(slices.Values(texts))
	var got []string
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		if got = stored(w.T, web, query); slices.Equal(got, want) {
			return
		}
	}
	w.Fatalf("the server has %d lines, want %d: %.500s; it stands %+v", len(got), len(want), strings.Join(got, ", "), w.report())
}

func stored(t *testing.T, web, query string) (texts []string) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for _, r := range ask(ctx, t, web, query+" | fields _msg") {
		texts = append(texts, fmt.Sprint(r["_msg"]))
	}
	slices.Sort(texts)
	return texts
}

func ask(ctx context.Context, t *testing.T, web, query string) (rows []map[string]any) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+web+"/select/logsql/query?"+url.Values{"query": {query}}.Encode(), nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	for d := json.NewDecoder(res.Body); d.More(); {
		row := map[string]any{}
		if err := d.Decode(&row); err != nil {
			t.Fatal(err)
		}
		rows = append(rows, row)
	}
	return rows
}

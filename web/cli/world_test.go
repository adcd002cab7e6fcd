package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"berth/core"
	"berth/core/catalog"
	"berth/core/service"
	"berth/core/store"
	"berth/e2e/testenv"
	"berth/handlers"
	"berth/views/i18n"
	"berth/web"
	"berth/worker/image"
)

const operatorToken = "bootstrap-token-of-at-least-32-characters"

// world is the real portal on a real database and image store, with a worker that only says that it worked, and a
// person with a home of their own.
type world struct {
	t       *testing.T
	url     string
	service *service.Service
	worker  *worker
	logs    *lines
	kept    *kept
	home    string
	env     []string
}

func newWorld(t *testing.T) *world {
	t.Helper()
	dir := t.TempDir()
	o := store.Options{Dir: dir, Key: bytes.Repeat([]byte{7}, 32)}
	must(t, store.Migrate(context.Background(), o))
	s, err := store.Open(context.Background(), o)
	must(t, err)
	t.Cleanup(func() { s.Close() })
	images, err := image.New(image.Options{Dir: t.TempDir()})
	must(t, err)
	t.Cleanup(func() { images.Close() })
	entries, err := catalog.Load("")
	must(t, err)
	messages, err := i18n.Load()
	must(t, err)
	w := &world{t: t, worker: &worker{t: t, store: s}, logs: newLines(), kept: &kept{}, home: t.TempDir()}
	w.service = service.New(service.Deps{Store: s, Images: images, Catalog: entries, Waker: w.worker, Notifier: service.NewNotifier(),
		Logs: w.logs, Lines: keptOf{w: w}, Traffic: noTraffic{}, BootstrapToken: operatorToken, PortalURL: "http://localhost:8080", BaseDomain: "localhost",
		GatewayURL: "http://localhost:8000", TempDir: t.TempDir()})
	server := httptest.NewServer(nil)
	w.url = server.URL
	h := &handlers.Handlers{Service: w.service, Messages: messages, PortalURL: w.url, BaseDomain: "localhost",
		GatewayURL: "http://localhost:8000", Asset: func(name string) string { return name }}
	server.Config.Handler = web.New(web.Options{Handlers: h, Sessions: s.Sessions(), Registry: http.NotFoundHandler(),
		Uploads: http.NotFoundHandler(), Static: http.NotFoundHandler(), Metrics: http.NotFoundHandler(),
		Ready: func(context.Context) map[string]web.Part { return nil }, Log: slog.New(slog.DiscardHandler)})
	t.Cleanup(func() {
		h.CloseStreams(context.Background())
		server.Close()
		w.worker.done.Wait()
	})
	return w
}

type noTraffic struct{}

func (noTraffic) App(string) core.TrafficCounts { return core.TrafficCounts{} }

// worker ends operations, well unless it is to fail them.
type worker struct {
	t     *testing.T
	store *store.Store
	done  sync.WaitGroup

	mu   sync.Mutex
	fail bool
	hold bool
}

func (w *worker) set(fail, hold bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.fail, w.hold = fail, hold
}

func (w *worker) Wake(app string) {
	w.done.Go(func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		if w.hold {
			return
		}
		ctx := core.WithActor(context.Background(), core.System())
		open, err := w.store.Operations().Open(ctx, app)
		if err != nil {
			w.t.Error(err)
		}
		for _, o := range open {
			if err := w.end(ctx, o); err != nil {
				w.t.Error(err)
			}
		}
	})
}

func (w *worker) end(ctx context.Context, o core.Operation) error {
	o.Status, o.EndedAt = core.OpSucceeded, time.Now()
	status := core.StepSucceeded
	if w.fail {
		o.Status, status = core.OpFailed, core.StepFailed
		o.Error = core.T("error.not_found")
		o.LogTail = []string{"cannot bind\x1b]0;owned\a"}
	}
	o.SetStep(o.Steps[len(o.Steps)-1].Name, status, core.Text{}, time.Now())
	// In one transaction: whoever reads that it is done finds what it did.
	return w.store.Transact(ctx, func(tx core.Store) error { return w.write(ctx, tx, o) })
}

func (w *worker) write(ctx context.Context, tx core.Store, o core.Operation) error {
	if err := tx.Operations().Update(ctx, o); err != nil {
		return err
	}
	if o.Kind == core.OpDelete {
		return tx.Apps().Delete(ctx, o.AppID)
	}
	app, err := tx.Apps().Get(ctx, o.AppID)
	if err != nil || o.Kind != core.OpDeploy || w.fail {
		return err
	}
	if app.Serving > 0 {
		if err := tx.Releases().UpdateStatus(ctx, core.Release{AppID: app.ID, Number: app.Serving, Status: core.ReleaseSuperseded, OnlineAt: time.Now()}); err != nil {
			return err
		}
	}
	app.Serving, app.State = o.Release, core.AppRunning
	if err := tx.Apps().UpdateStatus(ctx, app); err != nil {
		return err
	}
	return tx.Releases().UpdateStatus(ctx, core.Release{AppID: app.ID, Number: o.Release, Status: core.ReleaseLive, OnlineAt: time.Now()})
}

// lines is a log: its cursors count its lines.
// kept is what a search finds, and what it was asked for.
type kept struct {
	lines []core.LogRecord
	asked core.LogSearch
}

// keptOf is the log store of a world, for searches alone.
type keptOf struct {
	core.LogStore
	w *world
}

func (k keptOf) Search(_ context.Context, s core.LogSearch) ([]core.LogRecord, bool, error) {
	k.w.kept.asked = s
	return k.w.kept.lines, false, nil
}

type lines struct {
	mu    sync.Mutex
	all   []core.LogLine
	added chan struct{} // closed when there is more
}

func newLines() *lines { return &lines{added: make(chan struct{})} }

func (l *lines) add(instance string, texts ...string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, text := range texts {
		l.all = append(l.all, core.LogLine{Time: time.Now(), Instance: instance, Version: "1.0", Stream: "stdout", Line: text,
			Cursor: strconv.Itoa(len(l.all) + 1)})
	}
	close(l.added)
	l.added = make(chan struct{})
}

func (l *lines) from(at int) ([]core.LogLine, chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.all[min(at, len(l.all)):], l.added
}

func (l *lines) Stream(ctx context.Context, v core.LogView, f func(core.LogLine) error) error {
	all, _ := l.from(0)
	at := max(0, len(all)-v.Tail)
	if v.Cursor != "" {
		var err error
		if at, err = strconv.Atoi(v.Cursor); err != nil {
			return core.Invalid("since", "error.log_cursor")
		}
	}
	for {
		next, more := l.from(at)
		for _, line := range next {
			if err := f(line); err != nil {
				return err
			}
			at++
		}
		if v.PastOnly {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-more:
		}
	}
}

func (l *lines) Tail(context.Context, string, int) ([]core.LogLine, error) { return nil, nil }

// ran is what a command did.
type ran struct {
	code        int
	out, errors string
}

// run carries out a command with some standard input.
func (w *world) run(stdin string, args ...string) ran {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	return w.runIn(ctx, strings.NewReader(stdin), args...)
}

func (w *world) runIn(ctx context.Context, stdin io.Reader, args ...string) ran {
	w.t.Helper()
	var out, errors bytes.Buffer
	args, mine := Takes(args)
	if !mine {
		w.t.Fatalf("%q is not for the client", args)
	}
	p := Program{Version: "test", Environ: append([]string{"HOME=" + w.home, "XDG_CONFIG_HOME=" + w.home}, w.env...), Stdin: stdin,
		Stdout: &out, Stderr: &errors, Others: []Command{{"serve", "Run Berth."}}}
	code := p.Run(ctx, args)
	for _, secret := range []string{operatorToken} {
		if strings.Contains(out.String()+errors.String(), secret) {
			w.t.Errorf("berth %s shows the token: %s%s", strings.Join(args, " "), &out, &errors)
		}
	}
	return ran{code, out.String(), errors.String()}
}

// ok runs a command that must succeed and say what is expected.
func (w *world) ok(want string, args ...string) string {
	w.t.Helper()
	r := w.run("", args...)
	if r.code != 0 || !strings.Contains(r.out, want) {
		w.t.Fatalf("berth %s: %d, want %q\n%s\n%s", strings.Join(args, " "), r.code, want, r.out, r.errors)
	}
	return r.out
}

// fails runs a command that must end with a code and say why.
func (w *world) fails(code int, want string, args ...string) {
	w.t.Helper()
	r := w.run("", args...)
	if r.code != code || !strings.Contains(r.errors, want) || r.out != "" || r.errors == "" {
		w.t.Errorf("berth %s: %d, want %d and %q\nout: %s\nerrors: %s", strings.Join(args, " "), r.code, code, want, r.out, r.errors)
	}
}

// json runs a command and reads what it says, which must be one object.
func (w *world) json(v any, args ...string) {
	w.t.Helper()
	out := w.ok("", append(args, "--json")...)
	if err := json.Unmarshal([]byte(out), v); err != nil {
		w.t.Fatalf("berth %s: %v in %s", strings.Join(args, " "), err, out)
	}
}

func (w *world) operator() context.Context {
	a, err := w.service.ActorOfToken(context.Background(), operatorToken)
	must(w.t, err)
	return core.WithActor(context.Background(), a)
}

// team makes a team and signs in with a token of it.
func (w *world) team(name string, scope core.Scope) {
	w.t.Helper()
	team, err := w.service.CreateTenant(w.operator(), name, "")
	must(w.t, err)
	_, secret, err := w.service.CreateToken(w.operator(), core.Token{TenantID: team.ID, Name: "laptop", Scope: scope})
	must(w.t, err)
	if r := w.run(secret+"\n", "login", w.url, "--token-stdin", "--as", "here"); r.code != 0 || strings.Contains(r.out+r.errors, secret) {
		w.t.Fatalf("login: %+v", r)
	}
}

// shop makes an app that is online.
func (w *world) shop() {
	w.t.Helper()
	w.team("Northwind Tea", core.ScopeAdmin)
	w.ok("shop", "apps", "create", "Shop")
	w.ok("online", "deploy", "shop", testenv.Archive(w.t, testenv.ImageOptions{}), "--label", "1.0")
}

// flaky is a way to the server that can be cut.
type flaky struct {
	net.Listener
	mu    sync.Mutex
	conns []net.Conn
}

func (w *world) flaky() *flaky {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(w.t, err)
	f := &flaky{Listener: l}
	w.t.Cleanup(func() { l.Close(); f.cut() })
	go func() {
		for {
			in, err := l.Accept()
			if err != nil {
				return
			}
			out, err := net.Dial("tcp", strings.TrimPrefix(w.url, "http://"))
			if err != nil {
				in.Close()
				continue
			}
			f.mu.Lock()
			f.conns = append(f.conns, in, out)
			f.mu.Unlock()
			go io.Copy(in, out)
			go io.Copy(out, in)
		}
	}()
	return f
}

func (f *flaky) cut() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, c := range f.conns {
		c.Close()
	}
	f.conns = nil
}

func (w *world) file(name, text string) string {
	path := filepath.Join(w.t.TempDir(), name)
	must(w.t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

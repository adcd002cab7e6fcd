package views_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/a-h/templ"
	"github.com/chromedp/chromedp"
	"github.com/gorilla/websocket"

	"berth/core"
	"berth/static"
	"berth/views/i18n"
)

// policy is as strict as the portal's.
const policy = "default-src 'self'; script-src 'self' 'nonce-n'; style-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'"

// site serves one page with its scripts to a real browser.
type site struct {
	t    *testing.T
	url  string
	mux  *http.ServeMux
	tab  context.Context
	mu   sync.Mutex
	said []string // on the browser's console
}

func newSite(t *testing.T, page templ.Component) *site {
	t.Helper()
	bundle, err := i18n.Load()
	if err != nil {
		t.Fatal(err)
	}
	s := &site{t: t, mux: http.NewServeMux()}
	s.mux.Handle(static.Prefix, static.New())
	s.mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", policy)
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		ctx := i18n.With(templ.WithNonce(r.Context(), "n"), bundle.Localizer("en"))
		if err := page.Render(ctx, w); err != nil {
			t.Error(err)
		}
	})
	server := httptest.NewServer(s.mux)
	t.Cleanup(server.Close)
	s.url = server.URL
	return s
}

// open starts the browser and loads the page.
func (s *site) open() {
	s.t.Helper()
	ctx, cancel := chromedp.NewExecAllocator(context.Background(), append(chromedp.DefaultExecAllocatorOptions[:], chromedp.NoSandbox)...)
	s.t.Cleanup(cancel)
	tab, cancel := chromedp.NewContext(ctx)
	s.t.Cleanup(cancel)
	s.tab = tab
	if err := chromedp.Do(tab, chromedp.Navigate("about:blank")); err != nil {
		s.t.Fatal(err)
	}
	go func() {
		for m, err := range chromedp.Console(tab) {
			s.mu.Lock()
			s.said = append(s.said, fmt.Sprintf("%v %v", m, err))
			s.mu.Unlock()
		}
	}()
	s.run(chromedp.Navigate(s.url))
}

func (s *site) run(steps ...chromedp.Action[chromedp.Void]) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.tab, time.Minute)
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		s.t.Fatalf("%v\nconsole: %v", err, s.console())
	}
}

// is waits until an expression of the page is want.
func (s *site) is(expression, want string) {
	s.t.Helper()
	got, deadline := "", time.Now().Add(time.Minute)
	for time.Now().Before(deadline) {
		var err error
		if got, err = s.try(expression); err != nil {
			got = err.Error() // what it looks at may not be there yet
		}
		if got == want {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	s.t.Fatalf("%s is %q, want %q\nconsole: %v", expression, got, want, s.console())
}

func (s *site) eval(expression string) string {
	s.t.Helper()
	got, err := s.try(expression)
	if err != nil {
		s.t.Fatal(err)
	}
	return got
}

func (s *site) try(expression string) (string, error) {
	return chromedp.Run(s.tab, chromedp.Evaluate[string]("String("+expression+")"))
}

func (s *site) console() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.said...)
}

// quiet checks that the browser had nothing to complain of, above all no breach of the content policy.
func (s *site) quiet() {
	s.t.Helper()
	for _, line := range s.console() {
		if strings.Contains(line, "Content Security Policy") || strings.Contains(line, "Uncaught") {
			s.t.Error(line)
		}
	}
}

// logServer speaks the protocol of the log socket.
type logServer struct {
	mu     sync.Mutex
	since  []string // asked for, by connection
	socket *websocket.Conn
	opened chan struct{}
	past   atomic.Bool // there are lines of before
}

func (l *logServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	socket, err := (&websocket.Upgrader{}).Upgrade(w, r, nil)
	if err != nil {
		return
	}
	l.mu.Lock()
	l.since = append(l.since, r.URL.Query().Get("since"))
	l.socket = socket
	l.mu.Unlock()
	l.opened <- struct{}{}
}

func (l *logServer) send(t *testing.T, lines ...core.LogLine) {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, line := range lines {
		if err := l.socket.WriteJSON(line); err != nil {
			t.Fatal(err)
		}
	}
}

func newLogs(t *testing.T) (*site, *logServer) {
	t.Helper()
	s := newSite(t, examples()["logs"])
	l := &logServer{opened: make(chan struct{}, 10)}
	s.mux.Handle("/apps/tea-shop/logs/socket", l)
	s.mux.HandleFunc("/apps/tea-shop/logs/lines", l.lines)
	s.mux.HandleFunc("/apps/tea-shop/logs/marks", l.marks)
	s.mux.HandleFunc("/apps/tea-shop/head", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	s.open()
	l.wait(s)
	return s, l
}

// wait returns once the browser has connected again.
func (l *logServer) wait(s *site) {
	s.t.Helper()
	select {
	case <-l.opened:
	case <-time.After(time.Minute):
		s.t.Fatalf("the browser does not connect\nconsole: %v", s.console())
	}
}

// lines answers with what was before: one page for no search in particular, one for a field, and what is around a line.
func (l *logServer) lines(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	page := map[string]any{"items": []any{}}
	item := func(n int, text string) map[string]any {
		at := now.Add(time.Duration(n) * time.Millisecond)
		return map[string]any{"time": at, "instance": "aaaaaaaaaaaa", "version": "0.9", "stream": "stdout", "line": text,
			"position": fmt.Sprintf("%d-aaaaaaaaaaaa", at.UnixNano())}
	}
	switch {
	case !l.past.Load():
	case q.Get("around") != "":
		page["items"] = []any{item(-21, "just before"), item(-20, `{"level":"warn","user":{"id":7}}`), item(-19, "just after")}
	case q.Get("cursor") == "more":
		page["items"] = []any{item(-100, "the very first")}
	case q.Get("field") == "user.id=7":
		page["items"] = []any{item(-20, `{"level":"warn","user":{"id":7}}`)}
	default:
		page["items"] = []any{item(-10, "from the instance before"), item(-20, `{"level":"warn","user":{"id":7}}`),
			map[string]any{"time": now.Add(-30 * time.Millisecond), "instance": "aaaaaaaaaaaa", "version": "0.9", "stream": "berth", "dropped": 12, "line": ""}}
		page["next"] = "more"
	}
	_ = json.NewEncoder(w).Encode(page)
}

func (l *logServer) marks(w http.ResponseWriter, _ *http.Request) {
	marks := []any{}
	if l.past.Load() {
		marks = append(marks, map[string]any{"id": "1", "time": now.Add(-15 * time.Millisecond), "text": "Release 2 was requested", "level": "info"})
	}
	_ = json.NewEncoder(w).Encode(marks)
}

// Above the live lines stand those of before, between them what happened; a line shows its fields, and what was around.
func TestLogsShowWhatWasBefore(t *testing.T) {
	s, l := newLogs(t)
	l.past.Store(true)
	l.send(t, line(0, "live"))
	texts := "Array.from(document.querySelectorAll('.log > li:not([hidden])'), (e) => e.lastElementChild.textContent).join('|')"
	s.is(texts, `Show older lines|12 lines were not kept here: the app writes more than its plan allows|{"level":"warn","user":{"id":7}}|`+
		`Release 2 was requested|from the instance before|live`)
	s.is("[...document.querySelector('[data-log-version]').options].map((o) => o.value).includes('0.9')", "true")
	s.run(chromedp.Click(".log .is-more button"))
	s.is("document.querySelectorAll('.log > li')[1].lastElementChild.textContent", "the very first")
	s.is("document.querySelector('.is-more').textContent", "There are no older lines")

	s.eval("[...document.querySelectorAll('.log > li')].find((e) => e.textContent.includes('user')).querySelector('button').click()")
	s.is("[...document.querySelectorAll('.is-detail dt')].map((e) => e.textContent).slice(-2).join()", "level,user.id")
	s.eval("document.querySelector('.is-detail > button').click()")
	s.is("[...document.querySelectorAll('.log-context .log-text')].map((e) => e.textContent).join('|')", `just before|{"level":"warn","user":{"id":7}}|just after`)
	s.is("document.querySelector('.log-context .is-hit .log-text').textContent", `{"level":"warn","user":{"id":7}}`)

	s.eval("[...document.querySelectorAll('.is-detail dd')].at(-1).querySelector('button').click()")
	s.is("document.querySelector('.chip').textContent", "user.id=7 ×")
	s.is("new URLSearchParams(location.search).get('field')", "user.id=7")
	s.is("[...document.querySelectorAll('.log > li:not([hidden]):not(.is-mark):not(.is-more) > .log-text')].map((e) => e.textContent).join('|')",
		`{"level":"warn","user":{"id":7}}`)
	s.run(chromedp.Click(".chip"))
	s.is("location.search", "")
	s.quiet()
}

func line(n int, text string) core.LogLine {
	return core.LogLine{Time: now.Add(time.Duration(n) * time.Millisecond), Instance: "7c1f3a5b9d02", Version: "1.0", Stream: "stdout",
		Line: text, Cursor: fmt.Sprint("c", n)}
}

func TestLogLinesAreInert(t *testing.T) {
	s, l := newLogs(t)
	hostile := []string{
		"<script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\">",
		"\x1b]52;c;b3duZWQ=\x07after the clipboard",
		"\x1b[2J\x1b[1;1Hafter clearing",
		"abc\u202edef\u2066ghi",
		"bell\a nul\x00 del\x7f",
		"\x1b[1;31merror\x1b[0m plain \x1b[38;5;196mindexed\x1b[48;2;0;0;255mtrue\x1b[m",
		strings.Repeat("long ", 3000),
	}
	for i, text := range hostile {
		l.send(t, line(i, text))
	}
	s.is("document.querySelectorAll('.log li:not(.is-more)').length", fmt.Sprint(len(hostile)))
	texts := "Array.from(document.querySelectorAll('.log-text'), (e) => e.textContent)"
	for i, want := range []string{hostile[0], "after the clipboard", "after clearing", "abc<U+202E>def<U+2066>ghi", "bell␇ nul␀ del␡", "error plain indexedtrue"} {
		s.is(fmt.Sprintf("%s[%d]", texts, i), want)
	}
	s.is("document.querySelectorAll('.log script, .log img').length", "0")
	s.is("document.title.includes('owned')", "false")
	s.is("Array.from(document.querySelectorAll('.log-text')[5].querySelectorAll('span'), (e) => e.className).join('|')",
		"sgr-bold sgr-red|sgr-red|sgr-red sgr-on-blue")
	s.quiet()
}

func TestLogsPauseWhenOneScrollsUpAndResumeByCursor(t *testing.T) {
	s, l := newLogs(t)
	for i := range 300 {
		l.send(t, line(i, fmt.Sprint("line ", i)))
	}
	atEnd := "(() => { const e = document.querySelector('.log'); return e.scrollHeight - e.scrollTop - e.clientHeight < 8 })()"
	s.is("document.querySelectorAll('.log li:not(.is-more)').length", "300")
	s.is(atEnd, "true")
	// As with a wheel, that is turned until it has come through: what comes in meanwhile may scroll to the end once more.
	s.is("(document.querySelector('.log').scrollTop = 100, document.querySelector('[data-log-newest]').hidden)", "false")
	for i := 300; i < 310; i++ {
		l.send(t, line(i, fmt.Sprint("line ", i)))
	}
	s.is("document.querySelector('[data-log-new]').textContent", "Paused, 10 new lines")
	s.is("document.querySelector('.log').scrollTop", "100")
	s.run(chromedp.Click("[data-log-newest]"))
	s.is("document.querySelectorAll('.log li:not(.is-more)').length", "310")
	s.is(atEnd, "true")

	l.socket.Close()
	l.wait(s)
	if got := l.since; len(got) != 2 || got[0] != "" || got[1] != "c309" {
		t.Errorf("connected since %q, want from the start and then from the last cursor", got)
	}
	l.send(t, line(310, "after the gap"), core.LogLine{Time: now, Instance: "b42f01c4aa10", Stream: "stderr", Line: "oops", Cursor: "c311", Dropped: 7})
	s.is("document.querySelector('.log li:last-child').textContent.endsWith('oops')", "true")
	s.is("document.querySelector('.log .is-gap').textContent.startsWith('7 lines were left out')", "true")

	s.run(chromedp.SendKeys("[data-log-search]", "line 12"))
	s.is("document.querySelector('[data-log-hits]').textContent", "13 found")
	s.eval("(() => { const e = document.querySelector('[data-log-search]'); e.value = ''; e.dispatchEvent(new Event('input')) })()")
	s.eval("document.querySelector('[data-log-stream][value=stderr]').click()")
	s.is("document.querySelectorAll('.log li:not([hidden]):not(.is-gap):not(.is-more)').length", "1")
	s.quiet()
}

func TestLogsKeepABoundedNumberOfRows(t *testing.T) {
	s, l := newLogs(t)
	for i := range 7000 {
		l.send(t, line(i, fmt.Sprint("line ", i)))
	}
	s.is("document.querySelector('.log li:last-child .log-text').textContent", "line 6999")
	s.is("document.querySelectorAll('.log li').length <= 5000", "true")
}

// TestLivePartKeepsWhatThePersonIsDoing sends a new state of a page while a menu is open and a field has the focus.
func TestLivePartKeepsWhatThePersonIsDoing(t *testing.T) {
	s := newSite(t, examples()["app"])
	send := make(chan templ.Component)
	s.mux.HandleFunc("/apps/tea-shop/live", func(w http.ResponseWriter, r *http.Request) {
		bundle, err := i18n.Load()
		if err != nil {
			t.Error(err)
		}
		w.Header().Set("Content-Type", "text/event-stream")
		w.(http.Flusher).Flush()
		for {
			select {
			case page := <-send:
				var body strings.Builder
				if err := page.Render(i18n.With(r.Context(), bundle.Localizer("en")), &body); err != nil {
					t.Error(err)
				}
				fmt.Fprintf(w, "event: message\ndata: %s\n\n", strings.ReplaceAll(body.String(), "\n", "\ndata: "))
				w.(http.Flusher).Flush()
			case <-r.Context().Done():
				return
			}
		}
	})
	s.open()
	const menu = "document.querySelector('main [data-menu]').open"
	s.run(chromedp.Click("main [data-menu] summary"))
	s.is(menu, "true")
	s.run(chromedp.Focus("#replicas"))
	s.is(menu, "true")
	s.eval("(() => { document.querySelector('#replicas').value = 5; window.row = document.querySelector('#instance-7c1f3a5b9d02') })()")
	push := func(state core.AppState) {
		select {
		case send <- overviewWith(state):
		case <-time.After(time.Minute):
			t.Fatalf("the browser does not listen\nconsole: %v", s.console())
		}
	}
	push(core.AppCrashing)
	s.is("document.querySelector('h1 + .pill').textContent.trim()", "Keeps stopping")
	s.is("document.activeElement.id", "replicas")
	s.is("document.querySelector('#replicas').value", "5")
	s.is(menu, "true")
	s.is("document.querySelector('#instance-7c1f3a5b9d02') === window.row", "true")
	push(core.AppRunning)
	s.is("document.querySelector('h1 + .pill').textContent.trim()", "Running")
	s.quiet()
}

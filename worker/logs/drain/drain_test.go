package drain

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"berth/core"
	"berth/worker/outbound"
)

// receiver is a server that lines are posted to.
type receiver struct {
	*httptest.Server
	mu     sync.Mutex
	lines  []string // that it took
	status int      // of its answers; 0 takes lines
	wrong  string   // a text that it does not take
	key    string   // of the last request
}

func newReceiver(t *testing.T) *receiver {
	r := &receiver{}
	r.Server = httptest.NewServer(r)
	t.Cleanup(r.Close)
	return r
}

func (r *receiver) ServeHTTP(rw http.ResponseWriter, req *http.Request) {
	body, _ := io.ReadAll(req.Body)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.key = req.Header.Get("X-Key")
	if r.status != 0 {
		rw.WriteHeader(r.status)
		return
	}
	if r.wrong != "" && strings.Contains(string(body), r.wrong) {
		rw.WriteHeader(http.StatusBadRequest)
		return
	}
	for d := json.NewDecoder(strings.NewReader(string(body))); d.More(); {
		var l lineJSON
		if d.Decode(&l) != nil || l.Tenant != "tea" || l.App != "shop" || l.Version != "1.0" || l.Level != core.LogInfo || l.Time.IsZero() {
			l.Line = "odd: " + string(body)
		}
		r.lines = append(r.lines, l.Line)
	}
}

func (r *receiver) answers(status int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.status = status
}

func (r *receiver) got() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.lines)
}

func (w *world) expect(r *receiver, want []string) {
	w.Helper()
	w.until("all lines", func() bool { return len(r.got()) >= len(want) })
	got := r.got()
	slices.Sort(got)
	want = slices.Sorted(slices.Values(want))
	if !slices.Equal(got, want) {
		w.Errorf("got %d lines, want %d: %.500s", len(got), len(want), strings.Join(got, ", "))
	}
}

// What is written before, while and after a drain runs is sent once; nothing of others is.
func TestEveryLineIsSentOnce(t *testing.T) {
	w, r := newWorld(t), newReceiver(t)
	w.drain(core.DrainHTTP, core.DrainTarget{URL: r.URL, Header: "X-Key", Secret: "s3cret"})
	w.write("a", numbered(0, 1200)...)
	w.write("x", "of another tenant")
	w.start()
	w.write("a", numbered(1200, 1300)...)
	w.write("x", "of another tenant")
	w.write("b", numbered(1300, 1400)...)
	w.expect(r, numbered(0, 1400))
	w.stop()
	w.write("a", numbered(1400, 1500)...)
	w.start()
	w.write("a", numbered(1500, 1600)...)
	w.expect(r, numbered(0, 1600))
	w.until("the report", func() bool { return w.report().Sent == 1600 })
	if r.key != "s3cret" {
		t.Errorf("the header came as %q", r.key)
	}
	if got := w.report(); got.Lost != 0 || !got.Fault.IsZero() {
		t.Errorf("it stands %+v", got)
	}
}

// While a server is away, more is written than fits into memory, by an instance that goes; Berth is stopped meanwhile.
func TestLinesWaitForTheServer(t *testing.T) {
	w, r := newWorld(t), newReceiver(t)
	w.drain(core.DrainHTTP, core.DrainTarget{URL: r.URL})
	r.answers(http.StatusServiceUnavailable)
	w.start()
	w.write("a", "first")
	w.until("the fault", func() bool { return w.report().Fault.Key == "drain.answered" })
	for n := range 10 {
		w.write("a", numbered(1000*n, 1000*n+1000)...)
	}
	w.write("gone", "last words")
	w.stop()
	w.start()
	w.write("a", "one more")
	r.answers(0)
	w.expect(r, append(numbered(0, 10_000), "first", "last words", "one more"))
	w.until("the report", func() bool { return w.report().Sent == 10_003 && w.report().Fault.IsZero() })
}

// A line that a server does not take is lost, and said; all others arrive.
func TestRefusedLinesAreCounted(t *testing.T) {
	w, r := newWorld(t), newReceiver(t)
	r.wrong = "poison"
	w.drain(core.DrainHTTP, core.DrainTarget{URL: r.URL})
	w.start()
	w.write("a", append(append(numbered(0, 100), "poison"), numbered(100, 300)...)...)
	w.expect(r, numbered(0, 300))
	w.until("the report", func() bool { return w.report().Sent == 300 && w.report().Lost == 1 })
	if got := w.report().LostFor; got.Key != "drain.refused" {
		t.Errorf("lost for %v", got)
	}
}

func TestFaultsAreWorded(t *testing.T) {
	gone := newReceiver(t)
	gone.Close()
	away, open, moved := newReceiver(t), newReceiver(t), newReceiver(t)
	open.answers(http.StatusUnauthorized)
	moved.answers(http.StatusFound)
	secure := httptest.NewTLSServer(away)
	defer secure.Close()
	for what, c := range map[string]struct {
		url, key string
		guarded  bool
	}{
		"nobody listens":        {gone.URL, "drain.away", false},
		"a private address":     {away.URL, "drain.private", true},
		"a wrong token":         {open.URL, "drain.unauthorized", false},
		"a redirection":         {moved.URL, "drain.moved", false},
		"a name of nothing":     {"http://nothing.invalid", "drain.unknown_name", false},
		"a strange certificate": {secure.URL, "drain.certificate", false},
	} {
		t.Run(what, func(t *testing.T) {
			w := newWorld(t)
			if c.guarded {
				w.options.Dial = outbound.Guarded(nil)
			}
			w.drain(core.DrainHTTP, core.DrainTarget{URL: c.url})
			w.start()
			w.write("a", "a line")
			w.until("a fault", func() bool { return !w.report().Fault.IsZero() })
			if got := w.report(); got.Fault.Key != c.key || got.FaultAt.IsZero() || got.Sent+got.Lost != 0 {
				t.Errorf("it stands %+v", got)
			}
		})
	}
	if len(away.got()) > 0 {
		t.Error("a private address was reached")
	}
}

// A server of a private authority is reached by a drain that has the authority's certificate, and by no other.
func TestPrivateAuthority(t *testing.T) {
	authority := func(s *httptest.Server) string {
		return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw}))
	}
	lines := newReceiver(t)
	web := httptest.NewTLSServer(lines)
	defer web.Close()
	messages, _ := newSyslogServer(t)
	stranger := selfSigned(t)
	for what, c := range map[string]struct {
		kind    core.DrainKind
		url, ca string
		trusted bool
		got     func() int
	}{
		"http":                    {core.DrainHTTP, web.URL, authority(web), true, func() int { return len(lines.got()) }},
		"syslog":                  {core.DrainSyslog, "tls://" + messages.Addr().String(), authority(web), true, func() int { return len(messages.got()) }},
		"http of another one":     {core.DrainHTTP, web.URL, stranger, false, nil},
		"syslog of another one":   {core.DrainSyslog, "tls://" + messages.Addr().String(), stranger, false, nil},
		"syslog without one said": {core.DrainSyslog, "tls://" + messages.Addr().String(), "", false, nil},
	} {
		t.Run(what, func(t *testing.T) {
			w := newWorld(t)
			w.drain(c.kind, core.DrainTarget{URL: c.url, CA: c.ca})
			w.start()
			w.write("a", "a line")
			if c.trusted {
				w.until("the line", func() bool { return c.got() > 0 })
				return
			}
			w.until("a fault", func() bool { return !w.report().Fault.IsZero() })
			if got := w.report(); got.Fault.Key != "drain.certificate" || got.Sent != 0 {
				t.Errorf("it stands %+v", got)
			}
		})
	}
}

func selfSigned(t *testing.T) string {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Stranger"}, NotAfter: time.Now().Add(time.Hour), IsCA: true,
		BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, c, c, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
}

func TestBulkAnswersAreRead(t *testing.T) {
	for answer, want := range map[string]string{
		`{"errors":false,"items":[]}`: "", `{"errors":true,"items":[{"create":{"status":201}},{"create":{"status":409}}]}`: "",
		`{"errors":true,"items":[{"create":{"status":201}},{"create":{"status":400}}]}`: "drain.refused",
		`{"errors":true,"items":[{"create":{"status":400}},{"create":{"status":429}}]}`: "drain.answered",
		`<html>`: "drain.odd",
	} {
		got := ""
		if err := readBulk([]byte(answer)); err != nil {
			got = core.ErrorMessage(err).Key
			if r, ok := err.(*refusal); ok {
				got = r.why.Key
			}
		}
		if got != want {
			t.Errorf("%s: %q, want %q", answer, got, want)
		}
	}
}

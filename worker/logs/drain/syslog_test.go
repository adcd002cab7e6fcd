package drain

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"berth/core"
)

// syslogServer reads messages with their lengths, over TLS.
type syslogServer struct {
	net.Listener
	mu       sync.Mutex
	messages []string
	conns    []net.Conn
}

// newSyslogServer serves with the certificate of package httptest, which roots trust.
func newSyslogServer(t *testing.T) (s *syslogServer, roots *x509.CertPool) {
	web := httptest.NewTLSServer(nil)
	web.Close()
	l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: web.TLS.Certificates})
	if err != nil {
		t.Fatal(err)
	}
	s, roots = &syslogServer{Listener: l}, x509.NewCertPool()
	roots.AddCert(web.Certificate())
	t.Cleanup(func() { l.Close(); s.hangUp() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			s.mu.Lock()
			s.conns = append(s.conns, c)
			s.mu.Unlock()
			go s.read(c)
		}
	}()
	return s, roots
}

func (s *syslogServer) read(c net.Conn) {
	for r := bufio.NewReader(c); ; {
		var n int
		if _, err := fmt.Fscanf(r, "%d", &n); err != nil {
			return
		}
		message := make([]byte, n+1)
		if _, err := io.ReadFull(r, message); err != nil {
			return
		}
		s.mu.Lock()
		s.messages = append(s.messages, string(message[1:]))
		s.mu.Unlock()
	}
}

func (s *syslogServer) got() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string{}, s.messages...)
}

func (s *syslogServer) hangUp() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.conns {
		c.Close()
	}
}

var rfc5424 = regexp.MustCompile(`^<14>1 \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z tea shop a stdout \[berth@32473 time="\d+" version="1\.0"\] line \d+$`)

func TestSyslog(t *testing.T) {
	s, roots := newSyslogServer(t)
	w := newWorld(t)
	w.options.TLS = &tls.Config{RootCAs: roots}
	w.drain(core.DrainSyslog, core.DrainTarget{URL: "tls://" + s.Addr().String()})
	w.start()
	w.write("a", numbered(0, 700)...)
	w.until("the lines", func() bool { return len(s.got()) == 700 })
	s.hangUp()
	time.Sleep(50 * time.Millisecond) // nothing tells when the client has seen it
	w.write("a", numbered(700, 800)...)
	w.until("the lines after another connection", func() bool { return len(s.got()) >= 800 })
	for n, m := range s.got() {
		if !rfc5424.MatchString(m) || !strings.HasSuffix(m, fmt.Sprintf("] line %d", n)) {
			t.Fatalf("message %d: %q", n, m)
		}
	}
}

// Nothing that a line or a version holds ends a message or its structured data.
func TestSyslogMessages(t *testing.T) {
	l := core.LogRecord{TenantID: "tea", AppID: strings.Repeat("a", 60), LogLine: core.LogLine{Time: time.Unix(1, 2).UTC(), Instance: "b c", Stream: "",
		Version: `1"]\`, Level: core.LogError, Line: "<11>1 a\x00数", Part: true}}
	want := "<11>1 1970-01-01T00:00:01.000000Z tea " + strings.Repeat("a", 48) + ` bc - [berth@32473 time="1000000002" version="1\"\]\\" part="true"] ` + "<11>1 a\x00数"
	if got := string(appendSyslog(nil, l)); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

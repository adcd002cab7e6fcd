package testenv

import (
	"crypto/x509"
	"encoding/pem"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/letsencrypt/pebble/v2/ca"
	"github.com/letsencrypt/pebble/v2/db"
	"github.com/letsencrypt/pebble/v2/va"
	"github.com/letsencrypt/pebble/v2/wfe"
)

// Pebble is a certificate authority that speaks ACME, as the ones of the world do: it looks at names through a Zone,
// and issues for who answers at them.
type Pebble struct {
	Directory string         // its URL
	CARoot    string         // a PEM file with what its own HTTPS is checked with
	Trusted   *x509.CertPool // the same
	Roots     *x509.CertPool // of what it issues
	Requests  atomic.Int64   // that it got
	CAA       atomic.Bool    // records forbid everything; this authority does not look at them by itself
}

// StartPebble runs one until the test ends. It reaches who asks for a certificate at port, in the place of port 80.
func StartPebble(t testing.TB, zone *Zone, port int) *Pebble {
	t.Helper()
	os.Setenv("PEBBLE_VA_NOSLEEP", "1") // for good: t.Setenv is not for tests that run beside others
	os.Setenv("PEBBLE_WFE_NONCEREJECT", "20")
	quiet := log.New(io.Discard, "", 0)
	state := db.NewMemoryStore()
	issuer := ca.New(quiet, state, "", "ecdsa", 0, 1, map[string]ca.Profile{"default": {Description: "default"}})
	front := wfe.New(quiet, state, va.New(quiet, port, 1, true, zone.Address, state), issuer, []string{"pebble.test"}, true, false, 0, 0)
	handler := front.Handler()
	p := &Pebble{Trusted: x509.NewCertPool(), Roots: x509.NewCertPool()}
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.Requests.Add(1)
		if p.CAA.Load() && strings.HasPrefix(r.URL.Path, "/finalize-order/") {
			w.Header().Set("Content-Type", "application/problem+json")
			w.WriteHeader(http.StatusForbidden)
			io.WriteString(w, `{"type": "urn:ietf:params:acme:error:caa", "detail": "CAA record prevents issuance", "status": 403}`)
			return
		}
		handler.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	p.Directory = server.URL + wfe.DirectoryPath
	p.Roots.AppendCertsFromPEM(issuer.GetRootCert(0).PEM())
	p.Trusted.AddCert(server.Certificate())
	p.CARoot = filepath.Join(t.TempDir(), "authority.pem")
	check(t, os.WriteFile(p.CARoot, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}), 0o600))
	return p
}

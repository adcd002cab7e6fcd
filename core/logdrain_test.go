package core

import (
	"encoding/pem"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestDrainsAreValidated(t *testing.T) {
	server := httptest.NewTLSServer(nil)
	server.Close()
	authority := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}))
	for name, c := range map[string]struct {
		kind   DrainKind
		target DrainTarget
		faults string
	}{
		"http":                  {DrainHTTP, DrainTarget{URL: "https://logs.example.com/in?token=x"}, ""},
		"plain http":            {DrainHTTP, DrainTarget{URL: "http://logs.example.com"}, ""},
		"with a token":          {DrainLoki, DrainTarget{URL: "https://loki.example.com", Header: "Authorization", Secret: "Bearer x"}, ""},
		"syslog":                {DrainSyslog, DrainTarget{URL: "tls://logs.example.com:6514"}, ""},
		"no kind":               {"", DrainTarget{URL: "https://logs.example.com"}, "kind"},
		"no address":            {DrainHTTP, DrainTarget{}, "url"},
		"a relative one":        {DrainHTTP, DrainTarget{URL: "/in"}, "url"},
		"another scheme":        {DrainHTTP, DrainTarget{URL: "ftp://logs.example.com"}, "url"},
		"a password in it":      {DrainHTTP, DrainTarget{URL: "https://me:secret@logs.example.com"}, "url"},
		"a line break in it":    {DrainHTTP, DrainTarget{URL: "https://logs.example.com/a\nb"}, "url"},
		"a secret in the clear": {DrainHTTP, DrainTarget{URL: "http://logs.example.com", Header: "Authorization", Secret: "x"}, "url"},
		"a secret for nothing":  {DrainHTTP, DrainTarget{URL: "https://logs.example.com", Secret: "x"}, "header"},
		"a header that frames":  {DrainHTTP, DrainTarget{URL: "https://logs.example.com", Header: "Content-Length", Secret: "1"}, "header"},
		"a header with a break": {DrainHTTP, DrainTarget{URL: "https://logs.example.com", Header: "X-A\r\nX-B", Secret: "1"}, "header"},
		"a secret with a break": {DrainHTTP, DrainTarget{URL: "https://logs.example.com", Header: "X-A", Secret: "1\r\nX-B: 2"}, "secret"},
		"an authority":          {DrainSyslog, DrainTarget{URL: "tls://logs.example.com:6514", CA: authority}, ""},
		"two of them":           {DrainHTTP, DrainTarget{URL: "https://logs.example.com", CA: "ours\n" + authority + authority}, ""},
		"no certificate":        {DrainHTTP, DrainTarget{URL: "https://logs.example.com", CA: "our authority"}, "ca"},
		"half a certificate":    {DrainHTTP, DrainTarget{URL: "https://logs.example.com", CA: authority[:200]}, "ca"},
		"a key with it":         {DrainHTTP, DrainTarget{URL: "https://logs.example.com", CA: authority + "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"}, "ca"},
		"1 MiB of certificates": {DrainHTTP, DrainTarget{URL: "https://logs.example.com", CA: strings.Repeat(authority, 1<<20/len(authority))}, "ca"},
		"one for plain http":    {DrainHTTP, DrainTarget{URL: "http://logs.example.com", CA: authority}, "ca"},
		"syslog in the clear":   {DrainSyslog, DrainTarget{URL: "udp://logs.example.com:514"}, "url"},
		"syslog without a port": {DrainSyslog, DrainTarget{URL: "tls://logs.example.com"}, "url"},
		"syslog with a header":  {DrainSyslog, DrainTarget{URL: "tls://logs.example.com:6514", Header: "A", Secret: "b"}, "header"},
	} {
		var fields []string
		if err, ok := (LogDrain{Name: "Archive", Kind: c.kind}).Validate(c.target).(*Error); ok && err != nil {
			for _, f := range err.Fields {
				fields = append(fields, f.Field)
			}
		}
		if got := strings.Join(fields, " "); got != c.faults {
			t.Errorf("%s: faults at %q, want %q", name, got, c.faults)
		}
	}
}

func TestDrainTargetsShowNoSecret(t *testing.T) {
	for url, want := range map[string]string{"https://logs.example.com/in/s3cret?token=s3cret": "https://logs.example.com/…",
		"tls://logs.example.com:6514": "tls://logs.example.com:6514", "": ""} {
		if got := (DrainTarget{URL: url, Secret: "s3cret"}).Shows(); got != want {
			t.Errorf("%s shows %q", url, got)
		}
	}
}

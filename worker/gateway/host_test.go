package gateway

import (
	"bytes"
	"io"
	"net/http"
	"strings"
	"testing"
)

var hosts = map[string]string{ // "" is refused
	"app.test": "app.test", "APP.Test": "app.test", "app.test.": "app.test", "app.test:80": "app.test",
	"app.test.:8000": "app.test", "app.test:": "app.test", "a_b.test": "a_b.test", "localhost": "localhost",
	"127.0.0.1:80": "127.0.0.1", "[::1]:80": "[::1]", "[::1]": "[::1]", "12345": "12345",
	"": "", ".": "", "..": "", ".app.test": "", "app..test": "", ":80": "", "app.test:123456": "", "app.test:8a": "",
	"::1": "", "a b": "", "a/b": "", "a@b": "", "a,b": "", "caf\u00e9.test": "", "a%2eb": "", "a\"b": "", "[": "", "a]": "",
}

func TestDomainOfHost(t *testing.T) {
	for host, want := range hosts {
		domain, ok := appendDomain(nil, []byte(host))
		if ok != (want != "") || ok && string(domain) != want {
			t.Errorf("%q: %q, %v; want %q", host, domain, ok, want)
		}
	}
	if _, ok := appendDomain(nil, []byte(repeat("a", 254))); ok {
		t.Error("a domain of 254 characters is taken")
	}
}

func TestHostIsMatchedWithoutCasePortAndDot(t *testing.T) {
	f := start(t, Options{})
	f.app(server(t, func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, r.Host) }))
	for _, host := range []string{"app.test", "APP.test", "app.test.", "app.test:8000", "App.Test.:1"} {
		if res, seen := f.ask("GET / HTTP/1.1\r\nHost: " + host + "\r\n\r\n"); res.StatusCode != 200 || seen != host {
			t.Errorf("%s: %d, the app saw %q", host, res.StatusCode, seen)
		}
	}
}

func FuzzDomain(f *testing.F) {
	for host := range hosts {
		f.Add([]byte(host))
	}
	f.Fuzz(func(t *testing.T, host []byte) {
		domain, ok := appendDomain(nil, host)
		if !ok {
			return
		}
		if len(domain) == 0 || len(domain) > maxDomain || string(domain) != strings.ToLower(string(domain)) {
			t.Fatalf("%q became %q", host, domain)
		}
		if bytes.ContainsAny(domain, "/@,\" \t\r\n%\\?#") || len(domain) > 1 && bytes.HasSuffix(domain, []byte("..")) {
			t.Fatalf("%q became %q", host, domain)
		}
		if again, ok := appendDomain(nil, append(bytes.Clone(domain), ":80"...)); !ok || !bytes.Equal(again, bytes.TrimSuffix(domain, []byte("."))) {
			t.Fatalf("%q became %q and then %q", host, domain, again)
		}
	})
}

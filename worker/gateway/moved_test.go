package gateway

import (
	"strings"
	"testing"

	"berth/core"
)

func TestRouteRedirects(t *testing.T) {
	s := startSecure(t, Options{SecurePort: "8443"}, "app.test", "safe.test", "moved.test", "both.test")
	s.app(server(t, sayProto))
	for _, r := range []core.Route{
		{Domain: "safe.test", HTTPS: true}, {Domain: "moved.test", Redirect: "www.test"},
		{Domain: "both.test", Redirect: "www.test", HTTPS: true}, {Domain: "*.wild.test", HTTPS: true},
	} {
		r.AppID = "app"
		s.route(r)
	}
	for _, x := range []struct{ request, to string }{
		{"GET /a/b?c=d HTTP/1.1\r\nHost: safe.test", "https://safe.test:8443/a/b?c=d"},
		{"GET / HTTP/1.1\r\nHost: SAFE.test.:8000", "https://safe.test:8443/"},
		{"GET http://safe.test?x HTTP/1.1\r\nHost: safe.test", "https://safe.test:8443/?x"},
		{"POST /p HTTP/1.1\r\nContent-Length: 0\r\nHost: safe.test", "https://safe.test:8443/p"},
		{"GET //evil.test/x HTTP/1.1\r\nHost: moved.test", "http://www.test//evil.test/x"},
		{"GET /a?b HTTP/1.1\r\nHost: moved.test:8000", "http://www.test:8000/a?b"},
		{"GET /a?b HTTP/1.1\r\nHost: both.test:8000", "https://www.test:8443/a?b"},
		{"GET / HTTP/1.1\r\nHost: x.wild.test", "https://x.wild.test:8443/"},
	} {
		res, _ := s.ask(x.request + "\r\n\r\n")
		if res.StatusCode != 308 || res.Header.Get("Location") != x.to {
			t.Errorf("%q: %d to %q, want %q", x.request, res.StatusCode, res.Header.Get("Location"), x.to)
		}
	}
	if res, _ := s.askTLS("safe.test", "safe.test"); res.StatusCode != 200 {
		t.Errorf("secure already: %d", res.StatusCode)
	}
	for _, name := range []string{"moved.test", "both.test"} {
		if res, _ := s.askTLS(name, name); res.Header.Get("Location") != "https://www.test:8443/" {
			t.Errorf("%s over TLS: %d to %q", name, res.StatusCode, res.Header.Get("Location"))
		}
	}
}

// Without HTTPS here, a proxy in front may have it: a redirect would go round in circles.
func TestNoRedirectToHTTPSThatIsOff(t *testing.T) {
	f := start(t, Options{})
	f.app(server(t, sayProto))
	f.route(core.Route{Domain: "safe.test", AppID: "app", HTTPS: true})
	if res, _ := f.ask("GET / HTTP/1.1\r\nHost: safe.test\r\n\r\n"); res.StatusCode != 200 {
		t.Errorf("status %d", res.StatusCode)
	}
}

func TestChallenges(t *testing.T) {
	s := startSecure(t, Options{}, "app.test")
	s.app(server(t, sayProto))
	s.route(core.Route{Domain: "safe.test", AppID: "app", HTTPS: true})
	s.gateway.apply(core.RegistryChange{Challenges: []core.Challenge{
		{Token: "t1", KeyAuth: "t1.thumb", Domain: "safe.test"}, {Token: "t2", KeyAuth: "t2.thumb", Domain: "unrouted.test"},
		{Token: "../x", KeyAuth: "x", Domain: "safe.test"},
	}})
	ask := func(domain, token string) string {
		_, said := s.ask("GET /.well-known/acme-challenge/" + token + " HTTP/1.1\r\nHost: " + domain + "\r\n\r\n")
		return said
	}
	if said := ask("safe.test", "t1"); said != "t1.thumb" {
		t.Errorf("before the redirect: %q", said)
	}
	if said := ask("unrouted.test:80", "t2"); said != "t2.thumb" {
		t.Errorf("before there is a route: %q", said)
	}
	for _, x := range [][2]string{{"app.test", "t1"}, {"safe.test", "t2"}, {"safe.test", "t1?"}, {"safe.test", ""}, {"safe.test", "../x"}} {
		if said := ask(x[0], x[1]); strings.Contains(said, "thumb") || said == "x" {
			t.Errorf("%v: %q", x, said)
		}
	}
	s.gateway.apply(core.RegistryChange{RemovedChallenges: []string{"t1"}})
	if said := ask("safe.test", "t1"); said != "" {
		t.Errorf("after its removal: %q", said)
	}
	s.gateway.apply(core.RegistryChange{Reset: true})
	if said := ask("unrouted.test", "t2"); strings.Contains(said, "thumb") {
		t.Errorf("after all are gone: %q", said)
	}
}

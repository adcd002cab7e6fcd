package gateway

import (
	"crypto/tls"
	"fmt"
	"maps"
	"testing"

	"golang.org/x/net/http2"

	"berth/core"
)

// Every refusal is counted by its reason, of which there is a fixed number.
func TestRefusalsAreCountedByReason(t *testing.T) {
	s := startSecure(t, Options{}, "app.test", "other.test")
	s.app(server(t, sayProto))
	want := map[string]int64{}
	for _, name := range reasonNames {
		if name == "" {
			t.Fatal("a reason has no name")
		}
		want[name] = 0
	}
	counted := func() {
		t.Helper()
		eventually(t, fmt.Sprint("counted: ", want), func() bool { return maps.Equal(s.gateway.Totals().Refused, want) })
	}
	counted()
	for text, why := range map[string]string{
		"GET / HTTP/1.1\r\nHost : app.test\r\n\r\n":                                                     "malformed",
		"POST / HTTP/1.1\r\nHost: app.test\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\nx": "framing",
		"TRACE / HTTP/1.1\r\nHost: app.test\r\n\r\n":                                                    "method",
		"GET / HTTP/1.1\r\nHost: app.test\r\nX: " + repeat("x", MaxHeadBytes) + "\r\n\r\n":              "head",
		"GET / HTTP/3.0\r\nHost: app.test\r\n\r\n":                                                      "version",
	} {
		s.ask(text)
		want[why]++
	}
	s.askTLS("other.test", "app.test")
	want["host"]++
	counted()
	for why, rules := range map[string]core.Rules{
		"forbidden":    {Deny: []string{"127.0.0.0/8"}},
		"unauthorized": {Auth: []core.BasicUser{userNamed(t, "ann", "right")}},
		"maintenance":  {Maintenance: core.Maintenance{On: true}},
		"too_large":    {MaxBody: 1},
	} {
		s.rule(rules)
		s.ask("POST / HTTP/1.1\r\nHost: app.test\r\nContent-Length: 2\r\n\r\nxx")
		want[why]++
	}
	counted()
}

// Handshakes are counted whether they succeed or not, and a request's line has the protocol that its client spoke.
func TestProtocolsAndHandshakesAreCounted(t *testing.T) {
	k := &keeper{}
	s := startSecure(t, Options{Access: k}, "app.test")
	s.app(server(t, sayProto))
	s.ask(get)
	s.askTLS("app.test", "app.test")
	res, _ := s.do(s.http2Client(), newRequest(t, "GET", "https://app.test/two", nil))
	wantStatus(t, res, 200)
	if c, err := tls.Dial("tcp", s.gateway.SecureAddr().String(), s.clientTLS("absent.test", http2.NextProtoTLS)); err == nil {
		c.Close()
		t.Error("a name without a certificate was served")
	}
	eventually(t, "the lines are kept", func() bool { return len(k.all()) == 3 })
	got := map[string]int{}
	for _, l := range k.all() {
		got[l.Protocol+" "+l.Path]++
	}
	if want := map[string]int{"HTTP/1.1 /": 2, "HTTP/2 /two": 1}; !maps.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	eventually(t, "handshakes are counted", func() bool {
		totals := s.gateway.Totals()
		return totals.Handshakes == 2 && totals.BadHandshakes == 1
	})
}

package gateway

import (
	"bytes"
	"net"
	"sync"
	"sync/atomic"

	"berth/core"
)

// elsewhere returns where a request is redirected to by its route: to another domain, or to HTTPS. "" is nowhere:
// the request is served. b is what the request was parsed from.
func (c *conn) elsewhere(r *route, domain, b []byte) string {
	toSecure := r.https && !c.secure() && c.SecurePort != ""
	if r.redirect == "" && !toSecure {
		return ""
	}
	host := string(domain)
	if r.redirect != "" {
		host = r.redirect
	}
	to := "http://" + host + portOf(c.req.host.of(b))
	if c.secure() || toSecure {
		to = "https://" + host + c.securePort()
	}
	if first := b[c.req.target.from:c.req.target.to]; len(first) == 0 || first[0] != '/' {
		to += "/"
	}
	return to + string(c.req.target.of(b))
}

func (c *conn) securePort() string {
	if c.SecurePort == "443" || c.SecurePort == "" {
		return ""
	}
	return ":" + c.SecurePort
}

// portOf returns ":port" of a Host field, "" when it has none. A redirect on one listener keeps it: that is the port
// at which browsers see the gateway.
func portOf(host []byte) string {
	name, _ := cutPort(host)
	if port := host[len(name):]; len(port) > 1 {
		return string(port)
	}
	return ""
}

// redirectTo sends the client elsewhere, for good, and with the same method.
func (c *conn) redirectTo(address string) bool {
	return c.answer(308, "Location: "+address+"\r\n", nil)
}

// challenges are what certificate authorities ask for (RFC 8555, 8.3).
type challenges struct {
	n       atomic.Int32
	mu      sync.Mutex
	byToken map[string]core.Challenge
}

var challengePath = []byte("/.well-known/acme-challenge/")

// apply makes a change of the registry and returns what is malformed.
func (s *challenges) apply(c core.RegistryChange) []core.RefusedEntry {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c.Reset || s.byToken == nil {
		s.byToken = map[string]core.Challenge{}
	}
	var refused []core.RefusedEntry
	for _, x := range c.Challenges {
		if err := x.Validate(); err != nil {
			refused = append(refused, core.RefusedEntry{Path: "/caas/gateway/challenge/" + x.Token, Reason: err.Error()})
			continue
		}
		s.byToken[x.Token] = x
	}
	for _, token := range c.RemovedChallenges {
		delete(s.byToken, token)
	}
	s.n.Store(int32(len(s.byToken)))
	return refused
}

// answer returns what to say to a request, "" for one that is no challenge.
func (s *challenges) answer(domain, target []byte) string {
	token, ok := bytes.CutPrefix(target, challengePath)
	if !ok {
		return ""
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if x := s.byToken[string(token)]; x.Domain == string(domain) {
		return x.KeyAuth
	}
	return ""
}

// challenged returns the answer to a certificate authority, which comes before any rule; "" for all other requests.
func (c *conn) challenged(domain, b []byte) string {
	if c.challenges.n.Load() == 0 || c.secure() {
		return ""
	}
	return c.challenges.answer(domain, c.req.target.of(b))
}

// portOfAddr returns the port of a listener.
func portOfAddr(a net.Addr) string {
	_, port, err := net.SplitHostPort(a.String())
	if err != nil {
		return ""
	}
	return port
}

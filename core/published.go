package core

import (
	"regexp"
	"time"
)

// TCPRoute says where a TCP port of the gateways leads. It lies at /caas/gateway/tcp/{id}.
type TCPRoute struct {
	Port       int      `json:"port"`                 // that the gateways listen on
	ServerName string   `json:"serverName,omitempty"` // only connections whose TLS names it (SNI); "" takes all others
	AppID      string   `json:"appId"`
	TLS        TCPTLS   `json:"tls,omitempty"`
	Allow      []string `json:"allow,omitempty"` // as in Rules
	Deny       []string `json:"deny,omitempty"`
	Proxy      bool     `json:"proxy,omitempty"` // instances get the PROXY protocol, version 2

	Weights map[string]int `json:"weights,omitempty"` // version label -> percent; none leads to every instance
}

// TCPTLS says what a gateway does with the TLS of a TCP port.
type TCPTLS string

const (
	TCPPlain       TCPTLS = ""            // nothing: bytes pass as they are
	TCPTerminate   TCPTLS = "terminate"   // TLS ends here, by the certificate of the server name
	TCPPassThrough TCPTLS = "passthrough" // the instance has the certificate; the gateway reads the name only
)

// ID names a TCP route in the registry: "5432", or "5432-db.example.com".
func (t TCPRoute) ID() string {
	if t.ServerName == "" {
		return itoa(t.Port)
	}
	return itoa(t.Port) + "-" + t.ServerName
}

// Validate reports every fault of t. Errors: EINVALID at "port", "serverName", "appId", "tls", "allow", "deny".
func (t TCPRoute) Validate() error {
	var f Faults
	if t.Port < 1 || t.Port > 65535 {
		f.Add("port", "error.number_range", "min", "1", "max", "65535")
	}
	if t.ServerName != "" && (len(t.ServerName) > 253 || !domainPattern.MatchString(t.ServerName)) {
		f.Add("serverName", "error.domain_malformed", "domain", t.ServerName)
	}
	f.Merge("", ValidateLabel("appId", t.AppID))
	if t.TLS != TCPPlain && t.TLS != TCPTerminate && t.TLS != TCPPassThrough || t.TLS == TCPPlain && t.ServerName != "" {
		f.Add("tls", "error.tcp_tls")
	}
	validateNetworks(&f, "allow", t.Allow)
	validateNetworks(&f, "deny", t.Deny)
	for label, weight := range t.Weights {
		f.Merge("weights", ValidateLabel(label, label))
		if weight < 0 || weight > 100 {
			f.Add("weights."+label, "error.number_range", "min", "0", "max", "100")
		}
	}
	return f.Err()
}

// PublishedCertificate is a certificate that gateways present. It lies at /caas/gateway/certificate/{id}. Its key is
// sealed: whoever reads the registry without Berth's secret key cannot use it.
type PublishedCertificate struct {
	ID        string    `json:"id"`        // of the node
	Names     []string  `json:"names"`     // that it is presented for: lower case; "*.example.com" for one label more
	Chain     string    `json:"chain"`     // PEM, the leaf first
	SealedKey []byte    `json:"sealedKey"` // PEM of the private key, sealed by a Sealer
	NotAfter  time.Time `json:"notAfter"`
}

// Validate reports every fault of c. Errors: EINVALID at "id", "names", "chain", "sealedKey".
func (c PublishedCertificate) Validate() error {
	var f Faults
	f.Merge("", ValidateLabel("id", c.ID))
	if len(c.Names) == 0 {
		f.Add("names", "error.domain_malformed", "domain", "")
	}
	for _, n := range c.Names {
		if len(n) > 253 || !routeDomain(n) {
			f.Add("names", "error.domain_malformed", "domain", n)
		}
	}
	if c.Chain == "" {
		f.Add("chain", "error.certificate_malformed")
	}
	if len(c.SealedKey) == 0 {
		f.Add("sealedKey", "error.certificate_malformed")
	}
	return f.Err()
}

// Challenge is what a certificate authority asks a gateway for at
// http://{domain}/.well-known/acme-challenge/{token} (RFC 8555, 8.3). It lies at /caas/gateway/challenge/{token}.
type Challenge struct {
	Token   string `json:"token"`
	KeyAuth string `json:"keyAuth"`
	Domain  string `json:"domain"`
}

// challengeToken is base64url, which may begin with any of its characters.
var challengeToken = regexp.MustCompile(`^[A-Za-z0-9_-]{1,128}$`)

// Validate reports every fault of c. Errors: EINVALID at "token", "keyAuth", "domain".
func (c Challenge) Validate() error {
	var f Faults
	if !challengeToken.MatchString(c.Token) {
		f.Add("token", "error.challenge_malformed")
	}
	if c.KeyAuth == "" || len(c.KeyAuth) > 1024 {
		f.Add("keyAuth", "error.certificate_malformed")
	}
	if !routeDomain(c.Domain) {
		f.Add("domain", "error.domain_malformed", "domain", c.Domain)
	}
	return f.Err()
}

// Sealer seals what is published but not for everybody: every process of one Berth has the same key.
type Sealer interface {
	// Seal encrypts plain and binds it to a name.
	Seal(name string, plain []byte) ([]byte, error)
	// Open returns what was sealed under the name. Errors: EINVALID when it was not, or by another key.
	Open(name string, sealed []byte) ([]byte, error)
}

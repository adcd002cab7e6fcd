package core

import (
	"context"
	"crypto/x509"
	"net/url"
	"slices"
	"strings"
	"time"
)

// LogDrain forwards what a tenant's apps write to a server elsewhere, from the moment on at which it was made.
type LogDrain struct {
	ID        string
	TenantID  string
	Name      string
	Kind      DrainKind
	Shows     string // of its target what may be read
	Revision  int64  // counts its changes
	Author    string
	CreatedAt time.Time
	DrainReport
}

// DrainKind says how lines are forwarded.
type DrainKind string

// The kinds of drains.
const (
	DrainHTTP          DrainKind = "http"          // a JSON object a line
	DrainSyslog        DrainKind = "syslog"        // RFC 5424 over TLS
	DrainLoki          DrainKind = "loki"          // its push API
	DrainElasticsearch DrainKind = "elasticsearch" // its bulk API
)

// DrainKinds are all of them.
var DrainKinds = []DrainKind{DrainHTTP, DrainSyslog, DrainLoki, DrainElasticsearch}

// DrainTarget is where a drain leads. It lies sealed in the store and is shown to nobody.
type DrainTarget struct {
	URL    string `json:"url"`              // tls://host:port for syslog; it may hold a token
	Header string `json:"header,omitempty"` // that Secret is sent in; "" for none
	Secret string `json:"secret,omitempty"`
	CA     string `json:"ca,omitempty"` // PEM; the authorities that the server's certificate must come from, "" for those known to all
}

// DrainReport is what became of the lines of a drain.
type DrainReport struct {
	Sent    int64
	SentAt  time.Time // of the last
	Lost    int64     // lines that the server will not have
	LostFor Text      // why it will not have the last of them
	Fault   Text      // why lines wait; zero when they do not
	FaultAt time.Time // since when
}

// MaxLogDrains is how many drains a tenant may have.
const MaxLogDrains = 5

// Shows returns what may be read of t.
func (t DrainTarget) Shows() string {
	if u, err := url.Parse(t.URL); err == nil && u.Scheme == "tls" {
		return t.URL
	} else if err == nil && u.Host != "" {
		return u.Scheme + "://" + u.Host + "/…"
	}
	return ""
}

// Validate reports every fault of d and of where it leads. Errors: EINVALID at "name", "kind", "url", "header",
// "secret", "ca".
func (d LogDrain) Validate(t DrainTarget) error {
	var f Faults
	f.Merge("", ValidateName("name", d.Name))
	if !slices.Contains(DrainKinds, d.Kind) {
		f.Add("kind", "error.drain_kind")
	} else {
		t.validateURL(&f, d.Kind)
		t.validateHeader(&f, d.Kind)
		t.validateCA(&f)
	}
	return f.Err()
}

const maxDrainText = 2000 // bytes of a URL or a secret

func (t DrainTarget) validateURL(f *Faults, kind DrainKind) {
	u, err := url.Parse(t.URL)
	if err != nil || len(t.URL) > maxDrainText || u.Hostname() == "" || u.User != nil || u.Fragment != "" ||
		strings.ContainsFunc(t.URL, func(r rune) bool { return r <= ' ' || r == 0x7f }) {
		f.Add("url", "error.drain_url")
		return
	}
	switch {
	case kind == DrainSyslog && (u.Scheme != "tls" || u.Port() == "" || u.Path != "" || u.RawQuery != ""):
		f.Add("url", "error.drain_syslog_url")
	case kind != DrainSyslog && u.Scheme != "https" && u.Scheme != "http":
		f.Add("url", "error.drain_http_url")
	case u.Scheme == "http" && t.Secret != "":
		f.Add("url", "error.drain_open_secret")
	}
}

func (t DrainTarget) validateHeader(f *Faults, kind DrainKind) {
	switch {
	case kind == DrainSyslog && (t.Header != "" || t.Secret != ""):
		f.Add("header", "error.drain_syslog_header")
	case (t.Header == "") != (t.Secret == ""):
		f.Add("header", "error.drain_header_pair")
	case t.Header != "" && (len(t.Header) > 100 || strings.ContainsFunc(t.Header, notOfHeader) || framing(t.Header)):
		f.Add("header", "error.drain_header")
	}
	if len(t.Secret) > maxDrainText || strings.ContainsFunc(t.Secret, func(r rune) bool { return r < ' ' || r > '~' }) {
		f.Add("secret", "error.drain_secret")
	}
}

func (t DrainTarget) validateCA(f *Faults) {
	if t.CA == "" {
		return
	}
	if strings.HasPrefix(strings.ToLower(t.URL), "http://") {
		f.Add("ca", "error.drain_open_ca")
	} else if _, err := parseChain(t.CA); err != nil {
		f.Add("ca", "error.drain_ca")
	}
}

// Authorities are the certificates of CA, of a target that is valid; nil for those known to all.
func (t DrainTarget) Authorities() []*x509.Certificate {
	certs, _ := parseChain(t.CA)
	return certs
}

func notOfHeader(r rune) bool {
	return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '-' && r != '_'
}

// framing reports whether a header says where a request ends, or whom it is for.
func framing(name string) bool {
	return slices.Contains([]string{"host", "content-length", "content-type", "content-encoding", "transfer-encoding", "connection",
		"trailer", "te", "upgrade", "expect"}, strings.ToLower(name))
}

// LogDrainStore keeps drains. Every method is scoped by the actor.
type LogDrainStore interface {
	// Create adds d, which leads to t. Errors: ECONFLICT when the tenant has MaxLogDrains.
	Create(ctx context.Context, d LogDrain, t DrainTarget) error
	// List returns the drains of a tenant by name, or of all visible tenants for "".
	List(ctx context.Context, tenantID string) ([]LogDrain, error)
	// Get returns a drain. Errors: ENOTFOUND.
	Get(ctx context.Context, tenantID, id string) (LogDrain, error)
	// Open returns where a drain leads. Errors: ENOTFOUND, EINTERNAL when it was sealed with another key.
	Open(ctx context.Context, tenantID, id string) (DrainTarget, error)
	// Update writes name, kind and target, and counts the revision. Errors: ENOTFOUND.
	Update(ctx context.Context, d LogDrain, t DrainTarget) error
	// Report adds what was sent and lost since the last report, and writes down how it stands. A drain that is gone is
	// no error.
	Report(ctx context.Context, tenantID, id string, since DrainReport) error
	// Delete removes a drain. Errors: ENOTFOUND.
	Delete(ctx context.Context, tenantID, id string) error
}

package core

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/netip"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Rules is what the gateway does with the requests of an app: whom it lets in, what it changes, and how it chooses an
// instance. The zero value lets everybody in and changes nothing. Rules are part of a release, so a rollback brings
// back those of its time. They are published with the routes: they hold no secret but hashes.
type Rules struct {
	Allow       []string    `json:"allow,omitempty"` // addresses and networks; when there are any, all others are refused
	Deny        []string    `json:"deny,omitempty"`  // addresses and networks that are refused, before Allow is asked
	Rate        RateLimit   `json:"rate,omitzero"`   // of one client
	Auth        []BasicUser `json:"auth,omitempty"`  // when there are any, a name and a password are asked for
	Maintenance Maintenance `json:"maintenance,omitzero"`

	RequestHeaders  []HeaderRule `json:"request_headers,omitempty"`
	ResponseHeaders []HeaderRule `json:"response_headers,omitempty"`
	MaxBody         Bytes        `json:"max_body,omitempty"`         // of a request; 0 is no limit
	ResponseTimeout Duration     `json:"response_timeout,omitempty"` // for the head of a response; 0 takes the gateway's 2m
	IdleTimeout     Duration     `json:"idle_timeout,omitempty"`     // between two pieces of a response, and of a WebSocket; 0 takes 1h
	Paths           []PathRule   `json:"paths,omitempty"`            // the longest prefix that matches counts
	Redirects       []Redirect   `json:"redirects,omitempty"`        // the first that matches counts
	Compress        bool         `json:"compress,omitempty"`         // text that an instance sends uncompressed

	Protocol Protocol `json:"protocol,omitempty"`
	Balance  Balance  `json:"balance,omitempty"`
	Affinity bool     `json:"affinity,omitempty"` // a visitor stays with one instance, by a cookie
	Eject    Ejection `json:"eject,omitzero"`

	StickyVersion bool   `json:"sticky_version,omitempty"` // a visitor stays with one version while several share the requests
	VersionHeader string `json:"version_header,omitempty"` // name of a request field whose value forces a version; "" for none
}

// IsZero reports whether r lets everybody in and changes nothing.
func (r Rules) IsZero() bool { return reflect.ValueOf(r).IsZero() || r.Equal(Rules{}) }

// Equal reports whether r and o say the same: an empty list says as much as none.
func (r Rules) Equal(o Rules) bool { return bytes.Equal(r.encoded(), o.encoded()) }

func (r Rules) encoded() []byte {
	type plain Rules // without IsZero
	data, err := json.Marshal(plain(r))
	if err != nil {
		panic(err) // these always marshal
	}
	return data
}

// RateLimit is how many requests one client may make: Requests in Per on average, Burst at once. 0 requests is no limit.
type RateLimit struct {
	Requests int      `json:"requests,omitempty"`
	Per      Duration `json:"per,omitempty"`   // 1s to 1h; 0 is 1s
	Burst    int      `json:"burst,omitempty"` // 0 is Requests
}

// BasicUser may pass a basic authentication. Hash is of the password, by service.HashPreviewPassword; the password
// itself is kept nowhere.
type BasicUser struct {
	Name string `json:"name"`
	Hash string `json:"hash"`
}

// Maintenance shows visitors a page instead of the app.
type Maintenance struct {
	On    bool     `json:"on,omitempty"`
	Text  string   `json:"text,omitempty"`  // what the page says beside the standard words
	Allow []string `json:"allow,omitempty"` // addresses and networks that reach the app all the same
}

// HeaderRule sets a header field, or removes it when Value is "".
type HeaderRule struct {
	Name  string `json:"name"`
	Value string `json:"value,omitempty"`
}

// PathRule leads the requests below a path to another app of the same tenant.
type PathRule struct {
	Prefix string `json:"prefix"` // "/api"; matches whole segments
	AppID  string `json:"app"`
	Strip  bool   `json:"strip,omitempty"` // the other app does not see the prefix
}

// Redirect answers the requests of a path, or below it, with another address.
type Redirect struct {
	From   string `json:"from"`             // "/old"; matches whole segments
	To     string `json:"to"`               // "/new" or "https://elsewhere.example/new"; what stands behind From is appended
	Status int    `json:"status,omitempty"` // 301, 302, 307, 308; 0 is 302
}

// Protocol is what instances speak with the gateway.
type Protocol string

// The protocols. gRPC is h2c.
const (
	ProtocolHTTP1 Protocol = ""    // HTTP/1.1
	ProtocolH2C   Protocol = "h2c" // HTTP/2 without TLS, as gRPC servers have it
)

// Balance is how the gateway chooses among the instances of a version.
type Balance string

// The ways to choose.
const (
	BalanceRoundRobin    Balance = ""               // in turn
	BalanceLeastRequests Balance = "least_requests" // the one with the fewest requests under way
	BalanceLoad          Balance = "load"           // by weight: the faster one answers, the more it gets
)

// Ejection leaves an instance out that keeps failing, and lets it return slowly. Failures of 0 takes the defaults:
// 5 in a row, for 10s, doubled each time up to 5m, and 10s until it has its full share again.
type Ejection struct {
	Failures int      `json:"failures,omitempty"` // in a row: broken connections and answers 502, 503, 504
	For      Duration `json:"for,omitempty"`
	Return   Duration `json:"return,omitempty"` // over which its share grows from nothing to full
}

// The bounds of rules.
const (
	maxNetworks = 1000
	maxRules    = 100
	maxText     = 2000
)

// previewHash is bcrypt of a cost that no gateway is held up by.
var previewHash = regexp.MustCompile(`^\$2[aby]\$(0[4-9]|1[0-2])\$[./A-Za-z0-9]{53}$`)

// PreviewKey is what is hashed of a password of BasicUser: bcrypt takes 72 bytes, so that a longer one is made shorter.
func PreviewKey(password []byte) []byte {
	if len(password) <= 72 {
		return password
	}
	sum := sha256.Sum256(password)
	return base64.StdEncoding.AppendEncode(nil, sum[:])
}

var headerName = regexp.MustCompile(`^[A-Za-z0-9!#$%&'*+.^_|~-]{1,128}$`)

// Validate reports every fault of r. Errors: EINVALID at the fields, as JSON has them.
func (r Rules) Validate() error {
	var f Faults
	validateNetworks(&f, "allow", r.Allow)
	validateNetworks(&f, "deny", r.Deny)
	validateNetworks(&f, "maintenance.allow", r.Maintenance.Allow)
	if len(r.Maintenance.Text) > maxText {
		f.Add("maintenance.text", "error.text_long", "max", itoa(maxText))
	}
	f.Merge("rate", r.Rate.Validate())
	r.validateUsers(&f)
	validateHeaders(&f, "request_headers", r.RequestHeaders)
	validateHeaders(&f, "response_headers", r.ResponseHeaders)
	if r.MaxBody < 0 || r.MaxBody > MaxMemory {
		f.Add("max_body", "error.size_range", "min", "0", "max", MaxMemory.Human())
	}
	durationBetween(&f, "response_timeout", r.ResponseTimeout, time.Second, time.Hour)
	durationBetween(&f, "idle_timeout", r.IdleTimeout, time.Second, 24*time.Hour)
	r.validatePaths(&f)
	r.validateRedirects(&f)
	r.validateChoice(&f)
	return f.Err()
}

// durationBetween allows 0, which takes a default.
func durationBetween(f *Faults, field string, d Duration, min, max time.Duration) {
	if d != 0 && (time.Duration(d) < min || time.Duration(d) > max) {
		f.Add(field, "error.duration_range", "min", min.String(), "max", max.String())
	}
}

// ParseNetwork reads an address or a network: "192.0.2.7", "192.0.2.0/24", "2001:db8::/32".
func ParseNetwork(s string) (netip.Prefix, error) {
	if p, err := netip.ParsePrefix(s); err == nil {
		return p.Masked(), nil
	}
	a, err := netip.ParseAddr(s)
	if err != nil || a.Zone() != "" {
		return netip.Prefix{}, Invalid("network", "error.network_malformed", "network", s)
	}
	return netip.PrefixFrom(a.Unmap(), a.Unmap().BitLen()), nil
}

func validateNetworks(f *Faults, field string, networks []string) {
	if len(networks) > maxNetworks {
		f.Add(field, "error.entries_many", "max", itoa(maxNetworks))
		return
	}
	for _, n := range networks {
		if _, err := ParseNetwork(n); err != nil {
			f.Add(field, "error.network_malformed", "network", n)
			return
		}
	}
}

// Validate reports every fault of l. Errors: EINVALID at "requests", "per", "burst".
func (l RateLimit) Validate() error {
	var f Faults
	if l.Requests < 0 || l.Requests > 1_000_000 {
		f.Add("requests", "error.number_range", "min", "0", "max", "1000000")
	}
	if l.Burst < 0 || l.Burst > 1_000_000 {
		f.Add("burst", "error.number_range", "min", "0", "max", "1000000")
	}
	durationBetween(&f, "per", l.Per, time.Second, time.Hour)
	return f.Err()
}

func (r Rules) validateUsers(f *Faults) {
	seen := map[string]bool{}
	for _, u := range r.Auth {
		switch {
		case len(r.Auth) > maxRules:
			f.Add("auth", "error.entries_many", "max", itoa(maxRules))
			return
		case u.Name == "" || len(u.Name) > 64 || strings.ContainsFunc(u.Name, func(c rune) bool { return c <= ' ' || c == ':' || c == 0x7f }):
			f.Add("auth."+u.Name, "error.auth_name")
		case seen[u.Name]:
			f.Add("auth."+u.Name, "error.auth_twice", "name", u.Name)
		case u.Hash == "":
			f.Add("auth."+u.Name, "error.auth_password")
		case !previewHash.MatchString(u.Hash):
			f.Add("auth."+u.Name, "error.auth_hash", "name", u.Name)
		}
		seen[u.Name] = true
	}
}

// ownFields are header fields that are the gateway's business: who sets them could have two servers read one message
// differently, or say where a request came from.
var ownFields = map[string]bool{
	"host": true, "connection": true, "content-length": true, "transfer-encoding": true, "upgrade": true, "te": true,
	"trailer": true, "keep-alive": true, "proxy-connection": true, "expect": true, "forwarded": true, "x-real-ip": true,
	"content-encoding": true, "date": true,
}

func validateHeaders(f *Faults, field string, rules []HeaderRule) {
	if len(rules) > maxRules {
		f.Add(field, "error.entries_many", "max", itoa(maxRules))
		return
	}
	for i, h := range rules {
		at, name := field+"."+itoa(i), strings.ReplaceAll(strings.ToLower(h.Name), "_", "-")
		switch {
		case !headerName.MatchString(h.Name):
			f.Add(at, "error.header_name", "name", h.Name)
		case ownFields[name] || strings.HasPrefix(name, "x-forwarded"):
			f.Add(at, "error.header_own", "name", h.Name)
		case len(h.Value) > 4096 || strings.ContainsFunc(h.Value, func(c rune) bool { return c < ' ' && c != '\t' || c == 0x7f }):
			f.Add(at, "error.header_value", "name", h.Name)
		}
	}
}

func (r Rules) validatePaths(f *Faults) {
	seen := map[string]bool{}
	for i, p := range r.Paths {
		at := "paths." + itoa(i)
		switch {
		case i >= maxRules:
			f.Add("paths", "error.entries_many", "max", itoa(maxRules))
			return
		case !validPrefix(p.Prefix):
			f.Add(at, "error.path_prefix")
		case seen[p.Prefix]:
			f.Add(at, "error.path_twice", "path", p.Prefix)
		case ValidateSlug("app", p.AppID) != nil:
			f.Add(at, "error.path_app")
		}
		seen[p.Prefix] = true
	}
}

func (r Rules) validateRedirects(f *Faults) {
	for i, d := range r.Redirects {
		at := "redirects." + itoa(i)
		switch {
		case i >= maxRules:
			f.Add("redirects", "error.entries_many", "max", itoa(maxRules))
			return
		case !validPrefix(d.From):
			f.Add(at, "error.path_prefix")
		case !validRedirectTo(d.To):
			f.Add(at, "error.redirect_to")
		case d.Status != 0 && d.Status != 301 && d.Status != 302 && d.Status != 307 && d.Status != 308:
			f.Add(at, "error.redirect_status")
		}
	}
}

// validPrefix takes an absolute path without a query, white space or anything that a server might read as another.
func validPrefix(p string) bool {
	return validHealthPath(p) && !strings.ContainsAny(p, "?%") && !strings.Contains(p, "//") &&
		!strings.Contains(p+"/", "/../") && !strings.Contains(p+"/", "/./")
}

func validRedirectTo(to string) bool {
	for _, scheme := range []string{"https://", "http://"} {
		if rest, ok := strings.CutPrefix(to, scheme); ok {
			host, path, _ := strings.Cut(rest, "/")
			name, port, hasPort := strings.Cut(host, ":")
			n, err := strconv.Atoi(port)
			return ValidateDomain("to", name) == nil && (!hasPort || err == nil && n > 0 && n < 1<<16) && validHealthPath("/"+path)
		}
	}
	return validHealthPath(to)
}

func (r Rules) validateChoice(f *Faults) {
	if r.Protocol != ProtocolHTTP1 && r.Protocol != ProtocolH2C {
		f.Add("protocol", "error.protocol")
	}
	if r.Balance != BalanceRoundRobin && r.Balance != BalanceLeastRequests && r.Balance != BalanceLoad {
		f.Add("balance", "error.balance")
	}
	if r.Eject.Failures < 0 || r.Eject.Failures > 1000 {
		f.Add("eject.failures", "error.number_range", "min", "0", "max", "1000")
	}
	durationBetween(f, "eject.for", r.Eject.For, time.Second, time.Hour)
	durationBetween(f, "eject.return", r.Eject.Return, time.Second, time.Hour)
	if name := strings.ToLower(r.VersionHeader); name != "" && (!headerName.MatchString(name) || ownFields[name]) {
		f.Add("version_header", "error.header_name", "name", r.VersionHeader)
	}
}

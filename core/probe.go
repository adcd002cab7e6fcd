package core

import (
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Probe is one question to an instance, and what a good answer to it is.
type Probe struct {
	Kind    ProbeKind `json:"kind,omitempty"`    // "" is http where there is a Path, else auto
	Path    string    `json:"path,omitempty"`    // http: an absolute path
	Status  string    `json:"status,omitempty"`  // http: "200", "200-299,304"; "" is 200-399
	Text    string    `json:"text,omitempty"`    // http: has to be in the first MaxHealthBody of the answer
	Service string    `json:"service,omitempty"` // grpc: the service asked about; "" is the whole server
}

// ProbeKind says how an instance is asked.
type ProbeKind string

// How an instance can be asked.
const (
	ProbeAuto  ProbeKind = "auto"  // by HTTP at AutoPath when it answers there, else by TCP
	ProbeHTTP  ProbeKind = "http"  // GET
	ProbeTCP   ProbeKind = "tcp"   // it accepts a connection
	ProbeGRPC  ProbeKind = "grpc"  // grpc.health.v1.Health/Check
	ProbeImage ProbeKind = "image" // the image's own check, which the engine carries out
)

// ProbeKinds are all of them, the default first.
var ProbeKinds = []ProbeKind{ProbeAuto, ProbeHTTP, ProbeTCP, ProbeGRPC, ProbeImage}

// AutoPath is where ProbeAuto asks.
const AutoPath = "/_ping"

// DefaultStatus is what ProbeHTTP takes for a good answer unless it is told otherwise.
const DefaultStatus = "200-399"

func (p Probe) withDefaults() Probe {
	if p.Kind == "" {
		p.Kind = ProbeAuto
		if p.Path != "" {
			p.Kind = ProbeHTTP
		}
	}
	return p
}

const maxProbeText = 1024

var grpcServicePattern = regexp.MustCompile(`^[A-Za-z0-9_./-]{0,255}$`)

// Validate reports every fault of p. Errors: EINVALID at "kind", "path", "status", "text", "service".
func (p Probe) Validate() error {
	var f Faults
	switch p.Kind {
	case ProbeHTTP:
		if !validHealthPath(p.Path) {
			f.Add("path", "error.health_path")
		}
		if _, err := ParseStatuses(p.Status); err != nil {
			f.Merge("", err)
		}
		if len(p.Text) > maxProbeText || !utf8.ValidString(p.Text) || strings.ContainsFunc(p.Text, unicode.IsControl) {
			f.Add("text", "error.health_text", "max", itoa(maxProbeText))
		}
		return f.Err()
	case ProbeGRPC:
		if !grpcServicePattern.MatchString(p.Service) {
			f.Add("service", "error.health_service")
		}
	case ProbeAuto, ProbeTCP, ProbeImage:
	default:
		f.Add("kind", "error.health_kind")
	}
	if p.Status != "" {
		f.Add("status", "error.health_http_only")
	}
	if p.Text != "" {
		f.Add("text", "error.health_http_only")
	}
	if p.Service != "" && p.Kind != ProbeGRPC {
		f.Add("service", "error.health_grpc_only")
	}
	return f.Err()
}

func validHealthPath(p string) bool {
	if !strings.HasPrefix(p, "/") || strings.HasPrefix(p, "//") || len(p) > 1024 ||
		strings.ContainsFunc(p, func(r rune) bool { return r <= ' ' || r == 0x7f || r == '\\' || r == '#' }) {
		return false
	}
	u, err := url.ParseRequestURI(p)
	return err == nil && u.Host == "" && u.Scheme == ""
}

// StatusRange is from one HTTP status to another, both included.
type StatusRange struct{ From, To int }

const maxStatusRanges = 10

// ParseStatuses reads "200", "200-299" or several of them with commas between; "" is DefaultStatus. Errors: EINVALID
// at "status".
func ParseStatuses(text string) ([]StatusRange, error) {
	if text == "" {
		text = DefaultStatus
	}
	var ranges []StatusRange
	for part := range strings.SplitSeq(text, ",") {
		from, to, isRange := strings.Cut(strings.TrimSpace(part), "-")
		if !isRange {
			to = from
		}
		a, errA := strconv.Atoi(from)
		b, errB := strconv.Atoi(to)
		if errA != nil || errB != nil || a < 100 || b > 599 || a > b || len(from) != 3 || len(to) != 3 || len(ranges) == maxStatusRanges {
			return nil, Invalid("status", "error.health_status")
		}
		ranges = append(ranges, StatusRange{a, b})
	}
	return ranges, nil
}

// Takes reports whether an HTTP status is a good answer.
func (p Probe) Takes(status int) bool {
	ranges, err := ParseStatuses(p.Status)
	for _, r := range ranges {
		if err == nil && r.From <= status && status <= r.To {
			return true
		}
	}
	return false
}

// String words p for differences, the audit and the API: "http /up 200-299", "grpc shop.Cart".
func (p Probe) String() string {
	p = p.withDefaults()
	parts := []string{string(p.Kind)}
	for _, s := range []string{p.Path, p.Status, p.Service} {
		if s != "" {
			parts = append(parts, s)
		}
	}
	if p.Text != "" {
		parts = append(parts, strconv.Quote(p.Text))
	}
	return strings.Join(parts, " ")
}

// Only returns p without what questions of its kind do not know, and without a kind that its path says.
func (p Probe) Only() Probe {
	switch p.withDefaults().Kind {
	case ProbeHTTP:
		p.Service = ""
		if p.Path != "" {
			p.Kind = ""
		}
		return p
	case ProbeGRPC:
		return Probe{Kind: p.Kind, Service: p.Service}
	case ProbeAuto:
		return Probe{}
	}
	return Probe{Kind: p.Kind}
}

package core

import (
	"net/url"
	"strings"
	"time"
)

// HealthCheck says how an instance is asked, from outside, whether it is well.
type HealthCheck struct {
	Kind     string   `json:"kind,omitempty"`     // "tcp" or "http"; "" means tcp
	Path     string   `json:"path,omitempty"`     // for http: an absolute path
	Interval Duration `json:"interval,omitempty"` // between questions; default 5s
	Timeout  Duration `json:"timeout,omitempty"`  // of one answer, at most 5s; default 2s
	Grace    Duration `json:"grace,omitempty"`    // for the first good answer after the start; default 60s
	Failures int      `json:"failures,omitempty"` // in a row until an instance counts as not well; default 3
}

// Duration is a time.Duration that is a string in JSON ("5s").
type Duration time.Duration

// MaxHealthBody is how much of an answer is read. More is cut off.
const MaxHealthBody = 64 * KiB

// WithDefaults fills what is not set.
func (h HealthCheck) WithDefaults() HealthCheck {
	if h.Kind == "" {
		h.Kind = "tcp"
		if h.Path != "" {
			h.Kind = "http"
		}
	}
	setDuration(&h.Interval, 5*time.Second)
	setDuration(&h.Timeout, 2*time.Second)
	setDuration(&h.Grace, 60*time.Second)
	if h.Failures == 0 {
		h.Failures = 3
	}
	return h
}

func setDuration(d *Duration, v time.Duration) {
	if *d == 0 {
		*d = Duration(v)
	}
}

// Validate reports every fault of h. Errors: EINVALID at "kind", "path", "interval", "timeout", "grace", "failures".
func (h HealthCheck) Validate() error {
	var f Faults
	h = h.WithDefaults()
	if h.Kind != "tcp" && h.Kind != "http" {
		f.Add("kind", "error.health_kind")
	}
	if h.Kind == "http" && !validHealthPath(h.Path) {
		f.Add("path", "error.health_path")
	}
	between := func(field string, d Duration, min, max time.Duration) {
		if time.Duration(d) < min || time.Duration(d) > max {
			f.Add(field, "error.duration_range", "min", min.String(), "max", max.String())
		}
	}
	between("interval", h.Interval, time.Second, time.Hour)
	between("timeout", h.Timeout, 100*time.Millisecond, 5*time.Second)
	between("grace", h.Grace, time.Second, time.Hour)
	if h.Failures < 1 || h.Failures > 100 {
		f.Add("failures", "error.number_range", "min", "1", "max", "100")
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

// HealthResult is what asking an instance has given so far.
type HealthResult struct {
	Asked    int  // since it was started
	Answered bool // it counts as well: it has answered, and did not fail as often in a row as the check allows
	Failures int  // bad answers in a row
	Problem  Text // why the last answer was bad
	Latency  time.Duration
	At       time.Time
}

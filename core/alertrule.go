package core

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// AlertRule says when people are told that something is wrong with a tenant's apps.
type AlertRule struct {
	ID        string // of the tenant; those of DefaultAlertRules begin with "default-"
	TenantID  string
	AppID     string // "" for every app of the tenant
	Kind      AlertKind
	Metric    Metric   // of AlertMetrics; of AlertMetric
	Below     bool     // it holds below Threshold instead of above; of AlertMetric
	Threshold float64  // in the unit of the metric; percent of AlertQuota, days of AlertCertificate, lines of AlertLogs
	Query     string   // words that a line has; of AlertLogs
	Window    Duration // of AlertMetric the mean of it is taken, of AlertLogs lines are counted in it
	For       Duration // how long it has to hold before people are told, and not to hold before it is over
	Repeat    Duration // after which people are told again while it holds; 0 tells them once
	Severity  AlertSeverity
	Channels  []string // ids of the channels that are told; none for all
	Off       bool
	Author    string
	CreatedAt time.Time
}

// AlertKind says what a rule looks at.
type AlertKind string

// The kinds of rules.
const (
	AlertMetric      AlertKind = "metric"      // a metric of an app
	AlertHealth      AlertKind = "health"      // an app that does not run and does not heal by itself
	AlertCertificate AlertKind = "certificate" // a certificate that ends soon
	AlertQuota       AlertKind = "quota"       // how much of its quota a tenant uses
	AlertLogs        AlertKind = "logs"        // lines that an app writes
)

// AlertKinds are all of them.
var AlertKinds = []AlertKind{AlertMetric, AlertHealth, AlertCertificate, AlertQuota, AlertLogs}

// AlertSeverity says how much an alert matters.
type AlertSeverity string

// The severities.
const (
	AlertWarning  AlertSeverity = "warning"
	AlertCritical AlertSeverity = "critical"
)

// Metrics that are made of others for alerts, in percent.
const (
	MetricErrorShare  Metric = "error_share"  // of the requests of an app: those that failed
	MetricCPUShare    Metric = "cpu_share"    // of what the instances of an app may take
	MetricMemoryShare Metric = "memory_share" // of what the instances of an app may take
)

// AlertMetrics are those that rules can look at.
var AlertMetrics = []Metric{MetricErrorShare, MetricErrors, MetricLatency, MetricRequests, MetricConcurrency, MetricCPUShare, MetricCPU,
	MetricMemoryShare, MetricMemory, MetricRestarts, MetricReady, MetricProcesses, MetricNetIn, MetricNetOut, MetricDiskRead,
	MetricDiskWrite}

// IsShare reports whether m is a percentage.
func (m Metric) IsShare() bool {
	return m == MetricErrorShare || m == MetricCPUShare || m == MetricMemoryShare
}

// AlertEvery is how often rules are looked at.
const AlertEvery = 15 * time.Second

// MaxAlertRules is how many rules a tenant may have besides the default ones, and how many channels.
const MaxAlertRules = 100

// DefaultAlertRules are the rules that every tenant has from the start. A rule of the tenant with the id of one is in
// its place.
func DefaultAlertRules(tenantID string) []AlertRule {
	rules := []AlertRule{
		{ID: "default-health", Kind: AlertHealth, For: minutes(1), Severity: AlertCritical},
		{ID: "default-errors", Kind: AlertMetric, Metric: MetricErrorShare, Threshold: 5, Window: minutes(5), For: minutes(2), Severity: AlertCritical},
		{ID: "default-memory", Kind: AlertMetric, Metric: MetricMemoryShare, Threshold: 90, Window: minutes(5), For: minutes(5), Severity: AlertWarning},
		{ID: "default-certificate", Kind: AlertCertificate, Threshold: 14, For: Duration(AlertEvery), Severity: AlertWarning},
		{ID: "default-quota", Kind: AlertQuota, Threshold: 90, For: minutes(10), Severity: AlertWarning},
	}
	for i := range rules {
		rules[i].TenantID, rules[i].Repeat = tenantID, Duration(12*time.Hour)
	}
	return rules
}

// MergeAlertRules returns the rules of a tenant: the default ones, each as the tenant has it, and those that it wrote.
func MergeAlertRules(tenantID string, own []AlertRule) []AlertRule {
	rules := DefaultAlertRules(tenantID)
	for _, r := range own {
		at := slices.IndexFunc(rules, func(d AlertRule) bool { return d.ID == r.ID })
		if at < 0 {
			rules = append(rules, r)
		} else {
			rules[at] = r
		}
	}
	return rules
}

func minutes(n int) Duration { return Duration(time.Duration(n) * time.Minute) }

// Default reports whether r is one of DefaultAlertRules, or in the place of one.
func (r AlertRule) Default() bool { return strings.HasPrefix(r.ID, "default-") }

// Validate reports every fault of r by itself. Errors: EINVALID at the JSON names of the fields.
func (r AlertRule) Validate() error {
	var f Faults
	if !slices.Contains(AlertKinds, r.Kind) {
		f.Add("kind", "error.alert_kind")
	}
	if r.Kind == AlertMetric && !slices.Contains(AlertMetrics, r.Metric) {
		f.Add("metric", "error.metric_unknown", "metric", string(r.Metric))
	}
	r.validateThreshold(&f)
	if r.Kind == AlertMetric || r.Kind == AlertLogs {
		between(&f, "window", r.Window, AlertEvery, 24*time.Hour)
	}
	if r.Kind == AlertLogs && (r.Query == "" || utf8.RuneCountInString(r.Query) > 200 || strings.ContainsFunc(r.Query, unprintable)) {
		f.Add("query", "error.alert_query")
	}
	if r.Kind == AlertQuota && r.AppID != "" {
		f.Add("kind", "error.alert_quota_app")
	}
	between(&f, "for", r.For, AlertEvery, 24*time.Hour)
	if r.Repeat != 0 {
		between(&f, "repeat", r.Repeat, 5*time.Minute, 30*24*time.Hour)
	}
	if r.Severity != AlertWarning && r.Severity != AlertCritical {
		f.Add("severity", "error.alert_severity")
	}
	return f.Err()
}

func unprintable(r rune) bool { return r == utf8.RuneError || !unicode.IsPrint(r) }

func (r AlertRule) validateThreshold(f *Faults) {
	if r.Kind == AlertHealth {
		return
	}
	switch {
	case math.IsNaN(r.Threshold) || math.IsInf(r.Threshold, 0) || r.Threshold <= 0 || r.Threshold > 1e15:
		f.Add("threshold", "error.alert_threshold")
	case (r.Kind == AlertQuota || r.Kind == AlertMetric && r.Metric.IsShare()) && (r.Threshold > 100 || r.Threshold == 100 && !r.Below):
		f.Add("threshold", "error.alert_share")
	case r.Kind == AlertLogs && (r.Threshold > 1000 || r.Threshold != math.Trunc(r.Threshold)):
		f.Add("threshold", "error.number_range", "min", "1", "max", "1000")
	case r.Kind == AlertCertificate && r.Threshold > 90:
		f.Add("threshold", "error.number_range", "min", "1", "max", "90")
	}
}

func between(f *Faults, field string, d Duration, least, most time.Duration) {
	if time.Duration(d) < least || time.Duration(d) > most {
		f.Add(field, "error.duration_range", "min", short(Duration(least)), "max", short(Duration(most)))
	}
}

// Normal returns r without what its kind does not look at.
func (r AlertRule) Normal() AlertRule {
	if r.Kind != AlertMetric {
		r.Metric, r.Below = "", false
	}
	if r.Kind != AlertMetric && r.Kind != AlertLogs {
		r.Window = 0
	}
	if r.Kind != AlertLogs {
		r.Query = ""
	}
	if r.Kind == AlertHealth {
		r.Threshold = 0
	}
	return r
}

// Repeats reports whether r and o hold for the same, so that people would be told twice.
func (r AlertRule) Repeats(o AlertRule) bool {
	return r.Kind == o.Kind && r.AppID == o.AppID && r.Metric == o.Metric && r.Below == o.Below && r.Threshold == o.Threshold && r.Query == o.Query
}

// Contradicts reports whether r and o are two bounds of one metric of which one is always broken.
func (r AlertRule) Contradicts(o AlertRule) bool {
	if r.Kind != AlertMetric || o.Kind != AlertMetric || r.Off || o.Off || r.Metric != o.Metric || r.Below == o.Below ||
		r.AppID != o.AppID && r.AppID != "" && o.AppID != "" {
		return false
	}
	above, below := r, o
	if r.Below {
		above, below = o, r
	}
	return above.Threshold < below.Threshold
}

// Text says when r holds, in a sentence.
func (r AlertRule) Text() Text {
	switch r.Kind {
	case AlertMetric:
		bound := "above"
		if r.Below {
			bound = "below"
		}
		return T("alert.rule_"+string(r.Metric)+"_"+bound, "value", MetricText(r.Metric, r.Threshold), "for", short(r.For), "window", short(r.Window))
	case AlertLogs:
		return T("alert.rule_logs", "value", plain(r.Threshold), "query", r.Query, "window", short(r.Window), "for", short(r.For))
	}
	return T("alert.rule_"+string(r.Kind), "value", plain(r.Threshold), "for", short(r.For))
}

// MetricText writes a value of a metric with its unit.
func MetricText(m Metric, v float64) string {
	switch {
	case m.IsShare():
		return plain(v) + "%"
	case m == MetricMemory:
		return Bytes(v).Human()
	case m.isSize():
		return Bytes(v).Human() + "/s"
	case m == MetricLatency:
		return plain(v*1000) + " ms"
	case m == MetricRequests || m == MetricErrors:
		return plain(v) + "/s"
	}
	return plain(v)
}

// plain writes a number with three significant digits, and all of those before the point.
func plain(v float64) string {
	if math.Abs(v) >= 100 {
		return strconv.FormatFloat(v, 'f', 0, 64)
	}
	return strconv.FormatFloat(v, 'g', 3, 64)
}

// short writes a duration in whole units: "1 h 30 min", "15 s".
func short(d Duration) string {
	var parts []string
	left := time.Duration(d)
	for _, u := range []struct {
		size time.Duration
		name string
	}{{24 * time.Hour, "d"}, {time.Hour, "h"}, {time.Minute, "min"}, {time.Second, "s"}} {
		if n := left / u.size; n > 0 {
			parts = append(parts, itoa(int(n))+" "+u.name)
			left -= n * u.size
		}
	}
	if len(parts) == 0 {
		return "0 s"
	}
	return strings.Join(parts, " ")
}

// ParseThreshold reads what a person writes as the bound of a rule: a number, for sizes with a unit (256MiB), for response
// times in milliseconds, shares in percent. Errors: EINVALID at "threshold".
func ParseThreshold(kind AlertKind, m Metric, text string) (float64, error) {
	text = strings.TrimSpace(text)
	number := strings.TrimSpace(strings.TrimSuffix(strings.TrimSuffix(strings.TrimSuffix(text, "%"), "/s"), "ms"))
	if kind == AlertMetric && m.isSize() {
		if size, err := ParseBytes(strings.ReplaceAll(number, " ", "")); err == nil {
			return float64(size), nil
		}
	}
	v, err := strconv.ParseFloat(number, 64)
	if err != nil {
		return 0, Invalid("threshold", "error.alert_threshold")
	}
	if kind == AlertMetric && m == MetricLatency {
		v /= 1000
	}
	return v, nil
}

// ThresholdText is what ParseThreshold reads.
func (r AlertRule) ThresholdText() string {
	switch {
	case r.Kind == AlertMetric && r.Metric.isSize():
		return Bytes(r.Threshold).String()
	case r.Kind == AlertMetric && r.Metric == MetricLatency:
		return strconv.FormatFloat(r.Threshold*1000, 'f', -1, 64)
	}
	return strconv.FormatFloat(r.Threshold, 'f', -1, 64)
}

func (m Metric) isSize() bool {
	return m == MetricMemory || m == MetricNetIn || m == MetricNetOut || m == MetricDiskRead || m == MetricDiskWrite
}

package core

import (
	"math"
	"slices"
	"strconv"
)

// ScaleMetric names what a ScaleRule looks at.
type ScaleMetric string

// The metrics of rules. Besides them a rule may look at the Metrics of an app and its instances, in their own units; of
// an instance it looks at the mean of all.
const (
	ScaleCPU         ScaleMetric = "cpu"            // percent of what an instance may take, of one core when it may take all
	ScaleMemory      ScaleMetric = "memory"         // percent of what an instance may take
	ScaleRequests    ScaleMetric = "requests"       // a second and instance
	ScaleTotal       ScaleMetric = "total_requests" // a second, of all instances together
	ScaleConcurrency ScaleMetric = "concurrency"    // requests under way, an instance
	ScaleLatency     ScaleMetric = "latency"        // milliseconds within which 95 of 100 requests are answered
)

// ScaleMetrics are all that rules may look at, in the order in which they are offered.
var ScaleMetrics = []ScaleMetric{ScaleCPU, ScaleMemory, ScaleRequests, ScaleTotal, ScaleConcurrency, ScaleLatency,
	ScaleMetric(MetricErrors), ScaleMetric(MetricNetIn), ScaleMetric(MetricNetOut), ScaleMetric(MetricDiskRead),
	ScaleMetric(MetricDiskWrite), ScaleMetric(MetricProcesses), ScaleMetric(MetricRestarts)}

// Valid reports whether m is one of ScaleMetrics: not what the scaling itself decides, nor what is a host's.
func (m ScaleMetric) Valid() bool { return slices.Contains(ScaleMetrics, m) }

// Divides reports whether twice the instances have half of it each, under the same load.
func (m ScaleMetric) Divides() bool {
	switch m {
	case ScaleTotal, ScaleLatency, ScaleMetric(MetricErrors), ScaleMetric(MetricRestarts):
		return false
	}
	return true
}

// Measured reports whether m comes from the engines; the others come from the gateways.
func (m ScaleMetric) Measured() bool {
	switch m {
	case ScaleRequests, ScaleTotal, ScaleConcurrency, ScaleLatency, ScaleMetric(MetricErrors):
		return false
	}
	return true
}

// bounds are what a threshold may be.
func (m ScaleMetric) bounds() (low, high float64) {
	switch m {
	case ScaleCPU, ScaleMemory:
		return 1, 100
	case ScaleLatency:
		return 1, 60_000
	case ScaleRequests, ScaleTotal, ScaleConcurrency, ScaleMetric(MetricErrors):
		return 0.01, 10_000_000
	}
	return 0.01, 1e15
}

// CheckLimit reports a threshold that no value of m can be meant by. Errors: EINVALID.
func (m ScaleMetric) CheckLimit(v float64) error {
	low, high := m.bounds()
	if v >= low && v <= high { // NaN is in no range
		return nil
	}
	return Errorf(EINVALID, "error.scaling_threshold", "min", number64(low), "max", number64(high))
}

// Amount words a value with its unit: "82%", "25", "180 ms", "1.2 MB".
func (m ScaleMetric) Amount(v float64) string {
	switch {
	case m == ScaleCPU || m == ScaleMemory:
		return digits(v) + "%"
	case m == ScaleLatency:
		return digits(v) + " ms"
	case m.InBytes():
		return Bytes(v).Human()
	}
	return digits(v)
}

// Typed is how a person types a value of m: "70", "1.5 MB".
func (m ScaleMetric) Typed(v float64) string {
	if !m.InBytes() {
		return number64(v)
	}
	if b := Bytes(v); float64(b) == v {
		if exact, err := ParseBytes(b.Human()); err == nil && exact == b {
			return b.Human()
		}
		return b.String()
	}
	return number64(v)
}

// Read reads what a person typed as a value of m. Errors: EINVALID.
func (m ScaleMetric) Read(text string) (float64, error) {
	v, err := strconv.ParseFloat(text, 64)
	if err == nil && !math.IsNaN(v) && !math.IsInf(v, 0) {
		return v, nil
	}
	if m.InBytes() {
		b, err := ParseBytes(text)
		return float64(b), err
	}
	return 0, Errorf(EINVALID, "error.scaling_number", "value", text)
}

// InBytes reports whether m counts bytes.
func (m ScaleMetric) InBytes() bool {
	switch m {
	case ScaleMetric(MetricNetIn), ScaleMetric(MetricNetOut), ScaleMetric(MetricDiskRead), ScaleMetric(MetricDiskWrite):
		return true
	}
	return false
}

// digits words a number with about three significant digits.
func digits(v float64) string {
	switch a := math.Abs(v); {
	case a >= 100:
		return strconv.FormatFloat(v, 'f', 0, 64)
	case a >= 10:
		return strconv.FormatFloat(math.Round(v*10)/10, 'f', -1, 64)
	}
	return strconv.FormatFloat(math.Round(v*100)/100, 'f', -1, 64)
}

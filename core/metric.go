package core

import (
	"context"
	"slices"
	"time"
)

// Metric names something that is measured over time.
type Metric string

// The metrics. Those of an instance are sampled from its engine, those of an app from the gateways and from what is
// recorded, those of a host from the machine.
const (
	MetricCPU       Metric = "cpu"        // of an instance: cores in use
	MetricMemory    Metric = "memory"     // of an instance: bytes in use, without the cache that the kernel gives up
	MetricNetIn     Metric = "net_in"     // of an instance: bytes a second
	MetricNetOut    Metric = "net_out"    // of an instance: bytes a second
	MetricDiskRead  Metric = "disk_read"  // of an instance: bytes a second
	MetricDiskWrite Metric = "disk_write" // of an instance: bytes a second
	MetricProcesses Metric = "processes"  // of an instance: how many, threads included
	MetricRestarts  Metric = "restarts"   // of an instance: crashes since it last stayed well

	MetricRequests    Metric = "requests"    // of an app: a second
	MetricErrors      Metric = "errors"      // of an app: failed requests and answers 5xx, a second
	MetricLatency     Metric = "latency"     // of an app: 95 of 100 requests are answered within, in seconds
	MetricConcurrency Metric = "concurrency" // of an app: requests under way
	MetricReady       Metric = "ready"       // of an app: instances that answer
	MetricWanted      Metric = "wanted"      // of an app: instances that are to run

	MetricHostCPU    Metric = "host_cpu"    // of a host: cores in use
	MetricHostMemory Metric = "host_memory" // of a host: bytes in use
	MetricHostDisk   Metric = "host_disk"   // of a host: bytes in use where Berth keeps its data
)

// Metrics are all of them, in the order in which they are shown.
var Metrics = []Metric{MetricRequests, MetricErrors, MetricLatency, MetricConcurrency, MetricCPU, MetricMemory, MetricNetIn, MetricNetOut,
	MetricDiskRead, MetricDiskWrite, MetricProcesses, MetricRestarts, MetricReady, MetricWanted,
	MetricHostCPU, MetricHostMemory, MetricHostDisk}

// Valid reports whether m is one of Metrics.
func (m Metric) Valid() bool {
	return slices.Contains(Metrics, m)
}

// OfInstance reports whether m is measured at each instance. It is kept of the app too: the sum of what was measured at
// once, which goes on over releases and instances.
func (m Metric) OfInstance() bool {
	switch m {
	case MetricCPU, MetricMemory, MetricNetIn, MetricNetOut, MetricDiskRead, MetricDiskWrite, MetricProcesses, MetricRestarts:
		return true
	}
	return false
}

// OfHost reports whether m is measured of a host.
func (m Metric) OfHost() bool {
	return m == MetricHostCPU || m == MetricHostMemory || m == MetricHostDisk
}

// metricSteps are the steps of charts, the finest first.
var metricSteps = []time.Duration{MetricEvery, 15 * time.Second, time.Minute, MetricCoarse, 30 * time.Minute, 2 * time.Hour}

// MetricStep returns the finest step at which a span has at most 400 points.
func MetricStep(span time.Duration) time.Duration {
	for _, step := range metricSteps {
		if span/step <= 400 {
			return step
		}
	}
	return metricSteps[len(metricSteps)-1]
}

// MetricLabels say what was measured: an instance of an app, an app as a whole, or a host.
type MetricLabels struct {
	TenantID   string // "" for a host
	AppID      string // "" for a host
	InstanceID string // "" for an app as a whole, and for a host
	HostID     string // "" for an app as a whole
}

// MetricSample is one measurement.
type MetricSample struct {
	MetricLabels
	Metric Metric
	Value  float64 // in the unit of the metric
}

// MetricQuery asks for the past of one metric or several.
type MetricQuery struct {
	Metrics     []Metric
	TenantID    string    // whose app it is: another tenant may have had one of the same name before
	AppID       string    // of an app
	HostID      string    // of a host, when AppID is ""
	From, To    time.Time // From included, To not
	Step        time.Duration
	PerInstance bool // a series for each instance instead of one for the app
}

// MetricSeries is the past of one metric: a point a step, where anything was measured.
type MetricSeries struct {
	Metric     Metric
	InstanceID string // "" for an app as a whole, and for a host
	Points     []MetricPoint
}

// MetricPoint is what was measured in the step that begins at At.
type MetricPoint struct {
	At   time.Time
	Mean float64
	Max  float64
}

// How long samples are kept at which distance: MetricEvery for MetricFineKept, then MetricCoarse for MetricKept.
const (
	MetricEvery    = 5 * time.Second
	MetricFineKept = 48 * time.Hour
	MetricCoarse   = 5 * time.Minute
	MetricKept     = 30 * 24 * time.Hour
)

// MetricStore keeps measurements. It is not scoped: core/service checks the actor before it asks. Errors of every
// method: EUNAVAILABLE when the store is away, EINSUFFICIENT when its disk is full.
type MetricStore interface {
	// Append keeps samples that were all measured at the same time, which has to be later than that of the call before.
	// Workers alone call it.
	Append(ctx context.Context, at time.Time, samples []MetricSample) error
	// Query returns the past of metrics, in their order and by instance; no series where there is none. Steps that are
	// finer than what is kept are answered by what is kept.
	Query(ctx context.Context, q MetricQuery) ([]MetricSeries, error)
	// Forget removes everything of an app, as far as the store can: a server elsewhere may keep it for its time. Workers
	// alone call it.
	Forget(ctx context.Context, appID string) error
	// Fault returns why the last Append kept nothing, nil when it did.
	Fault() error
	Close() error
}

package core

import "time"

// Traffic tells what the gateways did.
type Traffic interface {
	// App returns the counts of an app, and of the last 60 whole seconds by second. They grow as long as the gateways
	// run that counted.
	App(appID string) TrafficCounts
}

// TrafficCounts are counts of the requests of an app.
type TrafficCounts struct {
	Requests  int64                    // begun
	Failed    int64                    // answered 502, 503 or 504 by the gateway itself, or broken off by an instance
	Recent    []int64                  // requests in each of the last 60 whole seconds, oldest first
	Total     RequestCounts            // of all requests of the app, be there an instance to answer or not
	Instances map[string]RequestCounts // by address, of the instances that are published
	Versions  map[string]RequestCounts // by label, of those published and the last few before them
	Domains   map[string]RequestCounts // by the domain of the route; those that were asked for
}

// RequestCounts are counts of the requests of one app, version, instance or domain. All but Active only grow, so that
// the difference of two is what happened between.
type RequestCounts struct {
	Requests   int64    // begun; of a version or an instance: sent there
	Failed     int64    // as in TrafficCounts
	Retried    int64    // of a version or an instance: broke off before an answer began and were sent once more, maybe elsewhere
	Unanswered int64    // the client left before an answer began
	Active     int64    // under way now
	Classes    [5]int64 // answers by the first digit of their status, 1xx to 5xx
	BytesIn    int64    // of request bodies, and from clients of WebSockets
	BytesOut   int64    // of response bodies, and to clients of WebSockets
	Latency    Latency  // of those answered, WebSockets left out
}

// LatencyBounds are the upper bounds of the buckets of Latency, in microseconds: from 100 us to 60 s, each half as
// much again as the one before, so that a quantile is off by a fifth at most. What is slower falls into a last bucket.
var LatencyBounds = latencyBounds()

// LatencyBuckets is how many buckets there are.
const LatencyBuckets = 35

// Latency is how many requests took how long, until the whole response was passed on, by the buckets of LatencyBounds.
type Latency [LatencyBuckets]int64

func latencyBounds() [LatencyBuckets - 1]int64 {
	var bounds [LatencyBuckets - 1]int64
	for i, b := 0, 100.0; i < len(bounds); i, b = i+1, b*1.5 {
		bounds[i] = int64(b)
	}
	return bounds
}

// Quantile returns the time within which the share q (0 to 1) of the requests was answered, interpolated within its
// bucket; 0 when there were none.
func (l Latency) Quantile(q float64) time.Duration {
	total := int64(0)
	for _, n := range l {
		total += n
	}
	want, below := q*float64(total), int64(0)
	for i, n := range l {
		if n == 0 || float64(below+n) < want {
			below += n
			continue
		}
		low, high := int64(0), LatencyBounds[len(LatencyBounds)-1]
		if i > 0 {
			low = LatencyBounds[i-1]
		}
		if i < len(LatencyBounds) {
			high = LatencyBounds[i]
		}
		share := (want - float64(below)) / float64(n)
		return time.Duration(float64(low)+share*float64(high-low)) * time.Microsecond
	}
	return 0
}

// Minus returns what happened between an earlier count and c; what is under way is that of c.
func (c RequestCounts) Minus(earlier RequestCounts) RequestCounts {
	c.Requests -= earlier.Requests
	c.Failed -= earlier.Failed
	c.Retried -= earlier.Retried
	c.Unanswered -= earlier.Unanswered
	c.BytesIn -= earlier.BytesIn
	c.BytesOut -= earlier.BytesOut
	for i := range c.Classes {
		c.Classes[i] -= earlier.Classes[i]
	}
	for i := range c.Latency {
		c.Latency[i] -= earlier.Latency[i]
	}
	return c
}

// Plus returns the sum of two counts, such as those of two gateways.
func (c RequestCounts) Plus(o RequestCounts) RequestCounts {
	c.Requests += o.Requests
	c.Failed += o.Failed
	c.Retried += o.Retried
	c.Unanswered += o.Unanswered
	c.Active += o.Active
	c.BytesIn += o.BytesIn
	c.BytesOut += o.BytesOut
	for i := range c.Classes {
		c.Classes[i] += o.Classes[i]
	}
	for i := range c.Latency {
		c.Latency[i] += o.Latency[i]
	}
	return c
}

// LatencyBucket returns the bucket of Latency that d falls into.
func LatencyBucket(d time.Duration) int {
	us := d.Microseconds()
	low, high := 0, len(LatencyBounds)
	for low < high {
		if mid := (low + high) / 2; us <= LatencyBounds[mid] {
			high = mid
		} else {
			low = mid + 1
		}
	}
	return low
}

// PathCount is how many requests asked for a path, as in AccessLine.
type PathCount struct {
	Path     string `json:"path"`
	Requests int64  `json:"requests"`
}

// MaxTopPaths is how many of the most frequent paths are kept of a while.
const MaxTopPaths = 10

// AppTraffic is what one gateway tells of an app.
type AppTraffic struct {
	AppID string
	TrafficCounts
	Failures []FailedRequest // the last of them, oldest first
	Slot     int64           // by PathSlotOf
	Paths    []PathCount     // the most frequent of the slot
	Before   []PathCount     // and of the slot before it
}

// PathsIn returns the most frequent paths of a slot, as far as they are told.
func (a AppTraffic) PathsIn(slot int64) []PathCount {
	switch slot {
	case a.Slot:
		return a.Paths
	case a.Slot - 1:
		return a.Before
	}
	return nil
}

// PathSlot is how long paths are counted together.
const PathSlot = 5 * time.Minute

// PathSlotOf numbers the slots.
func PathSlotOf(t time.Time) int64 { return t.Unix() / int64(PathSlot/time.Second) }

// ProcessTraffic is what one process of a gateway counted of an app. A process that ends takes its counts along, so
// who needs sums over restarts keeps the differences.
type ProcessTraffic struct {
	Process  string
	Since    time.Time // when it began
	Requests int64
	Failed   int64
	Failures []FailedRequest
}

// GatewayState is whether a gateway's counts are known.
type GatewayState struct {
	ID   string
	Away bool      // its counts cannot be read, or were not yet: what it does is missing
	Seen time.Time // when they last could; zero for never
}

// TrafficReader sums what all gateways counted.
type TrafficReader interface {
	Traffic
	// Live returns what happened in about the last ten seconds, of gateways elsewhere with a delay of two.
	Live(appID string) TrafficStep
	// Processes returns the counts of an app by process, those that have ended left out.
	Processes(appID string) []ProcessTraffic
	// Gateways returns the gateways there are, by id.
	Gateways() []GatewayState
}

package gateway

import (
	"sync/atomic"
	"time"

	"berth/core"
)

// counter counts the requests of an app, a version, an instance or a domain.
type counter struct {
	begun, failed, retried, switched, bytesIn, bytesOut atomic.Int64
	classes                                             [6]atomic.Int64 // by the first digit of the status; first those without an answer
	latency                                             [core.LatencyBuckets]atomic.Int64
}

// outcome is how an exchange ended, ready to be added to several counters.
type outcome struct {
	class   int
	bucket  int // of the latency; -1 for none
	in, out int64
}

func (c *counter) add(o *outcome) {
	c.classes[o.class].Add(1)
	if o.bucket >= 0 {
		c.latency[o.bucket].Add(1)
	}
	c.addBytes(o.in, o.out)
}

func (c *counter) addBytes(in, out int64) {
	if in > 0 {
		c.bytesIn.Add(in)
	}
	if out > 0 {
		c.bytesOut.Add(out)
	}
}

// counts reads the counter. What ends meanwhile must not make the requests under way less than none.
func (c *counter) counts() core.RequestCounts {
	r := core.RequestCounts{Failed: c.failed.Load(), Retried: c.retried.Load(), Unanswered: c.classes[0].Load(),
		BytesIn: c.bytesIn.Load(), BytesOut: c.bytesOut.Load()}
	ended := r.Unanswered + r.Retried - c.switched.Load()
	for i := range r.Classes {
		r.Classes[i] = c.classes[i+1].Load()
		ended += r.Classes[i]
	}
	for i := range r.Latency {
		r.Latency[i] = c.latency[i].Load()
	}
	r.Requests = c.begun.Load()
	r.Active = max(r.Requests-ended, 0)
	return r
}

// lazyCounter is a counter that takes no memory before it is needed: most domains are asked for rarely.
type lazyCounter struct {
	domain string
	at     atomic.Pointer[counter]
	gone   bool // no route leads there any more; guarded by the app's traffic
}

// counter returns the counter of the route's domain.
func (r *route) counter() *counter {
	if c := r.counts.at.Load(); c != nil {
		return c
	}
	r.counts.at.CompareAndSwap(nil, new(counter))
	r.app.traffic.list(r.counts)
	return r.counts.at.Load()
}

// outcomeOf sorts the end of an exchange. A status of 0 means that there was no answer.
func outcomeOf(status int, took time.Duration, in, out int64) outcome {
	o := outcome{class: status / 100, bucket: -1, in: in, out: out}
	if o.class < 0 || o.class > 5 {
		o.class = 5 // no class of HTTP's, so no success
	}
	if o.class > 1 {
		o.bucket = core.LatencyBucket(took)
	}
	return o
}

// count gives a route its counts: those of the route before it, if it led to the same app.
func (r *route) count(domain string, before *route) {
	switch {
	case before != nil && before.app == r.app:
		r.counts = before.counts
		return
	case before != nil:
		before.app.traffic.unlist(before.counts)
	}
	r.counts = &lazyCounter{domain: domain}
}

// join gives new instances the counter of their version.
func (s *instances) join(t *traffic) {
	for _, i := range s.all.list {
		if i.version == nil {
			i.version = t.version(i.Version, func(label string) bool { return s.versions[label] != nil })
		}
	}
}

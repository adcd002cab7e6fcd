package gateway

import (
	"bytes"
	"time"
)

// tally follows one exchange into the counts and the access log: note.set, begin, sent for every instance that it is
// sent to, answered, maybe switched, end. Its zero value is ready, and after end it is ready again. One goroutine uses
// it at a time. It allocates nothing, and takes no lock but that of the app's lines.
type tally struct {
	exchange
	note note
}

type exchange struct {
	route    *route // nil while no exchange is under way
	through  *route // that led to it, of another app; nil for none
	domain   *counter
	instance *instance // where it was sent last
	begun    time.Time
	status   int   // of the answer; 0 while there is none
	cause    error // why it failed; nil when it did not
	upgraded bool
	in, out  int64 // bytes of the bodies
}

// begin counts a request for a route.
func (t *tally) begin(r *route, now time.Time) {
	t.exchange = exchange{route: r, domain: r.counter(), begun: now}
	t.domain.begun.Add(1)
	r.app.traffic.count(now)
}

// led counts the request for another app as well, to which the rules of the first lead it.
func (t *tally) led(to *route, now time.Time) {
	t.through, t.route = t.route, to
	to.app.traffic.count(now)
}

// sent counts that the request went to an instance. One that it was sent to before has broken off.
func (t *tally) sent(i *instance) {
	if t.route == nil {
		return
	}
	if before := t.instance; before != nil {
		before.counts.retried.Add(1)
		before.version.retried.Add(1)
	}
	t.instance = i
	i.counts.begun.Add(1)
	i.version.begun.Add(1)
}

// answered notes the status of the final answer, an instance's or the gateway's.
func (t *tally) answered(status int) { t.status = status }

// failed counts at once that the gateway had to answer instead of an instance, or that the answer broke off.
func (t *tally) failed(cause error) {
	if t.cause == nil && t.route != nil {
		t.each(func(c *counter) { c.failed.Add(1) })
	}
	t.cause = cause
}

// switched counts an upgrade at once: its end may be hours away.
func (t *tally) switched(status int) {
	t.status, t.upgraded = status, true
	o := outcomeOf(status, 0, 0, 0)
	t.each(func(c *counter) {
		c.switched.Add(1) // before the class, so that it is never seen as ended
		c.add(&o)
	})
}

// end counts how the exchange ended at now, and has it logged. It does nothing when none is under way.
func (t *tally) end(log *accessLog, now time.Time) {
	if t.route == nil {
		return
	}
	if t.upgraded {
		t.each(func(c *counter) {
			c.addBytes(t.in, t.out)
			c.switched.Add(-1)
		})
	} else {
		o := outcomeOf(t.status, now.Sub(t.begun), t.in, t.out)
		t.each(func(c *counter) { c.add(&o) })
	}
	t.route.app.traffic.touch(now)
	if t.cause != nil {
		t.keepFailure(now)
	}
	if log.sink != nil {
		log.append(t.route.app, t, now)
		if t.through != nil {
			log.append(t.through.app, t, now)
		}
	}
	t.exchange = exchange{}
}

// each calls f with every counter that the exchange belongs to.
func (t *tally) each(f func(*counter)) {
	f(&t.route.app.traffic.total)
	if t.through != nil {
		f(&t.through.app.traffic.total)
	}
	f(t.domain)
	if i := t.instance; i != nil {
		f(&i.counts)
		f(i.version)
	}
}

// begin counts an exchange of this connection, whose head is b. Its end is to be deferred.
func (c *conn) begin(r *route, domain, b []byte) {
	var agent []byte
	for _, f := range c.req.fields {
		if f.kind == plainField && f.name.to-f.name.from == len(userAgent) && bytes.EqualFold(f.name.of(b), userAgent) {
			agent = f.value.of(b)
		}
	}
	c.upload.body.seen, c.content.seen = 0, 0
	protocol := "HTTP/1.1"
	if _, ok := c.net.(*stream); ok {
		protocol = "HTTP/2"
	} else if c.req.old {
		protocol = "HTTP/1.0"
	}
	c.tally.note.set(domain, c.peer.address, c.req.method.of(b), c.req.target.of(b), agent, protocol)
	c.tally.begin(r, c.task.clock())
}

func (c *conn) ended() {
	c.discharge()
	c.tally.in = max(c.tally.in, c.upload.body.seen)
	c.tally.out = max(c.tally.out, c.content.seen)
	c.tally.end(c.access, c.task.clock())
}

var userAgent = []byte("User-Agent")

package gateway

import (
	"bytes"
	"time"
)

// enter asks the rules of the route that was found; b is the head of the request. It returns the route that the
// request takes, or nil when the rules have answered it; again reports whether another request may follow then.
func (c *conn) enter(r *route, b []byte) (to *route, again bool) {
	if c.route, c.rules = r, r.rules; c.rules == nil {
		c.wish.gzip = false
		return r, false
	}
	return c.obey(r, b)
}

func (c *conn) obey(r *route, b []byte) (to *route, again bool) {
	c.text = b
	v := judge(r, &question{client: c.peer.ip, now: c.task.clock(), target: c.req.target.of(b), length: c.req.length, fields: c, task: c.task})
	if v.passes() {
		c.wish = c.wishes(v.route)
	}
	c.text = nil
	if v.passes() {
		if v.route != r {
			c.tally.led(v.route, c.task.clock())
		}
		c.req.target.from += v.strip
		c.route, c.rules = v.route, v.route.rules
		return v.route, false
	}
	c.in.skip(c.req.pos)
	if v.page == "" {
		return nil, c.answer(v.status, v.header, nil)
	}
	if why, ok := ruledOut[v.page]; ok {
		c.refused[why].Add(1)
	}
	return nil, c.pageWith(v.page, v.route.app.id, v.text, v.header)
}

// field implements fields.
func (c *conn) field(name string) []byte {
	for _, f := range c.req.fields {
		if n := f.name.of(c.text); len(n) == len(name) && bytes.EqualFold(n, []byte(name)) {
			return f.value.of(c.text)
		}
	}
	return nil
}

// patience is how long the exchange waits for the head of a response.
func (c *conn) patience() time.Duration {
	if c.rules != nil && c.rules.patience > 0 {
		return c.rules.patience
	}
	return c.Timeouts.Response
}

// silence is how long it waits between two pieces of one, and of a WebSocket.
func (c *conn) silence() time.Duration {
	if c.rules != nil && c.rules.silence > 0 {
		return c.rules.silence
	}
	return c.Timeouts.Silence
}

// maxBody is how long the body may be, 0 for as long as it likes.
func (c *conn) maxBody() int64 {
	if c.rules == nil {
		return 0
	}
	return c.rules.maxBody
}

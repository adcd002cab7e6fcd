package gateway

import "time"

// obey asks the rules of the route that was found, of which there are some. It returns the route that the request
// takes, or nil when it is answered; again reports whether another request may follow then.
func (c *conn) obey(r *route) (to *route, again bool) {
	v := judge(r, &question{client: c.peer.ip, now: time.Now()})
	if v.passes() {
		return v.route, false
	}
	c.in.skip(c.req.pos)
	return nil, c.pageWith(v.page, v.route.app.id, v.text, v.header)
}

package gateway

import (
	"net/netip"
	"strconv"
	"time"
)

// question is what rules look at of a request, whichever protocol it came by.
type question struct {
	client netip.Addr // the other end of the connection; never what a field says
	now    time.Time
	target []byte // path and query
	length int64  // of the body, as far as it is known beforehand
	fields fields
	task   *task // that asks; nil for a goroutine
}

// fields finds the first field of a name, which is written in lower case, and returns its value; nil when there is none.
type fields interface {
	field(name string) []byte
}

// verdict is what rules say to a request: which route it takes, or what answers it.
type verdict struct {
	route  *route
	strip  int      // so many bytes of the target are not for the instance
	page   PageKind // that answers
	status int      // of an answer without a page, else 0
	header string   // further lines of the answer
	text   string   // of the app's owner, for the page
}

func (v *verdict) passes() bool { return v.page == "" && v.status == 0 }

// judge asks the rules of a route that has some, and of the other app to which they lead. That app decides once more
// whom it lets in, and all that follows; its own paths and redirects are for its own domains.
func judge(r *route, q *question) verdict {
	v := r.admit(q)
	if !v.passes() {
		return v
	}
	if status, line := findMoved(r.rules.moved, q.target); status != 0 {
		return verdict{route: r, status: status, header: line}
	}
	if len(r.rules.paths) > 0 {
		if v = r.lead(q); !v.passes() {
			return v
		}
	}
	if s := v.route.rules; s != nil && s.maxBody > 0 && q.length > s.maxBody {
		return verdict{route: v.route, page: PageLarge}
	}
	return v
}

// lead finds the app that a path leads to.
func (r *route) lead(q *question) verdict {
	rule, length, ok := findPath(r.rules.paths, pathOf(q.target))
	switch {
	case !ok:
		return verdict{route: r, page: PageAmbiguous}
	case rule == nil:
		return verdict{route: r}
	}
	to := rule.app.main.Load()
	if to == nil {
		return verdict{route: r, page: PageUnavailable}
	}
	v := to.admit(q)
	if rule.strip {
		v.strip = length
	}
	return v
}

// admit says whether the request may come in at all.
func (r *route) admit(q *question) verdict {
	s := r.rules
	if s == nil {
		return verdict{route: r}
	}
	if s.deny.has(q.client) || s.allow != nil && !s.allow.has(q.client) {
		return verdict{route: r, page: PageForbidden}
	}
	if s.limit != nil {
		if wait := s.limit.take(q.client, q.now); wait > 0 {
			return verdict{route: r, page: PageLimited, header: retryLine(wait)}
		}
	}
	if m := s.maintenance; m != nil && !m.passes.has(q.client) {
		return verdict{route: r, page: PageMaintenance, text: m.text}
	}
	if s.door != nil {
		if page, line := s.door.ask(q.fields.field("authorization"), q); page != "" {
			return verdict{route: r, page: page, header: line}
		}
	}
	return verdict{route: r}
}

// retryLine rounds up: who comes back then is let in.
func retryLine(wait time.Duration) string {
	return "Retry-After: " + strconv.FormatInt(int64((wait+time.Second-1)/time.Second), 10) + "\r\n"
}

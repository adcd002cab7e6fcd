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
}

// verdict is what rules say to a request: which route it takes, or what answers it.
type verdict struct {
	route  *route
	page   PageKind // "" lets it pass
	header string   // further lines of the answer
	text   string   // of the app's owner, for the page
}

func (v *verdict) passes() bool { return v.page == "" }

// judge asks the rules of a route.
func judge(r *route, q *question) verdict {
	return r.admit(q)
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
	return verdict{route: r}
}

// retryLine rounds up: who comes back then is let in.
func retryLine(wait time.Duration) string {
	return "Retry-After: " + strconv.FormatInt(int64((wait+time.Second-1)/time.Second), 10) + "\r\n"
}

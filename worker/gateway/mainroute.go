package gateway

// An app's main route is the one that requests take which another app leads to it: they differ in nothing but the
// domain, save that one that leads elsewhere may have no rules.

// gain makes r a route of its app. Only the watch calls it.
func (a *app) gain(r *route) {
	r.place = len(a.routes)
	a.routes = append(a.routes, r)
	if r.rules != nil {
		a.ruled++
	}
	if main := a.main.Load(); main == nil || main.rules == nil && r.rules != nil {
		a.main.Store(r)
	}
}

// lose ends what gain began. Only the watch calls it.
func (a *app) lose(r *route) {
	last := len(a.routes) - 1
	a.routes[r.place] = a.routes[last]
	a.routes[r.place].place = r.place
	a.routes[last] = nil
	a.routes = a.routes[:last]
	if r.rules != nil {
		a.ruled--
	}
	if a.main.Load() == r {
		a.main.Store(a.another())
	}
}

func (a *app) another() *route {
	if len(a.routes) == 0 {
		return nil
	}
	for _, r := range a.routes {
		if a.ruled == 0 || r.rules != nil {
			return r
		}
	}
	return nil
}

package gateway

import (
	"math/rand/v2"
	"sync/atomic"
	"time"

	"berth/core"
)

// ejection says when an instance that keeps failing is left out, and for how long.
type ejection struct {
	failures  int32
	out, back time.Duration
}

const (
	ejectFailures = 5
	ejectFor      = 10 * time.Second
	ejectReturn   = 10 * time.Second
	ejectMost     = 5 * time.Minute
)

var usualEjection = ejection{ejectFailures, ejectFor, ejectReturn}

func newEjection(e core.Ejection) ejection {
	made := ejection{int32(e.Failures), time.Duration(e.For), time.Duration(e.Return)}
	if made.failures == 0 {
		made.failures = ejectFailures
	}
	setDefault(&made.out, ejectFor)
	setDefault(&made.back, ejectReturn)
	return made
}

// standing is what an instance's answers have been like of late.
type standing struct {
	failing atomic.Int32 // failures in a row
	times   atomic.Int32 // it was left out, without having been well in between
	ejected atomic.Int64 // until then it gets nothing; Unix nanoseconds
	full    atomic.Int64 // until then it gets less than its share
}

// held reports whether an instance that was left out goes without a request that it would get: at first without
// every one, and then its share grows.
func (s *standing) held(now int64) bool {
	from, full := s.ejected.Load(), s.full.Load()
	if now < from || now >= full {
		return now < from
	}
	return rand.Int64N(full-from) >= now-from
}

// well notes an answer as it should be.
func (s *standing) well() {
	if s.failing.Load() != 0 {
		s.failing.Store(0)
	}
	if s.times.Load() != 0 && time.Now().UnixNano() > s.full.Load() {
		s.times.Store(0)
	}
}

// failed notes that an instance of the app failed, for which nobody else is to blame, and reports whether it is left
// out for that: never so that more than half of a version's instances are.
func (a *app) failed(i *instance, e *ejection, now time.Time) bool {
	if i.standing.failing.Add(1) < e.failures {
		return false
	}
	a.ejecting.Lock()
	defer a.ejecting.Unlock()
	g, at := a.instances.Load().versions[i.Version], now.UnixNano()
	if g == nil || at < i.standing.ejected.Load() || 2*(g.ejected(at)+1) > len(g.list) {
		return false
	}
	out := min(e.out<<min(i.standing.times.Load(), 16), max(ejectMost, e.out))
	i.standing.times.Add(1)
	i.standing.failing.Store(0)
	i.standing.full.Store(now.Add(out + e.back).UnixNano())
	i.standing.ejected.Store(now.Add(out).UnixNano())
	return true
}

// ejected returns how many instances are left out at now.
func (g *group) ejected(now int64) int {
	n := 0
	for _, i := range g.list {
		if now < i.standing.ejected.Load() {
			n++
		}
	}
	return n
}

// readmit lets instances return at once where others have gone, so that no more than half of a version are left out.
func (a *app) readmit(now int64) {
	a.ejecting.Lock()
	defer a.ejecting.Unlock()
	for _, g := range a.instances.Load().versions {
		many := g.ejected(now) - len(g.list)/2
		for _, i := range g.list {
			if many > 0 && now < i.standing.ejected.Load() {
				i.standing.ejected.Store(0)
				i.standing.full.Store(0)
				many--
			}
		}
	}
}

// note tells how an instance answered: err is what awaiting the head of its response came to. What the client or this
// machine did is nobody's fault here.
func (c *conn) note(up *upstream, err error) {
	i := up.instance
	if err == nil {
		c.answeredBy()
	}
	switch {
	case err == nil && c.res.status >= 502 && c.res.status <= 504,
		err == errBroken && !up.used, // a connection that rested may have been closed in good order
		err == errBadResponse,
		err == errSlow && c.upload.overdue(c.limit):
		c.noteFailure(i)
	}
}

func (c *conn) noteFailure(i *instance) {
	e := &usualEjection
	if c.rules != nil {
		e = &c.rules.eject
	}
	if c.route.app.failed(i, e, time.Now()) {
		c.Log.Warn("instance keeps failing and is left out", "app", i.AppID, "address", i.Address.Address,
			"until", time.Unix(0, i.standing.ejected.Load()))
	}
}

// noteWell tells that a whole response came.
func (c *conn) noteWell(i *instance) {
	if c.res.status < 502 || c.res.status > 504 {
		i.standing.well()
	}
}

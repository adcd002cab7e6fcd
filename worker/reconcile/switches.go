package reconcile

import (
	"context"
	"strconv"
	"sync"
	"time"

	"berth/core"
)

// switches counts the requests of each switch that has not ended. What was counted is in the store, so that a worker
// that starts anew goes on.
type switches struct {
	mu     sync.Mutex
	open   map[string]core.SwitchCount // by app
	looked map[string]int              // the release of which the store was asked whether its switch is open, by app
}

func newSwitches() *switches {
	return &switches{open: map[string]core.SwitchCount{}, looked: map[string]int{}}
}

// processes returns what the gateways counted of an app.
func (l *Loop) processes(appID string) []core.ProcessTraffic {
	if t, ok := l.Traffic.(interface {
		Processes(appID string) []core.ProcessTraffic
	}); ok {
		return t.Processes(appID)
	}
	c := l.Traffic.App(appID)
	return []core.ProcessTraffic{{Requests: c.Requests, Failed: c.Failed}}
}

// begin counts from now on for a release. One looks at an app at a time, so nobody else changes its switch.
func (s *switches) begin(ctx context.Context, l *Loop, d Desired, r core.Release) {
	if w, ok := s.find(ctx, l, d.App.ID, r.Number); ok {
		if w.Release == r.Number {
			return
		}
		s.close(ctx, l, d, w)
	}
	s.save(ctx, l, core.BeginSwitchCount(d.App.ID, r.Number, time.Now(), l.processes(d.App.ID)))
}

// find returns the switch of an app that is open: a release's if it was before this worker began.
func (s *switches) find(ctx context.Context, l *Loop, appID string, release int) (core.SwitchCount, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	w, ok := s.open[appID]
	if ok || s.looked[appID] == release {
		return w, ok
	}
	w, err := l.Store.SwitchCounts().Get(ctx, appID, release)
	if err != nil && core.ErrorCode(err) != core.ENOTFOUND {
		return w, false // looked for again the next time
	}
	s.looked[appID] = release
	if err == nil && w.EndedAt.IsZero() {
		s.open[appID] = w
		return w, true
	}
	return w, false
}

func (s *switches) save(ctx context.Context, l *Loop, w core.SwitchCount) {
	s.mu.Lock()
	if w.EndedAt.IsZero() {
		s.open[w.AppID] = w
	} else {
		delete(s.open, w.AppID)
	}
	s.looked[w.AppID] = w.Release
	s.mu.Unlock()
	if err := l.Store.SwitchCounts().Put(ctx, w); err != nil {
		l.Log.Warn("the counts of a switch are not kept", "app", w.AppID, "release", w.Release, "error", err)
	}
}

// count adds what happened since the last look, so that a worker that ends takes no more than that along.
func (s *switches) count(ctx context.Context, l *Loop, d Desired) {
	if w, ok := s.find(ctx, l, d.App.ID, d.Target.Number); ok && w.Count(l.processes(d.App.ID)) {
		s.save(ctx, l, w)
	}
}

// end writes how many requests there were, and how many failed, from the switch until the last old instance left.
func (s *switches) end(ctx context.Context, l *Loop, d Desired) {
	if w, ok := s.find(ctx, l, d.App.ID, d.Target.Number); ok {
		s.close(ctx, l, d, w)
	}
}

func (s *switches) close(ctx context.Context, l *Loop, d Desired, w core.SwitchCount) {
	w.Count(l.processes(w.AppID))
	w.EndedAt, w.Marks = time.Now(), nil
	s.save(ctx, l, w)
	r, err := l.Store.Releases().Get(ctx, w.AppID, w.Release)
	if err == nil {
		r.Served, r.Failed = w.Served, w.Failed
		err = l.Store.Releases().UpdateStatus(ctx, r)
	}
	if err != nil {
		l.Log.Warn("the counts of a switch are lost", "app", w.AppID, "release", w.Release, "error", err)
		return
	}
	if d.Live.Number > 1 && w.Served > 0 {
		err := l.event(ctx, d.App, core.Instance{}, core.LevelInfo, "switched", "release", itoa(w.Release),
			"served", strconv.FormatInt(w.Served, 10), "failed", strconv.FormatInt(w.Failed, 10))
		if err != nil {
			l.Log.Warn("an event is lost", "app", w.AppID, "error", err)
		}
	}
}

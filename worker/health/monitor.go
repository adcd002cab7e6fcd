package health

import (
	"context"
	"sync"
	"time"

	"berth/core"
)

// While an instance has not answered yet it is asked often, so that a fast start is seen fast.
const (
	firstPause = 10 * time.Millisecond
	maxPause   = 250 * time.Millisecond
)

// Monitor keeps asking instances and remembers what they answered.
type Monitor struct {
	prober *Prober
	wake   func(appID string)

	mu      sync.Mutex
	watched map[string]*watch
}

type watch struct {
	appID, address string
	check          core.HealthCheck
	since          time.Time
	cancel         context.CancelFunc
	result         core.HealthResult
}

// NewMonitor returns a Monitor that calls wake when an instance of an app begins or ceases to be well.
func NewMonitor(p *Prober, wake func(appID string)) *Monitor {
	return &Monitor{prober: p, wake: wake, watched: map[string]*watch{}}
}

// Watch has an instance asked from now on. The same again is no change; another address, check or start begins anew.
func (m *Monitor) Watch(i core.Instance, check core.HealthCheck) {
	check = check.WithDefaults()
	m.mu.Lock()
	defer m.mu.Unlock()
	if w := m.watched[i.ID]; w != nil {
		if w.address == i.Address && w.check == check && w.since.Equal(i.StartedAt) {
			return
		}
		w.cancel()
	}
	ctx, cancel := context.WithCancel(context.Background())
	w := &watch{appID: i.AppID, address: i.Address, check: check, since: i.StartedAt, cancel: cancel}
	m.watched[i.ID] = w
	go m.ask(ctx, w)
}

// Forget ends the watch of an instance.
func (m *Monitor) Forget(instanceID string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if w := m.watched[instanceID]; w != nil {
		w.cancel()
		delete(m.watched, instanceID)
	}
}

// Result returns what an instance has answered so far; the zero value when it is not watched.
func (m *Monitor) Result(instanceID string) core.HealthResult {
	m.mu.Lock()
	defer m.mu.Unlock()
	if w := m.watched[instanceID]; w != nil {
		return w.result
	}
	return core.HealthResult{}
}

// Close ends all watches.
func (m *Monitor) Close() {
	m.mu.Lock()
	defer m.mu.Unlock()
	for id, w := range m.watched {
		w.cancel()
		delete(m.watched, id)
	}
}

func (m *Monitor) ask(ctx context.Context, w *watch) {
	pause := firstPause
	for ctx.Err() == nil {
		began := time.Now()
		err := m.prober.Probe(ctx, w.address, w.check)
		if ctx.Err() != nil {
			return
		}
		if m.note(w, err, time.Since(began)) {
			m.wake(w.appID)
		}
		if err == nil {
			pause = time.Duration(w.check.Interval)
		} else if m.everAnswered(w) {
			pause = min(time.Duration(w.check.Interval), time.Second)
		} else {
			pause = min(pause*3/2, maxPause)
		}
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		}
	}
}

// note records an answer and reports whether it changed what the instance counts as.
func (m *Monitor) note(w *watch, err error, latency time.Duration) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	r := &w.result
	before := *r
	r.Asked++
	r.At, r.Latency = time.Now(), latency
	if err == nil {
		r.Answered, r.Failures, r.Problem = true, 0, core.Text{}
		return !before.Answered
	}
	r.Failures++
	r.Problem = core.ErrorMessage(err)
	if r.Failures >= w.check.Failures {
		r.Answered = false
	}
	return before.Answered && !r.Answered
}

func (m *Monitor) everAnswered(w *watch) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return w.result.Asked > w.result.Failures
}

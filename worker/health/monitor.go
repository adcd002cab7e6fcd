package health

import (
	"context"
	"sync"
	"time"

	"berth/core"
)

// Monitor keeps asking instances and remembers what they answered.
type Monitor struct {
	prober  *Prober
	engines core.Engines
	wake    func(appID string)

	mu      sync.Mutex
	watched map[string]*watch
}

// NewMonitor returns a Monitor that calls wake when an instance of an app begins or ceases to be well. engines are
// asked for what the images' own checks gave.
func NewMonitor(p *Prober, engines core.Engines, wake func(appID string)) *Monitor {
	return &Monitor{prober: p, engines: engines, wake: wake, watched: map[string]*watch{}}
}

// Watch has an instance asked from now on. The same again is no change; another address, check or start begins anew, and
// what was discounted is counted anew.
func (m *Monitor) Watch(i core.Instance, check core.HealthCheck) {
	check = check.WithDefaults()
	m.mu.Lock()
	defer m.mu.Unlock()
	w := newWatch(i, check)
	if before := m.watched[i.ID]; before != nil {
		if before.asks(w) {
			before.recount()
			return
		}
		before.cancel()
		w.answers, w.told = before.answers, before.told
	}
	ctx, cancel := context.WithCancel(context.Background())
	w.cancel = cancel
	m.watched[i.ID] = w
	go m.ask(ctx, w, &w.ready)
	if check.Alive != (core.Probe{}) {
		go m.askAlive(ctx, w)
	}
}

// askAlive begins when the instance has answered: until then it is starting, which is for the grace to judge.
func (m *Monitor) askAlive(ctx context.Context, w *watch) {
	select {
	case <-ctx.Done():
	case <-w.up:
		m.ask(ctx, w, &w.alive)
	}
}

// Discount has an instance asked on while its machine is silent. That it does not answer then
// is no reason to do anything about it when the machine is back, and it is watched again.
func (m *Monitor) Discount(instanceID string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if w := m.watched[instanceID]; w != nil {
		w.discounted = true
	}
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
		return w.result()
	}
	return core.HealthResult{}
}

// Answers implements core.HealthSource.
func (m *Monitor) Answers(_ context.Context, appID string) (map[string][]core.HealthAnswer, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	all := map[string][]core.HealthAnswer{}
	for id, w := range m.watched {
		if w.instance.AppID == appID && len(w.answers) > 0 {
			all[id] = w.newestFirst()
		}
	}
	return all, nil
}

// Keep writes new answers into a store now and then until ctx ends, for a portal that is another process.
func (m *Monitor) Keep(ctx context.Context, store core.AnswerStore, every time.Duration) error {
	ctx = core.WithActor(ctx, core.System())
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
		if fresh := m.fresh(); len(fresh) > 0 {
			if err := store.Put(ctx, fresh); err != nil && ctx.Err() == nil {
				return err // begun anew after a pause; what is missed now comes with the next answers
			}
		}
	}
}

// fresh returns the answers of those instances that answered since the last call.
func (m *Monitor) fresh() map[string][]core.HealthAnswer {
	m.mu.Lock()
	defer m.mu.Unlock()
	fresh := map[string][]core.HealthAnswer{}
	for id, w := range m.watched {
		if n := len(w.answers); n > 0 && w.answers[n-1].At.After(w.told) {
			fresh[id], w.told = w.newestFirst(), w.answers[n-1].At
		}
	}
	return fresh
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

// ask puts one of the questions again and again, until ctx ends.
func (m *Monitor) ask(ctx context.Context, w *watch, q *question) {
	pause := firstPause
	for ctx.Err() == nil {
		began := time.Now()
		answers := m.put(ctx, w, q)
		if ctx.Err() != nil {
			return
		}
		for _, a := range answers {
			if m.note(w, q, a) {
				m.wake(w.instance.AppID)
			}
		}
		wait := m.pause(w, q) - time.Since(began)
		if m.starting(w) {
			wait = pause
			pause = min(pause*3/2, maxPause)
		}
		select {
		case <-ctx.Done():
		case <-time.After(wait):
		}
	}
}

// ownPause is how often the engine is asked for what the image's own check gave: what it costs is little, and an
// answer is not to be older than that.
const ownPause = time.Second

func (m *Monitor) pause(w *watch, q *question) time.Duration {
	if q.probe.Kind == core.ProbeImage {
		return ownPause
	}
	return time.Duration(w.check.Interval)
}

// put asks once, and returns what there is to note: of the image's own check what is new.
func (m *Monitor) put(ctx context.Context, w *watch, q *question) []core.HealthAnswer {
	if q.probe.Kind == core.ProbeImage {
		return m.own(ctx, w, q)
	}
	began := time.Now()
	asked, err := q.probe, error(nil)
	if asked.Kind == core.ProbeAuto {
		asked, err = m.guess(ctx, w, q)
	} else {
		err = m.prober.Probe(ctx, w.instance.Address, asked, time.Duration(w.check.Timeout))
	}
	a := core.HealthAnswer{At: time.Now(), Took: time.Since(began), Asked: asked}
	if err != nil {
		a.Problem = core.ErrorMessage(err)
	}
	return []core.HealthAnswer{a}
}

// note records an answer and reports whether somebody should look at the app.
func (m *Monitor) note(w *watch, q *question, a core.HealthAnswer) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	a.Alive, a.Starting = q == &w.alive, w.starting
	w.keep(a)
	changed := q.take(a, w.check)
	if a.Good() && w.starting {
		w.starting = false
	}
	if a.Good() {
		w.upOnce.Do(func() { close(w.up) })
	}
	return changed
}

func (m *Monitor) starting(w *watch) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return w.starting
}

package health

import (
	"context"
	"slices"
	"sync"
	"time"

	"berth/core"
)

// While an instance has not answered yet it is asked often, so that a fast start is seen fast.
const (
	firstPause = 10 * time.Millisecond
	maxPause   = 250 * time.Millisecond
)

// watch is an instance that is being asked. Monitor.mu guards what changes of it.
type watch struct {
	instance core.Instance
	check    core.HealthCheck
	since    time.Time // by the clock that nobody sets
	cancel   context.CancelFunc
	up       chan struct{} // closed with the first good answer
	upOnce   sync.Once

	starting   bool // was started and has not answered yet
	discounted bool // what was counted does not count
	ready      question
	alive      question
	answers    []core.HealthAnswer // oldest first
	told       time.Time           // the newest answer that a store has
}

// question is one of the two that an instance may be asked.
type question struct {
	probe     core.Probe
	guessed   core.Probe // what auto was taken for; zero before
	seen      time.Time  // of the image's own check the newest answer
	asked     int
	well      bool
	successes int // in a row
	failures  int // in a row
	problem   core.Text
}

func newWatch(i core.Instance, check core.HealthCheck) *watch {
	running := i.State == core.InstanceReady || i.State == core.InstanceUnhealthy
	w := &watch{instance: i, check: check, since: time.Now(), up: make(chan struct{}), starting: !running,
		ready: question{probe: check.Ready()}, alive: question{probe: check.Alive}}
	if running {
		w.upOnce.Do(func() { close(w.up) })
	}
	return w
}

// asks reports whether two watches ask the same of the same.
func (w *watch) asks(o *watch) bool {
	a, b := w.instance, o.instance
	return a.Address == b.Address && a.ContainerID == b.ContainerID && a.StartedAt.Equal(b.StartedAt) && w.check == o.check
}

// recount begins to count anew if what was counted does not count.
func (w *watch) recount() {
	if !w.discounted {
		return
	}
	w.discounted, w.since = false, time.Now()
	for _, q := range []*question{&w.ready, &w.alive} {
		q.asked, q.successes, q.failures, q.problem = 0, 0, 0, core.Text{}
	}
}

func (w *watch) result() core.HealthResult {
	r := core.HealthResult{Asked: w.ready.asked, Answered: w.ready.well, Failures: w.ready.failures, Problem: w.ready.problem,
		Waited: time.Since(w.since), AliveFailures: w.ready.failures, AliveProblem: w.ready.problem}
	if w.check.Alive != (core.Probe{}) {
		r.AliveFailures, r.AliveProblem = w.alive.failures, w.alive.problem
	}
	return r
}

// keep remembers an answer. The many of a start that all say the same are one.
func (w *watch) keep(a core.HealthAnswer) {
	if n := len(w.answers); n > 0 && a.Starting && !a.Good() {
		if last := w.answers[n-1]; last.Starting && last.Problem.String() == a.Problem.String() {
			w.answers[n-1] = a
			return
		}
	}
	w.answers = append(w.answers, a)
	if over := len(w.answers) - core.MaxHealthAnswers; over > 0 {
		w.answers = slices.Delete(w.answers, 0, over)
	}
}

func (w *watch) newestFirst() []core.HealthAnswer {
	list := slices.Clone(w.answers)
	slices.Reverse(list)
	return list
}

// take counts an answer and reports whether it changed what the instance counts as.
func (q *question) take(a core.HealthAnswer, check core.HealthCheck) bool {
	q.asked++
	if a.Good() {
		q.successes, q.failures, q.problem = q.successes+1, 0, core.Text{}
		before := q.well
		q.well = before || q.successes >= check.Successes
		return q.well && !before
	}
	q.successes, q.failures, q.problem = 0, q.failures+1, a.Problem
	if q.failures < check.Failures {
		return false
	}
	q.well = false
	return q.failures == check.Failures
}

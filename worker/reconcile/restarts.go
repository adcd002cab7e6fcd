package reconcile

import (
	"slices"
	"sync"
	"time"

	"berth/core"
)

// restarts has instances that keep failing started one after the other on a host: a start takes a good part of a small
// machine for a moment, and that belongs to those that serve.
type restarts struct {
	mu      sync.Mutex
	busy    map[string]bool     // hosts on which one is being started
	waiting map[string][]string // apps that wait for their turn, by host
}

func newRestarts() *restarts {
	return &restarts{busy: map[string]bool{}, waiting: map[string][]string{}}
}

// turnPatience is how long an app waits at most for its turn before it is looked at again.
const turnPatience = 2 * time.Second

// takesTurns reports whether an action starts an instance that failed more than once in a row: after the first time
// somebody may still be waiting for its answer.
func takesTurns(a Action) bool {
	return (a.Kind == Start || a.Kind == Create) && a.Instance.Crashes > 1
}

// begin reports whether it is an app's turn to start an instance on a host; if not, end names it later.
func (r *restarts) begin(i core.Instance) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.busy[i.HostID] {
		if !slices.Contains(r.waiting[i.HostID], i.AppID) {
			r.waiting[i.HostID] = append(r.waiting[i.HostID], i.AppID)
		}
		return false
	}
	r.busy[i.HostID] = true
	return true
}

// end returns the app whose turn is next; "" for none.
func (r *restarts) end(i core.Instance) (next string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.busy, i.HostID)
	if w := r.waiting[i.HostID]; len(w) > 0 {
		next, r.waiting[i.HostID] = w[0], w[1:]
	}
	return next
}

// takeTurn is begin, and has the app looked at again when its turn may have come.
func (l *Loop) takeTurn(i core.Instance) bool {
	if l.restarts.begin(i) {
		return true
	}
	l.queue.AddAt(i.AppID, time.Now().Add(turnPatience))
	return false
}

func (l *Loop) endTurn(i core.Instance) {
	if next := l.restarts.end(i); next != "" {
		l.queue.Add(next)
	}
}

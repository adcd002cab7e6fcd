package discovery

import (
	"maps"
	"slices"
	"sync"
)

// work is what is to be looked at: a set, so that any number of wakes of an app are one.
type work struct {
	ready chan struct{} // holds one

	mu   sync.Mutex
	all  bool
	apps map[string]bool
}

func newWork() *work { return &work{ready: make(chan struct{}, 1), apps: map[string]bool{}} }

func (w *work) add(appID string) {
	w.mu.Lock()
	w.apps[appID] = true
	w.mu.Unlock()
	w.signal()
}

func (w *work) addAll() {
	w.mu.Lock()
	w.all = true
	w.mu.Unlock()
	w.signal()
}

// take empties the set and returns it; all covers every app.
func (w *work) take() (all bool, apps []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	all, apps = w.all, slices.Collect(maps.Keys(w.apps))
	w.all = false
	clear(w.apps)
	return all, apps
}

func (w *work) signal() {
	select {
	case w.ready <- struct{}{}:
	default:
	}
}

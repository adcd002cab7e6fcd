package memory

import (
	"context"

	"berth/core"
)

// A watcher notes only what has to be looked at again, never the changes themselves: however slow its reader is, it
// holds at most one entry for each app and name, and writers never wait for it.
type watcher struct {
	apps                                  map[string]bool
	routes, tcp, certificates, challenges map[string]bool // by name
	wake                                  chan struct{}   // holds one
}

func newWatcher() *watcher {
	return &watcher{apps: map[string]bool{}, routes: map[string]bool{}, tcp: map[string]bool{},
		certificates: map[string]bool{}, challenges: map[string]bool{}, wake: make(chan struct{}, 1)}
}

// Watch implements core.Registry.
func (r *Registry) Watch(ctx context.Context, apply func(core.RegistryChange)) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-r.filled:
	}
	w := newWatcher()
	all := r.subscribe(w)
	defer r.unsubscribe(w)
	apply(all)
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-w.wake:
			apply(r.changes(w))
		}
	}
}

// subscribe adds w and returns everything, so that w misses nothing from here on.
func (r *Registry) subscribe(w *watcher) core.RegistryChange {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.watchers[w] = true
	all := core.RegistryChange{Reset: true, Apps: map[string][]core.Address{}}
	r.families.everything(&all)
	for app := range r.addresses {
		all.Apps[app] = r.addressesOf(app)
	}
	return all
}

func (r *Registry) unsubscribe(w *watcher) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.watchers, w)
}

// changes reads anew what w has noted.
func (r *Registry) changes(w *watcher) core.RegistryChange {
	r.mu.Lock()
	defer r.mu.Unlock()
	c := core.RegistryChange{Apps: map[string][]core.Address{}}
	for app := range w.apps {
		c.Apps[app] = r.addressesOf(app)
	}
	clear(w.apps)
	r.families.changes(w, &c)
	return c
}

// appChanged tells the watchers; mu is held.
func (r *Registry) appChanged(appID string) {
	for w := range r.watchers {
		w.apps[appID] = true
		w.notify()
	}
}

func (w *watcher) notify() {
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

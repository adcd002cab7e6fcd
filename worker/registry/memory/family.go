package memory

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"

	"berth/core"
)

// A family is a kind of entries by name. They are kept as JSON, as they are elsewhere: nobody shares what they hold.
type family[T interface{ Validate() error }] struct {
	registry *Registry
	name     func(T) string
	all      map[string][]byte
	noted    func(*watcher) map[string]bool // where watchers note names to look at again
}

// put publishes v under its name; the same again is no change.
func (f *family[T]) put(v T) error {
	if err := v.Validate(); err != nil {
		return err
	}
	data, err := json.Marshal(v)
	if err != nil {
		return core.Wrap(err, core.EINTERNAL, "error.internal")
	}
	f.registry.mu.Lock()
	defer f.registry.mu.Unlock()
	if name := f.name(v); !bytes.Equal(f.all[name], data) {
		f.all[name] = data
		f.changed(name)
	}
	return nil
}

// delete removes what has a name.
func (f *family[T]) delete(name string) error {
	f.registry.mu.Lock()
	defer f.registry.mu.Unlock()
	if _, ok := f.all[name]; ok {
		delete(f.all, name)
		f.changed(name)
	}
	return nil
}

// list returns everything in the order of the names.
func (f *family[T]) list() ([]T, error) {
	f.registry.mu.Lock()
	defer f.registry.mu.Unlock()
	return f.locked(), nil
}

// locked is list while mu is held.
func (f *family[T]) locked() []T {
	all := make([]T, 0, len(f.all))
	for _, name := range slices.Sorted(maps.Keys(f.all)) {
		all = append(all, f.read(name))
	}
	return all
}

// taken reads anew what w has noted; mu is held.
func (f *family[T]) taken(w *watcher) (changed []T, removed []string) {
	noted := f.noted(w)
	for name := range noted {
		if _, ok := f.all[name]; ok {
			changed = append(changed, f.read(name))
		} else {
			removed = append(removed, name)
		}
	}
	clear(noted)
	return changed, removed
}

func (f *family[T]) read(name string) T {
	var v T
	if err := json.Unmarshal(f.all[name], &v); err != nil {
		panic(err) // it was marshalled here
	}
	return v
}

// changed tells the watchers; mu is held.
func (f *family[T]) changed(name string) {
	for w := range f.registry.watchers {
		f.noted(w)[name] = true
		w.notify()
	}
}

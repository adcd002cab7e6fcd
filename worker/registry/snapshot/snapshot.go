// Package snapshot keeps on disk what a registry told last, so that a gateway which starts while the registry is away
// serves. It stands between a gateway and any core.Registry.
package snapshot

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"berth/core"
)

const (
	saveEvery    = time.Second      // at most
	restFactor   = 20               // times what a save took is the least pause after it
	confirmEvery = 10 * time.Second // how often an unchanged file gets a new time
)

// Options say where the snapshot lies.
type Options struct {
	Path string        // of the file; its folder is made
	Wait time.Duration // how long the registry has to answer before the snapshot is used; default 1s
	Log  *slog.Logger  // default slog.Default
}

// State says what is served and how old it is.
type State struct {
	Loaded  bool      // what is served came from the disk: the registry has not answered since the start
	Seen    time.Time // when the registry last confirmed what is served; zero when nothing is known
	Saved   time.Time // when the file was last written by this process; zero when it was not
	Entries int       // that the registry told
	Err     error     // why the last load or save failed; nil when it did not
}

// Registry is a core.Registry whose watches begin with the snapshot when the registry does not answer.
type Registry struct {
	core.Registry
	opts Options

	mu       sync.Mutex // held while a change is applied
	known    known
	answered bool
	dirty    bool
	state    State
	wake     chan struct{} // holds one

	saving sync.Mutex
}

var _ core.Registry = (*Registry)(nil)

// Keep returns r with a snapshot. One process watches it once.
func Keep(r core.Registry, o Options) *Registry {
	if o.Wait == 0 {
		o.Wait = time.Second
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	return &Registry{Registry: r, opts: o, known: newKnown(), wake: make(chan struct{}, 1)}
}

// State returns what is served and how old it is.
func (r *Registry) State() State {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.state
	s.Entries = r.known.size()
	if r.answered {
		s.Seen = r.Contact()
	}
	return s
}

// Watch implements core.Registry. It begins with the snapshot when the registry is silent; the first answer of the
// registry replaces it in full.
func (r *Registry) Watch(ctx context.Context, apply func(core.RegistryChange)) error {
	var loops sync.WaitGroup
	loops.Go(func() { r.fallBack(ctx, apply) })
	loops.Go(func() { r.keep(ctx) })
	err := r.Registry.Watch(ctx, func(c core.RegistryChange) {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.take(c)
		apply(c)
	})
	loops.Wait()
	return err
}

// Check reads a file as a gateway would: how many entries it has and when the registry last confirmed it.
// Errors: fs.ErrNotExist; any other says that it cannot be used.
func Check(path string) (entries int, seen time.Time, err error) {
	c, seen, err := load(path)
	if err != nil {
		return 0, seen, err
	}
	k := newKnown()
	k.take(c)
	return k.size(), seen, nil
}

// take notes a change; mu is held.
func (r *Registry) take(c core.RegistryChange) {
	if c.Reset && !r.answered {
		r.answered, r.dirty = true, !r.state.Loaded // the file is of another time
		if r.state.Loaded {
			r.opts.Log.Info("the registry answers and replaces the snapshot", "age", age(r.state.Seen))
		}
		r.state.Loaded, r.state.Err = false, nil
	}
	r.dirty = r.known.take(c) || r.dirty
	if r.dirty {
		select {
		case r.wake <- struct{}{}:
		default:
		}
	}
}

// fallBack applies the snapshot unless the registry answers in time.
func (r *Registry) fallBack(ctx context.Context, apply func(core.RegistryChange)) {
	if !pause(ctx, r.opts.Wait) {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.answered {
		return
	}
	c, taken, err := load(r.opts.Path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		r.opts.Log.Warn("the registry does not answer, and there is no snapshot to serve from", "path", r.opts.Path)
	case err != nil:
		r.state.Err = err
		r.opts.Log.Error("the registry does not answer, and the snapshot is ignored: it cannot be read", "path", r.opts.Path, "error", err)
	default:
		r.known.take(c)
		r.state.Loaded, r.state.Seen = true, taken
		r.opts.Log.Warn("the registry does not answer; the snapshot serves", "age", age(taken), "routes", len(c.Routes))
		apply(c)
	}
}

// keep saves what changes until ctx ends, and then the last of it.
func (r *Registry) keep(ctx context.Context) {
	confirm := time.NewTicker(confirmEvery)
	defer confirm.Stop()
	for {
		select {
		case <-ctx.Done():
			r.Save()
			return
		case <-confirm.C:
			r.Save() // what could not be written before
			r.confirm()
		case <-r.wake:
			began := time.Now()
			r.Save()
			pause(ctx, max(saveEvery, restFactor*time.Since(began)))
		}
	}
}

// Save writes the snapshot now if anything has changed since it was last written.
func (r *Registry) Save() {
	r.saving.Lock()
	defer r.saving.Unlock()
	k, ok := r.changed()
	if !ok {
		return
	}
	err := os.MkdirAll(filepath.Dir(r.opts.Path), 0o700)
	if err == nil {
		err = save(r.opts.Path, k)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.state.Err = err; err != nil {
		r.dirty = true
		r.opts.Log.Error("the snapshot cannot be written", "path", r.opts.Path, "error", err)
		return
	}
	r.state.Saved = time.Now()
}

// changed returns what is to be written. Entries are replaced, never changed, so that a copy of the maps will do.
func (r *Registry) changed() (known, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.dirty || !r.answered {
		return nil, false
	}
	r.dirty = false
	return r.known.clone(), true
}

// confirm gives the file the time of the last contact: nothing has changed since.
func (r *Registry) confirm() {
	r.mu.Lock()
	current := r.answered && !r.dirty && r.state.Err == nil
	r.mu.Unlock()
	if seen := r.Contact(); current && !seen.IsZero() {
		_ = os.Chtimes(r.opts.Path, seen, seen) // one that is gone is written at the next change
	}
}

func age(t time.Time) time.Duration { return time.Since(t).Round(time.Second) }

// pause reports whether it lasted to its end.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

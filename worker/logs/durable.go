package logs

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// durable is how far lines are kept for good, in a file.
type durable struct {
	path string

	mu sync.Mutex
	progress
}

// progress is how far lines were kept at a time.
type progress struct {
	At    positions `json:"at"`
	Clock clock     `json:"clock"`
}

func newDurable(path string) *durable {
	d := &durable{path: path}
	if data, err := os.ReadFile(path); err == nil {
		d.progress = readProgress(data)
	}
	if d.At == nil {
		d.At = positions{} // then everything is read again, and left out where the store has it
	}
	return d
}

// readProgress returns what save wrote, or what it did before it noted the clock; nothing when it is neither.
func readProgress(data []byte) progress {
	var p progress
	if json.Unmarshal(data, &p) == nil && p.At != nil {
		return p
	}
	var at positions
	if json.Unmarshal(data, &at) != nil {
		return progress{}
	}
	return progress{At: at} // no clock was set back since the year 1
}

// load returns the positions. That they had to be forgotten is written down at once: nothing shows it later. Errors: it
// cannot be.
func (d *durable) load(now clock) (positions, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	var err error
	if d.reach(now) && len(d.At) > 0 {
		err = d.write()
	}
	return maps.Clone(d.At), err
}

// reach forgets the positions when the clock was set back since they were noted, and reports whether it did.
func (d *durable) reach(now clock) bool {
	back := now.setBackSince(d.Clock)
	if back {
		d.At.forget()
	}
	d.Clock = now
	return back
}

func (d *durable) of(instance string) time.Time {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.At[instance]
}

// keep forgets the instances that do not exist.
func (d *durable) keep(exists map[string]bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	maps.DeleteFunc(d.At, func(id string, _ time.Time) bool { return !exists[id] })
}

// save moves on to what is given and writes it down.
func (d *durable) save(moved progress) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(moved.At) == 0 {
		return nil
	}
	d.reach(moved.Clock)
	maps.Copy(d.At, moved.At)
	return d.write()
}

func (d *durable) write() error {
	if d.path == "" {
		return nil
	}
	data, err := json.Marshal(d.progress)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(d.path), 0o700); err != nil {
		return err
	}
	next := d.path + ".new"
	if err := os.WriteFile(next, data, 0o600); err != nil {
		return err
	}
	return os.Rename(next, d.path)
}

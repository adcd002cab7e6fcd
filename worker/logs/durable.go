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
	data, err := os.ReadFile(path)
	if err != nil || json.Unmarshal(data, &d.progress) != nil || d.At == nil {
		d.progress = progress{At: positions{}} // then everything is read again, and left out where the store has it
	}
	return d
}

func (d *durable) load(now clock) positions {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.reach(now)
	return maps.Clone(d.At)
}

// reach forgets the positions when the clock was set back since they were noted.
func (d *durable) reach(now clock) {
	if now.setBackSince(d.Clock) {
		d.At.forget()
	}
	d.Clock = now
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
	if len(moved.At) == 0 || d.path == "" {
		return nil
	}
	d.reach(moved.Clock)
	maps.Copy(d.At, moved.At)
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

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
	at positions
}

func newDurable(path string) *durable {
	d := &durable{path: path, at: positions{}}
	data, err := os.ReadFile(path)
	if err == nil && json.Unmarshal(data, &d.at) != nil {
		d.at = positions{} // then everything is read again, and left out where the store has it
	}
	return d
}

func (d *durable) load() positions {
	d.mu.Lock()
	defer d.mu.Unlock()
	return maps.Clone(d.at)
}

// keep forgets the instances that do not exist.
func (d *durable) keep(exists map[string]bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	maps.DeleteFunc(d.at, func(id string, _ time.Time) bool { return !exists[id] })
}

// save moves on to what is given and writes it down.
func (d *durable) save(moved positions) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(moved) == 0 || d.path == "" {
		return nil
	}
	maps.Copy(d.at, moved)
	data, err := json.Marshal(d.at)
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

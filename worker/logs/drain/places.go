package drain

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"sync"
	"time"

	"berth/core"
)

// place is how far a drain has come with an instance: to the line of a time.
type place struct {
	App string    `json:"app"`
	At  time.Time `json:"at"`
}

// places are those of all drains, in a file.
type places struct {
	path string

	mu      sync.Mutex
	at      map[string]map[string]place // by drain, then by instance
	changed bool
}

func newPlaces(path string) *places {
	p := &places{path: path, at: map[string]map[string]place{}}
	if data, err := os.ReadFile(path); err == nil && json.Unmarshal(data, &p.at) != nil {
		p.at = map[string]map[string]place{} // then each drain begins anew
	}
	return p
}

// of returns the places of a drain.
func (p *places) of(drainID string) map[string]place {
	p.mu.Lock()
	defer p.mu.Unlock()
	return maps.Clone(p.at[drainID])
}

func (p *places) get(drainID, instanceID string) place {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.at[drainID][instanceID]
}

// move goes on to a place, never back.
func (p *places) move(drainID, instanceID string, to place) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.at[drainID] == nil {
		p.at[drainID] = map[string]place{}
	}
	if at, ok := p.at[drainID][instanceID]; !ok || to.At.After(at.At) {
		p.at[drainID][instanceID] = to
		p.changed = true
	}
}

// forget drops the instances of a drain that are over.
func (p *places) forget(drainID string, over func(instanceID string) bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	maps.DeleteFunc(p.at[drainID], func(id string, _ place) bool { return over(id) })
}

// keep forgets the drains that do not exist.
func (p *places) keep(all []core.LogDrain) {
	exists := map[string]bool{}
	for _, d := range all {
		exists[d.ID] = true
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	maps.DeleteFunc(p.at, func(id string, _ map[string]place) bool { return !exists[id] })
}

func (p *places) save() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.changed {
		return nil
	}
	data, err := json.Marshal(p.at)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(p.path), 0o700); err != nil {
		return err
	}
	next := p.path + ".new"
	if err := os.WriteFile(next, data, 0o600); err != nil {
		return err
	}
	p.changed = false
	return os.Rename(next, p.path)
}

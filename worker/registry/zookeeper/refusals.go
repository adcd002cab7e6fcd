package zookeeper

import (
	"log/slog"
	"sync"

	"berth/core"
)

// refusals tell of malformed entries once, however often they are read.
type refusals struct {
	log  *slog.Logger
	tell func(core.RefusedEntry)

	mu    sync.Mutex
	known map[string]string // path -> reason
}

// maxRefusals is how many malformed entries are remembered; when there are more they are told again.
const maxRefusals = 10_000

func newRefusals(log *slog.Logger, tell func(core.RefusedEntry)) *refusals {
	return &refusals{log: log, tell: tell, known: map[string]string{}}
}

// refuse notes a malformed entry.
func (r *refusals) refuse(path string, reason error) core.RefusedEntry {
	e := core.RefusedEntry{Path: path, Reason: reason.Error()}
	if r.isKnown(e) {
		return e
	}
	r.log.Warn("an entry of the registry is malformed and left out", "path", e.Path, "reason", e.Reason)
	if r.tell != nil {
		r.tell(e)
	}
	return e
}

func (r *refusals) isKnown(e core.RefusedEntry) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if reason, ok := r.known[e.Path]; ok && reason == e.Reason {
		return true
	}
	if len(r.known) >= maxRefusals {
		clear(r.known)
	}
	r.known[e.Path] = e.Reason
	return false
}

// mended forgets an entry that can be read.
func (r *refusals) mended(path string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.known, path)
}

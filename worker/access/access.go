// Package access keeps the access logs of a gateway on disk, bounded for each app, and searches and follows them.
package access

import (
	"context"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"berth/core"
)

var _ core.AccessLog = (*Log)(nil)

// Options says where the lines are kept, and how many.
type Options struct {
	Dir   string                  // a directory for each app
	Size  int64                   // of a file, bytes; 10 MiB
	Files int                     // of an app; 3
	Kept  time.Duration           // files untouched for longer are removed; 30 days
	Known func(appID string) bool // whether an app is still there: files of others are removed; nil keeps them
	Log   *slog.Logger
}

// Log is the access log of all apps of one gateway. It is a gateway.AccessSink.
type Log struct {
	Options

	files   files
	mu      sync.Mutex // guards what follows
	readers map[string]map[*reader]bool
	lost    map[string]int64
	paths   topPaths
}

// New returns a log. Nothing is written before the first line.
func New(o Options) *Log {
	if o.Size == 0 {
		o.Size = 10 << 20
	}
	if o.Files == 0 {
		o.Files = 3
	}
	if o.Kept == 0 {
		o.Kept = 30 * 24 * time.Hour
	}
	if o.Log == nil {
		o.Log = slog.New(slog.NewTextHandler(io.Discard, nil))
	}
	return &Log{Options: o, files: files{open: map[string]*openFile{}}, readers: map[string]map[*reader]bool{}, lost: map[string]int64{}}
}

// Write implements gateway.AccessSink. A disk that is full costs lines, nothing else.
func (l *Log) Write(appID string, lines []byte, lost int64) {
	l.note(appID, lines, lost)
	if core.ValidateLabel("appId", appID) != nil {
		return // never a part of a path
	}
	if err := l.files.append(l, appID, lines); err != nil {
		l.note(appID, nil, int64(countLines(lines)))
		l.files.complain(l.Log, err)
	}
}

// note passes lines to those who follow the app, and counts.
func (l *Log) note(appID string, lines []byte, lost int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if lost > 0 {
		l.lost[appID] += lost
	}
	l.paths.count(appID, lines, time.Now())
	for r := range l.readers[appID] {
		r.offer(lines)
	}
}

// TopPaths returns the most frequent paths of an app in the slot of core.PathSlot that a time is in, or the one before
// it, the most frequent first; older ones are forgotten.
func (l *Log) TopPaths(appID string, at time.Time) []core.PathCount {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.paths.top(appID, at)
}

// Run removes files that are no longer wanted, until ctx ends.
func (l *Log) Run(ctx context.Context) error {
	ticker := time.NewTicker(10 * time.Minute)
	defer ticker.Stop()
	for {
		l.tidy(time.Now())
		select {
		case <-ctx.Done():
			l.files.close()
			return ctx.Err()
		case <-ticker.C:
		}
	}
}

// forgetAfter is how long the files of an app stay that the gateway does not know any more.
const forgetAfter = time.Hour

func (l *Log) tidy(now time.Time) {
	apps, err := os.ReadDir(l.Dir)
	if err != nil {
		return // nothing has been written yet
	}
	for _, app := range apps {
		dir := filepath.Join(l.Dir, app.Name())
		newest := time.Time{}
		for n := range l.Files {
			info, err := os.Stat(filepath.Join(dir, fileName(n)))
			switch {
			case err != nil:
			case now.Sub(info.ModTime()) > l.Kept:
				l.files.remove(app.Name(), filepath.Join(dir, fileName(n)))
			case info.ModTime().After(newest):
				newest = info.ModTime()
			}
		}
		unknown := l.Known != nil && !l.Known(app.Name())
		if newest.IsZero() || unknown && now.Sub(newest) > forgetAfter {
			l.files.remove(app.Name(), dir)
			l.forget(app.Name())
		}
	}
}

func (l *Log) forget(appID string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.lost, appID)
}

// Forget removes what is kept of an app.
func (l *Log) Forget(appID string) error {
	if err := core.ValidateLabel("appId", appID); err != nil {
		return err
	}
	l.forget(appID)
	return l.files.remove(appID, filepath.Join(l.Dir, appID))
}

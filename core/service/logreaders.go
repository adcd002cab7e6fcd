package service

import (
	"maps"
	"sync"
	"time"
)

// pageFor is how long after the entry of a first page the pages behind it need none.
const pageFor = time.Hour

// logReaders are those whose search was noted in the last hour.
type logReaders struct {
	mu sync.Mutex
	at map[logReader]time.Time
}

type logReader struct{ actor, app, words string }

func (l *logReaders) noted(r logReader, now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	maps.DeleteFunc(l.at, func(_ logReader, at time.Time) bool { return now.Sub(at) > pageFor })
	if l.at == nil {
		l.at = map[logReader]time.Time{}
	}
	l.at[r] = now
}

func (l *logReaders) known(r logReader, now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	at, ok := l.at[r]
	return ok && now.Sub(at) <= pageFor
}

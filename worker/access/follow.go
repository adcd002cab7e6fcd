package access

import (
	"bytes"
	"context"

	"berth/core"
)

// reader follows an app. It gets copies of blocks of lines; when it is slow, they are left out and counted.
type reader struct {
	blocks chan []byte
	missed int // guarded by the log
}

// waiting is how many blocks wait for a reader.
const waiting = 16

func (r *reader) offer(lines []byte) {
	if len(lines) == 0 {
		return
	}
	select {
	case r.blocks <- append([]byte(nil), lines...):
	default:
		r.missed += countLines(lines)
	}
}

// Follow implements core.AccessLog.
func (l *Log) Follow(ctx context.Context, appID string, q core.AccessQuery, f func(core.AccessLine, int) error) error {
	if err := q.Validate(); err != nil {
		return err
	}
	r := &reader{blocks: make(chan []byte, waiting)}
	l.enter(appID, r)
	defer l.leave(appID, r)
	match := q.Match()
	for {
		select {
		case <-ctx.Done():
			return nil
		case block := <-r.blocks:
			missed := l.missed(r)
			for line := range bytes.Lines(block) {
				parsed, ok := core.ParseAccessLine(bytes.TrimSuffix(line, []byte("\n")))
				if !ok || !match(parsed) {
					continue
				}
				if err := f(parsed, missed); err != nil {
					return err
				}
				missed = 0
			}
		}
	}
}

func (l *Log) enter(appID string, r *reader) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.readers[appID] == nil {
		l.readers[appID] = map[*reader]bool{}
	}
	l.readers[appID][r] = true
}

func (l *Log) leave(appID string, r *reader) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.readers[appID], r)
	if len(l.readers[appID]) == 0 {
		delete(l.readers, appID)
	}
}

// missed returns what the reader has missed since the last call.
func (l *Log) missed(r *reader) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := r.missed
	r.missed = 0
	return n
}

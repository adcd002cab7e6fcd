package logs

import (
	"context"
	"sync"

	"berth/core"
)

// feeds are the apps that somebody reads live: however many do, each instance is followed once.
type feeds struct {
	mu   sync.Mutex
	open map[feedKey]*feed
}

// feedKey is an app, and the one instance of it that is read or "" for all.
type feedKey struct{ app, instance string }

// feed is what an app writes, for all who read it. It holds the last lines; each reader has a number in it and nothing
// of its own.
type feed struct {
	key     feedKey
	cancel  context.CancelFunc
	readers int // belongs to feeds

	ready chan struct{} // closed when the lines that were there are
	ended chan struct{} // closed when it has come to its end, because of err
	err   error

	mu      sync.Mutex
	lines   []numbered // a ring; the line of index n is at n modulo its length
	first   int        // index of the oldest line
	end     place      // of the line to come
	bytes   int
	changed chan struct{} // closed when a line has come
}

// place is where a reader has come to. Lines that nobody could take have a number too, so that a reader who sees one
// leap knows how many it missed.
type place struct{ index, number int }

type numbered struct {
	core.LogLine
	number int
}

// join returns the feed of an app; leave it in the end.
func (s *Source) join(key feedKey) *feed {
	s.feeds.mu.Lock()
	defer s.feeds.mu.Unlock()
	fd := s.feeds.open[key]
	if fd == nil {
		ctx, cancel := context.WithCancel(core.WithActor(context.Background(), core.System()))
		fd = &feed{key: key, cancel: cancel, ready: make(chan struct{}), ended: make(chan struct{}), changed: make(chan struct{}),
			lines: make([]numbered, maxQueued)}
		s.feeds.open[key] = fd
		go func() {
			defer close(fd.ended)
			fd.err = s.stream(ctx, core.LogView{AppID: key.app, InstanceID: key.instance, Tail: MaxTail}, positions{}, fd.push, func() { close(fd.ready) })
		}()
	}
	fd.readers++
	return fd
}

func (s *Source) leave(fd *feed) {
	s.feeds.mu.Lock()
	defer s.feeds.mu.Unlock()
	if fd.readers--; fd.readers == 0 {
		fd.cancel()
	}
	if fd.readers == 0 || fd.over() {
		if s.feeds.open[fd.key] == fd {
			delete(s.feeds.open, fd.key)
		}
	}
}

func (fd *feed) over() bool {
	select {
	case <-fd.ended:
		return true
	default:
		return false
	}
}

// await waits until the lines that were there are in it.
func (fd *feed) await(ctx context.Context) error {
	select {
	case <-fd.ready:
		return nil
	case <-fd.ended:
		return fd.err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// push adds a line, at the cost of the oldest if need be.
func (fd *feed) push(l core.LogLine) error {
	fd.mu.Lock()
	defer fd.mu.Unlock()
	for fd.end.index > fd.first && (fd.end.index-fd.first == len(fd.lines) || fd.bytes+len(l.Line) > maxQueuedBytes) {
		oldest := fd.at(fd.first)
		fd.bytes -= len(oldest.Line)
		*oldest = numbered{} // lets go of the text
		fd.first++
	}
	number := fd.end.number + l.Dropped
	*fd.at(fd.end.index) = numbered{l, number}
	fd.end = place{fd.end.index + 1, number + 1}
	fd.bytes += len(l.Line)
	close(fd.changed)
	fd.changed = make(chan struct{})
	return nil
}

func (fd *feed) at(index int) *numbered { return &fd.lines[index%len(fd.lines)] }

// tail returns the place at which the last n lines begin.
func (fd *feed) tail(n int) place {
	fd.mu.Lock()
	defer fd.mu.Unlock()
	index := max(fd.first, fd.end.index-n)
	if index == fd.end.index {
		return fd.end
	}
	return place{index, fd.at(index).number}
}

// behind returns the place behind the line of a cursor.
func (fd *feed) behind(cursor string) (p place, ok bool) {
	fd.mu.Lock()
	defer fd.mu.Unlock()
	for n := fd.end.index - 1; n >= fd.first; n-- {
		if fd.at(n).Cursor == cursor {
			return place{n + 1, fd.at(n).number + 1}, true
		}
	}
	return place{}, false
}

// has reports whether the line of a place is still there, or still to come.
func (fd *feed) has(p place) bool {
	fd.mu.Lock()
	defer fd.mu.Unlock()
	return p.index >= fd.first
}

// next waits for the line of a place, moves on behind it, and says in Dropped how many the reader missed before it.
func (fd *feed) next(ctx context.Context, p *place) (l core.LogLine, err error) {
	for {
		fd.mu.Lock()
		if p.index = max(p.index, fd.first); p.index < fd.end.index {
			found := *fd.at(p.index)
			fd.mu.Unlock()
			l = found.LogLine
			l.Dropped = found.number - p.number
			*p = place{p.index + 1, found.number + 1}
			return l, nil
		}
		changed := fd.changed
		fd.mu.Unlock()
		select {
		case <-changed:
		case <-fd.ended:
			return l, fd.err
		case <-ctx.Done():
			return l, ctx.Err()
		}
	}
}

// give calls f for the lines from a place on, but those that the reader has already.
func (fd *feed) give(ctx context.Context, p place, has positions, f func(core.LogLine) error) error {
	for {
		l, err := fd.next(ctx, &p)
		if err != nil {
			return err
		}
		if at, ok := has[l.Instance]; ok && !l.Time.After(at) {
			continue
		}
		if err := f(l); err != nil {
			return err
		}
	}
}

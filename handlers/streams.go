package handlers

import (
	"context"
	"strconv"
	"sync"
	"time"

	"berth/core"
)

// How many log sockets and live pages a person may have open at once.
const (
	maxSockets = 50
	maxLive    = 100
)

// patience is for how long a stream waits for what.
type patience struct {
	recheck time.Duration // until it looks again whether its actor may still see what it shows
	write   time.Duration // for one message to go out; a slower reader is let go
}

var usualPatience = patience{recheck: 20 * time.Second, write: 10 * time.Second}

// times is how patient the handlers are.
func (h *Handlers) times() patience {
	p := usualPatience
	if h.Recheck > 0 {
		p.recheck = h.Recheck
	}
	if h.write > 0 {
		p.write = h.write
	}
	return p
}

// streams counts what stays open after an answer has begun, so that a person cannot have any number of them and
// that all of them end when the server does. The zero value is ready.
type streams struct {
	mu      sync.Mutex
	closing context.Context // ends when they are to end
	close   context.CancelFunc
	open    sync.WaitGroup
	places  map[string]int
}

// CloseStreams ends every stream and socket and waits until they have, or until ctx ends.
func (h *Handlers) CloseStreams(ctx context.Context) {
	h.streams.end()
	ended := make(chan struct{})
	go func() {
		h.streams.open.Wait()
		close(ended)
	}()
	select {
	case <-ended:
	case <-ctx.Done():
	}
}

func (s *streams) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.init()
	s.close()
}

func (s *streams) init() {
	if s.closing == nil {
		s.closing, s.close = context.WithCancel(context.Background())
		s.places = map[string]int{}
	}
}

// begin notes an open stream. The context ends when the server wants it to end. Errors: EUNAVAILABLE when the
// server already does.
func (s *streams) begin() (closing context.Context, end func(), err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.init()
	if s.closing.Err() != nil {
		return nil, nil, core.Errorf(core.EUNAVAILABLE, "error.server_stopping")
	}
	s.open.Add(1)
	return s.closing, s.open.Done, nil
}

// take takes one of so many places that a person has; full says that there are no more. Errors: ETOOMANY.
func (s *streams) take(full string, most int, a core.Actor) (free func(), err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.init()
	place := full + " " + personOf(a)
	if s.places[place] >= most {
		return nil, core.Errorf(core.ETOOMANY, full, "max", strconv.Itoa(most))
	}
	s.places[place]++
	return func() { s.free(place) }, nil
}

func (s *streams) free(place string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.places[place]--; s.places[place] == 0 {
		delete(s.places, place)
	}
}

// personOf names who opens a stream: all tokens of a person are one with them.
func personOf(a core.Actor) string {
	if a.UserID != "" {
		return a.UserID
	}
	return string(a.Kind) + " " + a.ID
}

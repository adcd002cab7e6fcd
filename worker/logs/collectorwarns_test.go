package logs

import (
	"bytes"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"berth/core"
)

// said keeps what is logged.
type said struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (s *said) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(p)
}

func (s *said) count(what string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.Count(s.text.String(), what)
}

// A store that is only starting is no reason to worry; one that has answered before and does not is, once.
func TestCollectorWarnsOfAStoreThatIsAway(t *testing.T) {
	h := newHouse(t)
	log := &said{}
	s := &shaky{refuse: core.Errorf(core.EUNAVAILABLE, "error.log_store_away")}
	a := h.instance()
	h.write(a, 0, 10)
	h.collectWith(CollectorOptions{Lines: s, Log: slog.New(slog.NewTextHandler(log, nil))})
	s.awaitAsked(t, 3)
	s.setRefuse(nil)
	h.awaitKept(s, a, 10)
	if n := log.count("lines cannot be kept"); n != 0 {
		t.Errorf("it warned %d times of a store that was starting", n)
	}
	s.setRefuse(core.Errorf(core.EUNAVAILABLE, "error.log_store_away"))
	h.write(a, 10, 20)
	s.awaitAsked(t, 3)
	s.setRefuse(nil)
	h.awaitKept(s, a, 20)
	if n := log.count("lines cannot be kept"); n != 1 {
		t.Errorf("it warned %d times of a store that went away", n)
	}
}

// awaitAsked waits until the store has refused to be asked a few times more.
func (s *shaky) awaitAsked(t *testing.T, times int) {
	t.Helper()
	from := s.askedTimes()
	for end := time.Now().Add(time.Minute); s.askedTimes() < from+times; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("the store was not asked again")
		}
	}
}

func (s *shaky) askedTimes() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.asked
}

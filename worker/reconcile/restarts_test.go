package reconcile

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"berth/core"
)

// slowStarts is an engine that takes a while to start a container, and notes how many it starts at once.
type slowStarts struct {
	core.Engine
	mu        sync.Mutex
	now, most int
}

func (s *slowStarts) Start(ctx context.Context, id string) error {
	s.mu.Lock()
	s.now++
	s.most = max(s.most, s.now)
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.now--
	}()
	time.Sleep(100 * time.Millisecond)
	return s.Engine.Start(ctx, id)
}

// take returns the most starts at once since the last call.
func (s *slowStarts) take() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	most := s.most
	s.most = 0
	return most
}

// Instances that fail together are all started again at once; those that go on failing are one after the other.
func TestFailingInstancesAreStartedInTurn(t *testing.T) {
	f := newFixture(t)
	engine := &slowStarts{Engine: f.engine}
	f.loop.Engines = engineOf{engine}
	f.run()
	f.ended(f.release("1", func(s *core.ReleaseSpec) { s.Replicas = 4 }))
	all := f.settled(4)
	engine.take()
	for crashes := 1; crashes <= 2; crashes++ {
		for _, i := range all {
			f.engine.Crash(i.ID, 1)
		}
		f.eventually(func() error {
			for _, i := range f.instances() {
				if i.Crashes != crashes || i.State != core.InstanceReady {
					return fmt.Errorf("%s is %s after %d crashes", i.ID, i.State, i.Crashes)
				}
			}
			return nil
		})
		if most := engine.take(); most < 1 || crashes > 1 && most > 1 {
			t.Errorf("after crash %d, %d were started at once", crashes, most)
		}
	}
}

// Turns come in the order in which they were asked for, host by host.
func TestTurns(t *testing.T) {
	r := newRestarts()
	at := func(host, app string) core.Instance { return core.Instance{HostID: host, AppID: app} }
	if !r.begin(at("one", "a")) || !r.begin(at("two", "a")) || r.begin(at("one", "b")) || r.begin(at("one", "c")) || r.begin(at("one", "b")) {
		t.Fatal("a host's turn was given twice, or to nobody")
	}
	for _, want := range []string{"b", "c", ""} {
		if next := r.end(at("one", "x")); next != want {
			t.Errorf("next is %q, want %q", next, want)
		}
		if !r.begin(at("one", want)) {
			t.Error("nobody has the turn, and it cannot be had")
		}
	}
}

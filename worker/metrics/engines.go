package metrics

import (
	"context"
	"sync"
	"time"

	"berth/core"
)

// atOnce is how many containers of one host are measured side by side. An engine answers when it has read a container's
// use the next time, which it does every second: few at once would take long for many.
const atOnce = 256

// measured is an instance and what its engine says of it.
type measured struct {
	core.Instance
	core.ContainerStats
}

// engines measures instances. An engine that stalls holds up nobody: what has not answered in time is left out, and a
// container is not asked for again before the engine has answered.
type engines struct {
	engines core.Engines
	mu      sync.Mutex
	busy    map[string]bool          // by container
	slots   map[string]chan struct{} // by host
}

func newEngines(e core.Engines) *engines {
	return &engines{engines: e, busy: map[string]bool{}, slots: map[string]chan struct{}{}}
}

// measure asks for all instances side by side and returns what has answered within the limit.
func (e *engines) measure(ctx context.Context, instances []core.Instance, limit time.Duration) []measured {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	answers := make(chan *measured, len(instances)) // nil for one that has just ended
	asked := 0
	for _, i := range instances {
		if i.ContainerID == "" || !i.State.Running() || !e.begin(i.ContainerID) {
			continue
		}
		asked++
		slots := e.slotsOf(i.HostID)
		go func() {
			defer e.end(i.ContainerID)
			select {
			case slots <- struct{}{}:
				defer func() { <-slots }()
				answers <- e.measureOne(ctx, i)
			case <-ctx.Done():
			}
		}()
	}
	var all []measured
	for range asked {
		select {
		case m := <-answers:
			if m != nil {
				all = append(all, *m)
			}
		case <-ctx.Done():
			return all
		}
	}
	return all
}

func (e *engines) measureOne(ctx context.Context, i core.Instance) *measured {
	engine, err := e.engines.Engine(i.HostID)
	if err != nil {
		return nil
	}
	stats, err := engine.Stats(ctx, i.ContainerID)
	if err != nil || stats.At.IsZero() {
		return nil
	}
	return &measured{i, stats}
}

func (e *engines) begin(container string) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.busy[container] {
		return false
	}
	e.busy[container] = true
	return true
}

func (e *engines) end(container string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	delete(e.busy, container)
}

func (e *engines) slotsOf(host string) chan struct{} {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.slots[host] == nil {
		e.slots[host] = make(chan struct{}, atOnce)
	}
	return e.slots[host]
}

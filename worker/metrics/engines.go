package metrics

import (
	"context"
	"sync"
	"time"

	"berth/core"
)

// atOnce is how many containers of one host are measured side by side.
const atOnce = 8

// measured is an instance and what its engine says of it.
type measured struct {
	core.Instance
	core.ContainerStats
}

// engines measures instances. A container that the engine does not answer for is given up after half of the limit, so
// that the others of its host are measured all the same. A host whose engine stalls holds up nobody: while an answer is
// still out, that host is left out.
type engines struct {
	engines core.Engines
	mu      sync.Mutex
	busy    map[string]bool // by host
}

func newEngines(e core.Engines) *engines { return &engines{engines: e, busy: map[string]bool{}} }

// measure asks all hosts side by side and returns what has answered within the limit.
func (e *engines) measure(ctx context.Context, instances []core.Instance, limit time.Duration) []measured {
	byHost := map[string][]core.Instance{}
	for _, i := range instances {
		if i.ContainerID != "" && i.State.Running() {
			byHost[i.HostID] = append(byHost[i.HostID], i)
		}
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	answers := make(chan []measured, len(byHost))
	asked := 0
	for host, of := range byHost {
		if e.begin(host) {
			asked++
			go func() {
				defer e.end(host)
				answers <- e.measureHost(ctx, host, of, limit/2)
			}()
		}
	}
	var all []measured
	for range asked {
		select {
		case some := <-answers:
			all = append(all, some...)
		case <-ctx.Done():
			return all
		}
	}
	return all
}

func (e *engines) begin(host string) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.busy[host] {
		return false
	}
	e.busy[host] = true
	return true
}

func (e *engines) end(host string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	delete(e.busy, host)
}

func (e *engines) measureHost(ctx context.Context, host string, instances []core.Instance, patience time.Duration) []measured {
	engine, err := e.engines.Engine(host)
	if err != nil {
		return nil
	}
	var (
		mu    sync.Mutex
		all   []measured
		slots = make(chan struct{}, atOnce)
		group sync.WaitGroup
	)
	for _, i := range instances {
		slots <- struct{}{}
		group.Go(func() {
			defer func() { <-slots }()
			ctx, cancel := context.WithTimeout(ctx, patience)
			defer cancel()
			stats, err := engine.Stats(ctx, i.ContainerID)
			if err != nil || stats.At.IsZero() {
				return // it has just ended
			}
			mu.Lock()
			defer mu.Unlock()
			all = append(all, measured{i, stats})
		})
	}
	group.Wait()
	return all
}

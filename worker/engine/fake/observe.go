package fake

import (
	"context"
	"time"

	"berth/core"
)

// List returns every container.
func (e *Engine) List(ctx context.Context) ([]core.Container, error) {
	defer e.mu.Unlock()
	if err := e.enter(ctx, "List"); err != nil {
		return nil, err
	}
	all := make([]core.Container, 0, len(e.containers))
	for _, c := range e.containers {
		all = append(all, c.state)
	}
	return all, nil
}

// Inspect returns one container.
func (e *Engine) Inspect(ctx context.Context, containerID string) (core.Container, error) {
	defer e.mu.Unlock()
	if err := e.enter(ctx, "Inspect"); err != nil {
		return core.Container{}, err
	}
	c, err := e.find(containerID)
	if err != nil {
		return core.Container{}, err
	}
	return c.state, nil
}

// Stats returns a made-up use that grows with time.
func (e *Engine) Stats(ctx context.Context, containerID string) (core.ContainerStats, error) {
	defer e.mu.Unlock()
	if err := e.enter(ctx, "Stats"); err != nil {
		return core.ContainerStats{}, err
	}
	c, err := e.find(containerID)
	if err != nil {
		return core.ContainerStats{}, err
	}
	now := e.now()
	return core.ContainerStats{Memory: c.spec.Memory / 4, MemoryLimit: c.spec.Memory, At: now,
		CPUTime: time.Millisecond + now.Sub(c.state.StartedAt)/10, Processes: 1}, nil
}

// Events calls f for each change until ctx ends or the engine goes.
func (e *Engine) Events(ctx context.Context, f func(core.EngineEvent)) error {
	err := e.enter(ctx, "Events")
	events := make(chan core.EngineEvent, 1000)
	if err == nil {
		e.listeners[events] = true
	}
	e.mu.Unlock()
	if err != nil {
		return err
	}
	defer func() {
		e.mu.Lock()
		defer e.mu.Unlock()
		delete(e.listeners, events)
	}()
	f(core.EngineEvent{Kind: "listening"})
	for {
		select {
		case <-ctx.Done():
			return core.Wrap(ctx.Err(), core.EUNAVAILABLE, "error.engine_unavailable")
		case ev, ok := <-events:
			if !ok {
				return core.Errorf(core.EUNAVAILABLE, "error.engine_unavailable")
			}
			f(ev)
		}
	}
}

// tell sends an event to all who listen, and wakes who follows a log.
func (e *Engine) tell(kind string, c *instance) {
	for l := range e.listeners {
		select {
		case l <- core.EngineEvent{Kind: kind, AppID: c.spec.AppID, Instance: c.spec.Instance}:
		default: // nobody reads
		}
	}
	e.wake()
}

func (e *Engine) wake() {
	close(e.changed)
	e.changed = make(chan struct{})
}

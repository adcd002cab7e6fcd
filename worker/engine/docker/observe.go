package docker

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/events"
	"github.com/docker/docker/api/types/filters"
	"golang.org/x/sync/errgroup"

	"berth/core"
)

// inspectors is how many containers are looked at side by side.
const inspectors = 4

// List returns every container that bears LabelInstance, but those of another installation and the dead.
func (e *Engine) List(ctx context.Context) ([]core.Container, error) {
	found, err := e.api.ContainerList(ctx, container.ListOptions{
		All: true, Filters: filters.NewArgs(filters.Arg("label", core.LabelInstance)),
	})
	if err != nil {
		return nil, wrap(err)
	}
	var (
		mu  sync.Mutex
		all = make([]core.Container, 0, len(found))
		g   errgroup.Group
	)
	g.SetLimit(inspectors)
	for _, s := range found {
		if !e.owns(s.Labels) {
			continue
		}
		g.Go(func() error {
			c, err := e.api.ContainerInspect(ctx, s.ID)
			if err != nil {
				return wrap(unlessGone(err))
			}
			if c.State.Dead {
				return nil
			}
			mu.Lock()
			defer mu.Unlock()
			all = append(all, containerOf(c))
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	return all, nil
}

// Inspect returns one container. Errors: ENOTFOUND.
func (e *Engine) Inspect(ctx context.Context, containerID string) (core.Container, error) {
	c, err := e.api.ContainerInspect(ctx, containerID)
	if err != nil {
		return core.Container{}, wrap(err)
	}
	return containerOf(c), nil
}

func containerOf(c container.InspectResponse) core.Container {
	labels, state := c.Config.Labels, c.State
	release, _ := strconv.Atoi(labels[core.LabelRelease])
	return core.Container{
		ID: c.ID, Instance: labels[core.LabelInstance], TenantID: labels[core.LabelTenant], AppID: labels[core.LabelApp],
		Version: labels[core.LabelVersion], Release: release,
		Running: state.Running, Created: state.Status == container.StateCreated,
		ExitCode: state.ExitCode, Error: reason(state.Error), HostPort: hostPortOf(c),
		// The flag stays up when a part of a program was ended and the program went on, so the exit code counts too.
		OOM:       state.OOMKilled && !state.Running && state.ExitCode != 0,
		StartedAt: timeOf(state.StartedAt), EndedAt: timeOf(state.FinishedAt), Checks: checksOf(state.Health),
	}
}

// maxCheckOutput is how much of what a check wrote is shown, in bytes.
const maxCheckOutput = 200

func checksOf(h *container.Health) []core.OwnCheck {
	if h == nil {
		return nil
	}
	var checks []core.OwnCheck
	for _, r := range h.Log {
		output, _, _ := strings.Cut(strings.TrimSpace(r.Output), "\n")
		checks = append(checks, core.OwnCheck{At: r.End, Took: r.End.Sub(r.Start), Good: r.ExitCode == 0,
			Output: core.InertText(output[:min(len(output), maxCheckOutput)])})
	}
	return checks
}

// hostPortOf reads what was asked for, so that it is known of a stopped container too.
func hostPortOf(c container.InspectResponse) int {
	for _, bindings := range c.HostConfig.PortBindings {
		for _, b := range bindings {
			if port, err := strconv.Atoi(b.HostPort); err == nil {
				return port
			}
		}
	}
	return 0
}

// timeOf reads the engine's notation; its year 1 stands for never.
func timeOf(s string) time.Time {
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil || t.Year() <= 1 {
		return time.Time{}
	}
	return t
}

// Events calls f with "listening", then for each change of a container of Berth until ctx ends or the engine goes; the
// caller then lists again and calls Events again.
func (e *Engine) Events(ctx context.Context, f func(core.EngineEvent)) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if err := e.removeDead(ctx); err != nil {
		return err
	}
	messages, errs := e.api.Events(ctx, events.ListOptions{
		// The engine answers a moment before it listens; what happens between is sent afterwards.
		Since: engineTime(time.Now()),
		Filters: filters.NewArgs(
			filters.Arg("type", string(events.ContainerEventType)), filters.Arg("label", core.LabelInstance),
			filters.Arg("event", string(events.ActionStart)), filters.Arg("event", string(events.ActionDie)),
			filters.Arg("event", string(events.ActionOOM)), filters.Arg("event", string(events.ActionDestroy)),
		),
	})
	select {
	case err := <-errs:
		return wrap(err)
	default:
		f(core.EngineEvent{Kind: "listening"})
	}
	for {
		select {
		case m := <-messages:
			if labels := m.Actor.Attributes; e.owns(labels) {
				f(core.EngineEvent{Kind: string(m.Action), AppID: labels[core.LabelApp], Instance: labels[core.LabelInstance]})
			}
		case err := <-errs:
			return wrap(err)
		}
	}
}

// engineTime writes a time as the engine reads it, exact to the nanosecond.
func engineTime(t time.Time) string { return fmt.Sprintf("%d.%09d", t.Unix(), t.Nanosecond()) }

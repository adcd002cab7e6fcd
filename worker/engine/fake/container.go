package fake

import (
	"context"
	"time"

	"berth/core"
)

// killed is the exit code of a program that was ended by force.
const killed = 137

type instance struct {
	spec  core.ContainerSpec
	state core.Container
	does  Behavior
	log   []logLine
}

// Create makes a container and returns its id; one with the same Instance is returned, not doubled.
func (e *Engine) Create(ctx context.Context, spec core.ContainerSpec) (string, error) {
	defer e.mu.Unlock()
	if err := e.enter(ctx, "Create"); err != nil {
		return "", err
	}
	if err := spec.Validate(); err != nil {
		return "", err
	}
	for id, c := range e.containers {
		if c.spec.Instance == spec.Instance {
			return id, nil
		}
	}
	if !e.images[spec.Image] {
		return "", core.Errorf(core.ENOTFOUND, "error.engine_image_missing", "version", spec.Version)
	}
	c := &instance{spec: spec, state: core.Container{
		ID: core.NewSecret(), Instance: spec.Instance, TenantID: spec.TenantID, AppID: spec.AppID, Version: spec.Version,
		Release: spec.Release, HostPort: spec.HostPort, Created: true,
	}}
	if program := e.registry[spec.Image]; program != nil {
		c.does = program(spec)
	}
	e.containers[c.state.ID] = c
	return c.state.ID, nil
}

// Start starts a container; one that runs is left alone.
func (e *Engine) Start(ctx context.Context, containerID string) error {
	defer e.mu.Unlock()
	if err := e.enter(ctx, "Start"); err != nil {
		return err
	}
	c, err := e.find(containerID)
	if err != nil || c.state.Running {
		return err
	}
	switch owner := e.ports[c.spec.HostPort]; {
	case owner != "":
		return core.Errorf(core.ECONFLICT, "error.engine_port_taken")
	case !e.networks[c.spec.TenantID]:
		return core.Errorf(core.EINVALID, "error.engine_start", "reason", "network not found")
	case c.does.Missing != "":
		c.state.Error, c.state.ExitCode = "exec: "+c.does.Missing, 127
		return core.Errorf(core.EINVALID, "error.engine_program_missing", "program", c.does.Missing)
	}
	e.ports[c.spec.HostPort] = containerID
	c.state.Running, c.state.Created, c.state.OOM, c.state.ExitCode, c.state.Error = true, false, false, 0, ""
	c.state.StartedAt = e.now()
	e.write(c, "stdout", c.does.Lines...)
	e.tell("start", c)
	if c.does.Exits {
		e.end(c, c.does.ExitCode)
	}
	return nil
}

// Stop asks a container to end and kills it at once when it does not care.
func (e *Engine) Stop(ctx context.Context, containerID string, _ time.Duration) error {
	defer e.mu.Unlock()
	if err := e.enter(ctx, "Stop"); err != nil {
		return err
	}
	c := e.containers[containerID]
	switch {
	case c == nil || !c.state.Running:
	case c.does.IgnoresTerm:
		e.end(c, killed)
	default:
		e.write(c, "stdout", c.does.Farewell...)
		e.end(c, 0)
	}
	return nil
}

// Remove removes a container, running or not.
func (e *Engine) Remove(ctx context.Context, containerID string) error {
	defer e.mu.Unlock()
	if err := e.enter(ctx, "Remove"); err != nil {
		return err
	}
	e.remove(containerID)
	return nil
}

func (e *Engine) remove(containerID string) {
	c := e.containers[containerID]
	if c == nil {
		return
	}
	e.end(c, killed)
	delete(e.containers, containerID)
	e.tell("destroy", c)
}

// end has a program end, if it runs.
func (e *Engine) end(c *instance, code int) {
	if !c.state.Running {
		return
	}
	c.state.Running, c.state.ExitCode, c.state.EndedAt = false, code, e.now()
	delete(e.ports, c.spec.HostPort)
	e.tell("die", c)
}

func (e *Engine) find(containerID string) (*instance, error) {
	c := e.containers[containerID]
	if c == nil {
		return nil, core.Errorf(core.ENOTFOUND, "error.engine_gone")
	}
	return c, nil
}

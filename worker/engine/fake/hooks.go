package fake

import (
	"slices"
	"time"

	"berth/core"
)

// The hooks below do what a test wants to happen from outside.

// AddImage puts an image into the registry from which the engine fetches. A nil program runs until it is stopped.
func (e *Engine) AddImage(image core.ImageRef, program Program) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if program == nil {
		program = func(core.ContainerSpec) Behavior { return Behavior{} }
	}
	e.registry[image] = program
}

// SetClock has the engine take its times from now.
func (e *Engine) SetClock(now func() time.Time) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.now = now
}

// SetDown has the engine go away, or come back. While it is away every method fails and events end; with it the
// containers stop, as they do when a machine restarts, unless they are to go on.
func (e *Engine) SetDown(down, containersGoOn bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.down = down
	if !down {
		return
	}
	for l := range e.listeners {
		close(l)
		delete(e.listeners, l)
	}
	for _, c := range e.containers {
		if !containersGoOn {
			e.end(c, killed)
		}
	}
	e.wake()
}

// Crash ends the program of an instance.
func (e *Engine) Crash(instanceID string, code int) {
	e.each(instanceID, func(c *instance) { e.end(c, code) })
}

// OutOfMemory ends the program of an instance as the kernel does when it takes more memory than it may.
func (e *Engine) OutOfMemory(instanceID string) {
	e.each(instanceID, func(c *instance) {
		c.state.OOM = true
		e.tell("oom", c)
		e.end(c, killed)
	})
}

// Vanish removes the container of an instance, as by hand.
func (e *Engine) Vanish(instanceID string) {
	e.each(instanceID, func(c *instance) { e.remove(c.state.ID) })
}

// Write adds a line to the log of an instance.
func (e *Engine) Write(instanceID, stream, line string) {
	e.each(instanceID, func(c *instance) { e.write(c, stream, line) })
}

// AddForeign adds a container that Berth did not make.
func (e *Engine) AddForeign(c core.Container) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.containers[c.ID] = &instance{state: c, spec: core.ContainerSpec{TenantID: c.TenantID, AppID: c.AppID,
		Instance: c.Instance, HostPort: c.HostPort}}
}

// TakePort has something that is not Berth's use a port of the host; FreePort ends that.
func (e *Engine) TakePort(port int) { e.setPort(port, "elsewhere") }

// FreePort ends TakePort.
func (e *Engine) FreePort(port int) { e.setPort(port, "") }

// FailNext has the next call of a method ("Create") fail with err; several times adds up.
func (e *Engine) FailNext(method string, err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.failures[method] = append(e.failures[method], err)
}

// Calls returns the names of the methods called so far, in order.
func (e *Engine) Calls() []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Clone(e.calls)
}

// Networks returns the tenants that have a network now.
func (e *Engine) Networks() []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	var tenants []string
	for id := range e.networks {
		tenants = append(tenants, id)
	}
	slices.Sort(tenants)
	return tenants
}

// Spec returns what the container of an instance was made from.
func (e *Engine) Spec(instanceID string) (spec core.ContainerSpec, ok bool) {
	e.each(instanceID, func(c *instance) { spec, ok = c.spec, true })
	return spec, ok
}

func (e *Engine) each(instanceID string, f func(*instance)) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, c := range e.containers {
		if c.spec.Instance == instanceID {
			f(c)
		}
	}
}

func (e *Engine) setPort(port int, owner string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if owner == "" {
		delete(e.ports, port)
		return
	}
	e.ports[port] = owner
}

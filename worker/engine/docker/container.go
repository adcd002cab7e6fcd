package docker

import (
	"context"
	"math"
	"strings"
	"time"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/container"

	"berth/core"
)

// Create makes a container and returns its id; one with the same Instance is returned, not doubled.
// Errors: EINVALID for a spec outside the allowlist, ENOTFOUND when the image is not on the host.
func (e *Engine) Create(ctx context.Context, spec core.ContainerSpec) (string, error) {
	if err := spec.Validate(); err != nil {
		return "", err
	}
	address, err := e.publishAddress(ctx)
	if err != nil {
		return "", err
	}
	name := containerName(spec)
	made, err := e.api.ContainerCreate(ctx, e.containerConfig(spec), e.hostConfig(spec, address), e.networkConfig(spec), nil, name)
	switch {
	case err == nil:
		return made.ID, nil
	case errdefs.IsConflict(err):
		return e.existing(ctx, name, spec.Instance)
	case isNotFound(err) && strings.Contains(err.Error(), "No such image"):
		return "", core.Wrap(err, core.ENOTFOUND, "error.engine_image_missing", "version", spec.Version)
	}
	return "", wrapStart(err)
}

// existing returns the container that has the name already, if it is this instance's.
func (e *Engine) existing(ctx context.Context, name, instance string) (string, error) {
	c, err := e.api.ContainerInspect(ctx, name)
	if err != nil {
		return "", wrap(err)
	}
	if c.Config.Labels[core.LabelInstance] != instance || !e.owns(c.Config.Labels) || c.State.Dead {
		return "", core.Errorf(core.EINTERNAL, "error.engine_name_taken", "name", name)
	}
	return c.ID, nil
}

// Start starts a container; one that runs is left alone. Nothing starts before the rules that keep tenants apart are
// in force. Errors: ENOTFOUND, ECONFLICT (port taken), EINVALID (the program cannot be started).
func (e *Engine) Start(ctx context.Context, containerID string) error {
	if err := e.isolation.ensure(); err != nil {
		return err
	}
	return wrapStart(e.api.ContainerStart(ctx, containerID, container.StartOptions{}))
}

// Stop asks a container to end and kills it after grace; one that is gone is no error.
func (e *Engine) Stop(ctx context.Context, containerID string, grace time.Duration) error {
	seconds := int(math.Ceil(grace.Seconds()))
	err := e.api.ContainerStop(ctx, containerID, container.StopOptions{Timeout: &seconds})
	return wrap(unlessGone(err))
}

// Remove removes a container, running or not, and its anonymous volumes; one that is gone is no error.
func (e *Engine) Remove(ctx context.Context, containerID string) error {
	err := e.api.ContainerRemove(ctx, containerID, container.RemoveOptions{Force: true, RemoveVolumes: true})
	if err != nil && strings.Contains(err.Error(), "already in progress") {
		return e.awaitRemoval(ctx, containerID)
	}
	if err = unlessGone(err); err != nil && e.isDead(ctx, containerID) {
		e.opts.Log.Warn("the engine cannot remove a dead container before it is restarted", "container", containerID, "error", err)
		return nil
	}
	return wrap(err)
}

// awaitRemoval waits for the removal that somebody else has begun.
func (e *Engine) awaitRemoval(ctx context.Context, containerID string) error {
	done, errs := e.api.ContainerWait(ctx, containerID, container.WaitConditionRemoved)
	select {
	case <-done:
		return nil
	case err := <-errs:
		return wrap(unlessGone(err))
	}
}

func unlessGone(err error) error {
	if isNotFound(err) {
		return nil
	}
	return err
}

// owns reports whether labels are not those of another installation.
func (e *Engine) owns(labels map[string]string) bool {
	installation := labels[core.LabelInstallation]
	return installation == "" || installation == e.opts.Installation
}

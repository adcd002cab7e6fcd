package docker

import (
	"context"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/filters"

	"berth/core"
)

// An engine that was killed while it started a container may keep that container's file system mounted. It then
// refuses to remove the container until the engine starts again, but has marked it as dead: it can never run again.
// Such a container counts as removed, and its rest is taken away when the engine has started.

// isDead reports whether the engine has marked a container as dead.
func (e *Engine) isDead(ctx context.Context, containerID string) bool {
	c, err := e.api.ContainerInspect(ctx, containerID)
	return err == nil && c.State.Dead
}

// removeDead removes what is left of dead containers. The engine lists them as it saw them last, being removed.
func (e *Engine) removeDead(ctx context.Context) error {
	found, err := e.api.ContainerList(ctx, container.ListOptions{All: true, Filters: filters.NewArgs(
		filters.Arg("label", core.LabelInstance),
		filters.Arg("status", string(container.StateDead)), filters.Arg("status", string(container.StateRemoving)))})
	if err != nil {
		return wrap(err)
	}
	for _, c := range found {
		if e.owns(c.Labels) && e.isDead(ctx, c.ID) {
			if err := e.Remove(ctx, c.ID); err != nil {
				return err
			}
		}
	}
	return nil
}
